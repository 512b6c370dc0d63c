"""Flags on people and debts that stop work and travel with the account, whoever holds it."""
