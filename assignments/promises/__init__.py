"""What debtors promised an agency, what the agency says became of it, and what the payments say."""
