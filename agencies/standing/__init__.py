"""Who works with whom, and what an agency says of itself: panel, licences, insurance, coverage, capacity."""
