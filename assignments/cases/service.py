"""Turns a checked portfolio into cases: debtors, cases and contact points, all in the transaction of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, and_, func, literal, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases import loading
from assignments.cases.models import Case, Debtor, Portfolio
from uploads.models import Upload, UploadKind, UploadState
from uploads.rejecting import reject_rows
from uploads.rows import Loaded
from uploads.staging import STAGED

FACETS = ("product", "region", "segment")
_MOST_VALUES = 200
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
    portfolio = open_cases(session, actor, upload, now=now)
    return Loaded(portfolio.cases, 0, upload.rows_read - portfolio.cases)


def open_cases(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Portfolio:
    """Make a portfolio of the staged rows of an upload; all of its cases are open."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _one_at_a_time(session, creditor_id)
    _look_up(session, is_on=upload.rows_good < _MANY)
    country = session.execute(select(Organisation.country).where(Organisation.id == creditor_id)).scalar_one()
    portfolio = Portfolio(
        creditor_id=creditor_id,
        upload_id=upload.id,
        name=upload.filename,
        currency=upload.currency,
        cases=0,
        placed_minor=upload.value_minor,
        facets=_facets(session, creditor_id, upload),
        created_at=now,
    )
    session.add(portfolio)
    session.flush()
    parameters = {
        "creditor": creditor_id,
        "upload": upload.id,
        "portfolio": portfolio.id,
        "country": country,
        "last_debtor": session.scalar(select(func.max(Debtor.id)).where(Debtor.creditor_id == creditor_id)) or 0,
    }
    session.execute(text(loading.ADD_DEBTORS), parameters)
    made = session.execute(text(loading.ADD_CASES), parameters)
    session.execute(text(loading.ADD_FIRST_CONTACTS), parameters)
    _look_up(session, is_on=True)
    session.execute(text(loading.ADD_OTHER_CONTACTS), parameters)
    if upload.rows_good >= _MANY:
        # Last of all, because it locks out whoever else gathers them until the end of the transaction.
        for name in ("debtors", "cases", "contact_points"):
            session.execute(text(loading.GATHER_STATISTICS), {"name": name})
    portfolio.cases = cast("CursorResult[Any]", made).rowcount
    if portfolio.cases != upload.rows_good:
        raise RuntimeError(f"upload {upload.id}: {upload.rows_good} good rows became {portfolio.cases} cases")
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
    return portfolio


def _look_up(session: Session, *, is_on: bool) -> None:
    session.execute(text(loading.SETTINGS), {"look_up": "on" if is_on else "off"})


def _one_at_a_time(session: Session, creditor_id: int) -> None:
    """Two portfolios of one creditor may name the same debtor, so the second one waits for the first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('portfolios', :creditor))"), {"creditor": creditor_id}
    )


def _facets(session: Session, creditor_id: int, upload: Upload) -> dict[str, Any]:
    rows = session.execute(text(loading.FACETS), {"creditor": creditor_id, "upload": upload.id}).all()
    found = {name: [getattr(row, name) for row in rows if getattr(row, name) is not None] for name in FACETS}
    return {name: sorted(values) for name, values in found.items() if 0 < len(values) <= _MOST_VALUES}
