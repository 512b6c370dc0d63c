"""Which agency works which case under which mandate version."""
