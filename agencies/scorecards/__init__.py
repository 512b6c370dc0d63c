"""How agencies are compared: facts in, figures out."""
