"""Turns a checked portfolio into cases: debtors, cases and contact points, all in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, literal, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.streams import beside, pump
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases import loading
from assignments.cases.models import Case, Portfolio
from assignments.cases.reaching import add_merged
from uploads.checking.rejecting import reject_rows
from uploads.checking.staging import STAGED
from uploads.models import Upload, UploadKind, UploadState
from uploads.rows import Loaded

FACETS = ("product", "region", "segment")
_MOST_VALUES = 200
#: The row of a currency that is not split by anything.
_WHOLE = 0b111
#: From so many new rows on, a table is not what its statistics say.
_MANY = 20_000


def screen_portfolio(session: Session, actor: Actor, upload: Upload) -> int:
    """Turn away staged accounts that the creditor has handed over before; returns how many."""
    creditor_id = require_side(actor, Side.CREDITOR)
    if upload.state is UploadState.APPLYING:
        _one_at_a_time(session, creditor_id)
    staged = STAGED[UploadKind.PORTFOLIO]
    return reject_rows(
        session,
        upload,
        select(
            staged.c.line,
            literal("account_ref").label("field"),
            literal("already_there").label("code"),
            staged.c.account_ref.label("value"),
        )
        .join(Case, and_(Case.creditor_id == creditor_id, Case.account_ref == staged.c.account_ref))
        .where(staged.c.organisation_id == creditor_id, staged.c.upload_id == upload.id),
    )


def load_portfolio(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Make the cases of an upload and say what became of its rows."""
    cases = sum(portfolio.cases for portfolio in open_cases(session, actor, upload, now=now))
    return Loaded(cases, 0, upload.rows_read - cases)


def open_cases(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> list[Portfolio]:
    """Make a portfolio of the staged rows of each currency of an upload; all of its cases are open.

    The rows are read beside this transaction: what it has changed of them has to be durable already.
    """
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _one_at_a_time(session, creditor_id)
    given: dict[str, Any] = {
        "creditor": creditor_id,
        "upload": upload.id,
        "country": session.scalars(select(Organisation.country).where(Organisation.id == creditor_id)).one(),
    }
    _look_up(session, upload)
    with beside(session) as reader, ThreadPoolExecutor(1, thread_name_prefix="number") as threads:
        _look_up(reader, upload)
        numbered = threads.submit(_number, reader, given)
        portfolios = _portfolios(session, upload, given, now)
        numbered.result()
        given["currencies"] = [portfolio.currency for portfolio in portfolios]
        given["portfolios"] = [portfolio.id for portfolio in portfolios]
        made = _write_cases(reader, given, session)
    if upload.rows_good >= _MANY:
        # Last of all, because it locks out whoever else gathers them until the end of the transaction.
        for name in ("debtors", "cases", "contact_points"):
            session.execute(text(loading.GATHER_STATISTICS), {"name": name})
    if made != upload.rows_good or made != sum(portfolio.cases for portfolio in portfolios):
        raise RuntimeError(f"upload {upload.id}: {upload.rows_good} good rows became {made} cases")
    for portfolio in portfolios:
        audit.record(
            session,
            actor,
            "portfolio.opened",
            now=now,
            portfolio_id=portfolio.id,
            upload_id=upload.id,
            cases=portfolio.cases,
            placed_minor=portfolio.placed_minor,
            currency=portfolio.currency,
        )
    return portfolios


def _number(reader: Session, given: dict[str, Any]) -> None:
    reader.execute(text(loading.NUMBER), given)
    reader.execute(text(loading.COUNT_NUMBERED))


def _write_cases(reader: Session, given: dict[str, Any], session: Session) -> int:
    """Write what the reader numbered: debtors, their cases, and what rows behind a debtor's first one add to it."""
    debtors = pump(reader, loading.DEBTORS, given, session)
    made = pump(reader, loading.CASES, given, session)
    if made > debtors:
        pump(reader, loading.LATER_CONTACTS, given, session)
        add_merged(reader, given, session)
    return made


def _portfolios(session: Session, upload: Upload, parameters: dict[str, Any], now: datetime) -> list[Portfolio]:
    rows = session.execute(text(loading.PORTFOLIOS), parameters).all()
    portfolios = [
        Portfolio(
            creditor_id=upload.organisation_id,
            upload_id=upload.id,
            name=upload.filename,
            currency=row.currency,
            cases=row.cases,
            placed_minor=row.placed_minor,
            facets=_facets([one for one in rows if one.currency == row.currency]),
            created_at=now,
        )
        for row in rows
        if row.level == _WHOLE
    ]
    session.add_all(portfolios)
    session.flush()
    return portfolios


def _look_up(session: Session, upload: Upload) -> None:
    session.execute(text(loading.SETTINGS), {"look_up": "on" if upload.rows_good < _MANY else "off"})


def _one_at_a_time(session: Session, creditor_id: int) -> None:
    """Two portfolios of one creditor may name the same debtor, so the second one waits for the first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('portfolios', :creditor))"), {"creditor": creditor_id}
    )


def _facets(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    found = {name: [getattr(row, name) for row in rows if getattr(row, name) is not None] for name in FACETS}
    return {name: sorted(values) for name, values in found.items() if 0 < len(values) <= _MOST_VALUES}
