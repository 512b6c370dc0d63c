"""Lots offered to agencies, their sealed bids, and the award that places the cases."""
