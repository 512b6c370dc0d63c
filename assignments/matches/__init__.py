"""Debtors of one creditor that may be one person."""
