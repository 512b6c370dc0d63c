"""An invented year of two creditors and five agencies, made from a seed and told through the product's own services."""
