"""The list of promises as a file: what a filter shows, as on the page."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission
from assignments.promises.queries import PromiseFilter, PromiseRow, list_promises

BATCH = 2_000


def listing(
    session: Session,
    actor: Actor,
    asked: PromiseFilter,
    *,
    header: Sequence[str],
    cells: Callable[[PromiseRow], Sequence[object]],
    today: date,
    now: datetime,
) -> Iterator[bytes]:
    """What is selected as CSV in pieces, each promise as `cells` tells it.

    The export is recorded in the current transaction; the pieces are read as they are asked for.
    """
    require(actor, Permission.REPORT_VIEW)
    audit.record(session, actor, "promise.exported", now=now)
    return _pieces(session, actor, asked, header, cells, today)


def _pieces(
    session: Session,
    actor: Actor,
    asked: PromiseFilter,
    header: Sequence[str],
    cells: Callable[[PromiseRow], Sequence[object]],
    today: date,
) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([header])
    after = None
    while True:
        page = list_promises(session, actor, asked, today=today, after=after, limit=BATCH)
        yield csv_bytes(cells(row) for row in page.rows)
        after = page.next_cursor
        if after is None:
            return
