"""Double-entry books of what was collected and what is owed for it."""
