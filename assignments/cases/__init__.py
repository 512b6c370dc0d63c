"""Debts and their debtors, as the creditor handed them over."""
