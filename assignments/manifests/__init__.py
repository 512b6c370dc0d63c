"""Files of placed cases: what an agency was handed, by what number of its own, and whether all of it arrived.

The control totals are the point of it: a receiver that does not find the lines and the sum it was told must not process
the file, and says so, and the sender keeps what was said.
"""
