"""An invented year of two creditors and six agencies, made from a seed and told through the product's own services."""
