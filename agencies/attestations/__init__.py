"""What an agency declares to a creditor: templates, evidence, signatures, reviews, and what a lapse stops."""
