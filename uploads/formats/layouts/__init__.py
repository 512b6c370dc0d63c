"""Layouts of fixed width that ship with the product, one file each."""
