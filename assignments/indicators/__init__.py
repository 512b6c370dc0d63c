"""What a portfolio looks like on a day: how old its balances are, and how they moved since another day."""
