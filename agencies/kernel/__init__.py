"""What two or more packages need and that knows no word of the trade: no case, no lot, no bid.

It imports only the standard library, SQLAlchemy and the few libraries named in `tests/test_architecture.py`.
"""
