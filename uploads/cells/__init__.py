"""Cells as senders write them, read a column at a time into the values they mean."""
