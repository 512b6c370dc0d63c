"""Ways to reach a debtor, with their source."""
