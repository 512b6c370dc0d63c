"""The list of cases as a file: exactly what a filter shows, identities covered as on the page."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission
from assignments.cases.queries import CaseRow, Selection, list_cases, totals

BATCH = 2_000


def listing(
    session: Session,
    actor: Actor,
    selection: Selection,
    *,
    header: Sequence[str],
    cells: Callable[[CaseRow], Sequence[object]],
    now: datetime,
) -> Iterator[bytes]:
    """What is selected as CSV in pieces, each case as `cells` tells it.

    The export is recorded in the current transaction; the pieces are read as they are asked for.
    """
    require(actor, Permission.CASE_VIEW)
    audit.record(session, actor, "case.exported", now=now, cases=totals(session, actor, selection).cases)
    return _pieces(session, actor, selection, header, cells)


def _pieces(
    session: Session,
    actor: Actor,
    selection: Selection,
    header: Sequence[str],
    cells: Callable[[CaseRow], Sequence[object]],
) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([header])
    after = None
    while True:
        page = list_cases(session, actor, selection, after=after, limit=BATCH)
        yield csv_bytes(cells(row) for row in page.rows)
        after = page.next_cursor
        if after is None:
            return
