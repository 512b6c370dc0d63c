"""What an agency believes it holds, held against what it was given."""
