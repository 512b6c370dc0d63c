"""Turns a checked portfolio into cases: debtors, cases and contact points, all in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Row, and_, literal, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases import loading
from assignments.cases.models import Case, Portfolio
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
    """Make a portfolio of the staged rows of each currency of an upload; all of its cases are open."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _one_at_a_time(session, creditor_id)
    _look_up(session, is_on=upload.rows_good < _MANY)
    parameters = {
        "creditor": creditor_id,
        "upload": upload.id,
        "country": session.scalars(select(Organisation.country).where(Organisation.id == creditor_id)).one(),
    }
    portfolios = _portfolios(session, upload, parameters, now)
    session.execute(text(loading.SORTED))
    session.execute(text(loading.SORT), parameters)
    debtors = _written(session, loading.ADD_DEBTORS, parameters)
    made = _written(session, loading.ADD_CASES, parameters)
    if made > debtors:
        session.execute(text(loading.ADD_LATER_CONTACTS), parameters)
    session.execute(text(loading.DROP_SORTED))
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


def _written(session: Session, statement: str, parameters: dict[str, Any]) -> int:
    return cast("CursorResult[Any]", session.execute(text(statement), parameters)).rowcount


def _look_up(session: Session, *, is_on: bool) -> None:
    session.execute(text(loading.SETTINGS), {"look_up": "on" if is_on else "off"})


def _one_at_a_time(session: Session, creditor_id: int) -> None:
    """Two portfolios of one creditor may name the same debtor, so the second one waits for the first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('portfolios', :creditor))"), {"creditor": creditor_id}
    )


def _facets(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    found = {name: [getattr(row, name) for row in rows if getattr(row, name) is not None] for name in FACETS}
    return {name: sorted(values) for name, values in found.items() if 0 < len(values) <= _MOST_VALUES}
