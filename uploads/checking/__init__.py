"""Rows checked block by block: what is right is staged, what is wrong is told and handed back."""
