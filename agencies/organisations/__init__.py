"""Organisations, their users and roles, passwords and signed-in sessions."""
