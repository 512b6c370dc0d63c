"""The shape of what people send in; no rules of the trade."""
