"""The trail and the read log as files: the sentences of the pages, and beside them the codes a machine can sort by."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from agencies.kernel import audit as trail
from agencies.kernel.errors import msg
from agencies.kernel.pages import Page
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor
from agencies.organisations.queries import list_events
from assignments.reads.models import CaseRead
from assignments.reads.queries import ReadFilter, list_reads
from portal.i18n import say
from portal.presenters import audit, reads
from portal.workbooks import SheetColumn, workbook

BATCH = 1_000
#: A workbook is made in memory; whoever needs more takes the text file.
MOST_IN_A_BOOK = 100_000
_TRAIL = (msg("No."), msg("When (UTC)"), msg("What happened"), msg("Details"), msg("Action"))
_READS = (
    msg("When (UTC)"),
    msg("What happened"),
    msg("What was shown"),
    msg("What for"),
    msg("Cases"),
    msg("Case"),
    msg("Request"),
)
_FILE_NAMES = {"trail": msg("audit-trail"), "reads": msg("who-saw-what")}


def of_trail(session: Session, actor: Actor, asked: dict[str, Any], kind: str, *, now: datetime) -> Iterator[bytes]:
    """The trail, newest first; that it was taken away is written into it."""
    trail.record(session, actor, "audit.exported", now=now, kind="trail")

    def rows() -> Iterator[list[object]]:
        def page(before: int | None) -> Page[Any]:
            return list_events(session, actor, **asked, before=before, limit=BATCH)

        for found in _pages(page):
            for line, event in zip(audit.trail(found).lines, found.rows, strict=True):
                yield [line.seq, _utc(line.at), line.sentence, line.facts, event.action]

    yield from _file(kind, _TRAIL, rows())


def of_reads(
    session: Session,
    actor: Actor,
    asked: ReadFilter,
    kind: str,
    names: Callable[[Sequence[CaseRead]], reads.Names],
    code: Callable[[str, int], str],
    *,
    now: datetime,
) -> Iterator[bytes]:
    """The read log, newest first; that it was taken away is written into the trail."""
    trail.record(session, actor, "audit.exported", now=now, kind="reads")

    def rows() -> Iterator[list[object]]:
        def page(before: tuple[datetime, int] | None) -> Page[CaseRead]:
            return list_reads(session, actor, asked, before=before, limit=BATCH)

        for found in _pages(page):
            for line in reads.lines(found.rows, names(found.rows), actor.tenant, code):
                case = None if line.case_id is None else code("case", line.case_id)
                yield [_utc(line.at), line.sentence, line.fields, line.purpose, line.cases, case, line.request_id]

    yield from _file(kind, _READS, rows())


def file_name(what: str, today: date, kind: str) -> str:
    """What the downloaded file is called."""
    return f"{say(_FILE_NAMES[what])}-{today:%Y-%m-%d}.{kind}"


def _file(kind: str, header: Iterable[str], rows: Iterator[list[object]]) -> Iterator[bytes]:
    heads = [say(one) for one in header]
    if kind == "xlsx":
        some = [row for row, _ in zip(rows, range(MOST_IN_A_BOOK), strict=False)]
        yield workbook(say(msg("Audit trail")), [SheetColumn(one) for one in heads], some)
        return
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([heads])
    for row in rows:
        yield csv_bytes([row])


def _pages(page: Callable[[Any], Page[Any]]) -> Iterator[Page[Any]]:
    before = None
    while True:
        found = page(before)
        yield found
        before = found.next_cursor
        if before is None:
            return


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
