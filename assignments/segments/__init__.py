"""Selections a creditor keeps by name, and the decision tables that cut them into micro-segments."""
