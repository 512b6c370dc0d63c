"""Service levels: what an agency promised to do in time, measured from what happened, and what it asks meanwhile."""
