"""Which column is which field and which code which value: proposed, confirmed, remembered."""
