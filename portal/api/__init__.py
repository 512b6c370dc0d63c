"""What stands between a request of another system and its view: the key, the limits, the shape, the answer kept."""
