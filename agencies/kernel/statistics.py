"""Statistics of tables that a transaction has just filled: without them the next plans would be made for a handful.

Only a table's owner may gather them, so a function of the owner does, for the tables it names. Whoever gathers a
table's statistics keeps the next one who wants to waiting until the end of the transaction: everybody names tables in
one order, parents first.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

#: From so many new rows on, or from so large a part of what the planner knows of.
MANY = 5_000
PART = 10


def gather_statistics(session: Session, rows: int, *tables: str) -> None:
    """Gather the statistics of tables to which rows were added, where the planner would be far off without."""
    for table in tables if rows else ():
        known = session.scalar(text("select reltuples from pg_class where oid = to_regclass(:table)"), {"table": table})
        if rows >= MANY or rows * PART >= (known or 0):
            session.execute(text("select gather_statistics(:table)"), {"table": table})
