"""Finding people: orders to agencies, what they find, whether it is correct, and whether it may be used."""
