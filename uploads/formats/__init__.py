"""Files as they come, whatever their format, and the rows of text in them."""
