"""The pairs that wait for a decision, each with what tells two debtors apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select, text, tuple_
from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.reaching import known_points
from assignments.matches.models import DebtorMatch, MatchState
from uploads.sealed import Told, open_private

_SIDES = text(
    """
    select d.id, d.name, d.id_type, d.identity, d.sealed, d.birth_date, d.agency_id,
           (select count(*) from cases c where c.creditor_id = d.creditor_id and c.debtor_id = d.id) as cases,
           (select min(c.account_ref) from cases c where c.creditor_id = d.creditor_id and c.debtor_id = d.id) as account,
           (select array_agg(c.id) from cases c where c.creditor_id = d.creditor_id and c.debtor_id = d.id) as case_ids
    from debtors d where d.creditor_id = :creditor and d.id = any(:debtors)
    """  # noqa: E501
)
#: A page is counted up to here, and no further.
MANY = 1_000


@dataclass(frozen=True)
class Candidate:
    """One of the two debtors, as the page shows it."""

    debtor_id: int
    name: str | None
    id_type: str | None
    id_number: str | None
    birth_date: date | None
    agency_id: int | None
    cases: int
    #: One of its accounts, to find it by.
    account: str | None
    #: Kind and normal form of each way to reach it.
    contacts: tuple[tuple[str, str], ...]
    case_ids: tuple[int, ...]


@dataclass(frozen=True)
class MatchRow:
    """A pair with both its debtors."""

    id: int
    similarity_bp: int
    reasons: dict[str, Any]
    state: MatchState
    found_at: datetime
    decided_at: datetime | None
    decided_by: int | None
    kept_id: int | None
    one: Candidate
    other: Candidate


def list_matches(
    session: Session,
    actor: Actor,
    *,
    state: MatchState = MatchState.PROPOSED,
    after: tuple[int, int] | None = None,
    limit: int = PAGE,
) -> Page[MatchRow]:
    """Pairs in one state, the most alike first; `after` is the likeness and id of the last one seen."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    key = tuple_(DebtorMatch.similarity_bp, DebtorMatch.id)
    statement = (
        select(DebtorMatch)
        .where(DebtorMatch.creditor_id == require_side(actor, Side.CREDITOR), DebtorMatch.state == state)
        .order_by(DebtorMatch.similarity_bp.desc(), DebtorMatch.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(key < after)
    rows = _with_debtors(session, session.scalars(statement).all())
    return cut(rows, limit, lambda row: (row.similarity_bp, row.id))


def get_match(session: Session, actor: Actor, match_id: int) -> MatchRow:
    """One pair; raises `NotFound`."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    match = session.get(DebtorMatch, (require_side(actor, Side.CREDITOR), match_id))
    if match is None:
        raise NotFound
    return _with_debtors(session, [match])[0]


def count_proposed(session: Session, actor: Actor) -> int:
    """How many pairs wait for a decision, counted up to `MANY`."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    waiting = (
        select(DebtorMatch.id)
        .where(DebtorMatch.creditor_id == require_side(actor, Side.CREDITOR), DebtorMatch.state == MatchState.PROPOSED)
        .limit(MANY)
    )
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def _with_debtors(session: Session, matches: Iterable[DebtorMatch]) -> list[MatchRow]:
    matches = list(matches)
    ids = {one for match in matches for one in (match.debtor_id, match.other_id)}
    if not ids:
        return []
    known = {"creditor": matches[0].creditor_id, "debtors": sorted(ids)}
    points = known_points(session, matches[0].creditor_id, ids, stopped=True)
    sides = {
        row.id: _candidate(session, matches[0].creditor_id, row, points.get(row.id, ()))
        for row in session.execute(_SIDES, known)
    }
    return [
        MatchRow(
            match.id,
            match.similarity_bp,
            match.reasons,
            match.state,
            match.found_at,
            match.decided_at,
            match.decided_by,
            match.kept_id,
            sides[match.debtor_id],
            sides[match.other_id],
        )
        for match in matches
    ]


def _candidate(session: Session, creditor_id: int, row: Row[Any], points: Iterable[tuple[str, Told]]) -> Candidate:
    number = open_private(keyring_of(session), creditor_id, row.identity, row.sealed).national_id
    # Telephones first, each kind in the order of its forms.
    forms = sorted((kind, told.form) for kind, told in points)
    contacts = tuple(sorted(forms, key=lambda one: one[0], reverse=True))
    return Candidate(
        row.id,
        row.name,
        row.id_type,
        number,
        row.birth_date,
        row.agency_id,
        row.cases,
        row.account,
        contacts,
        tuple(row.case_ids or ()),
    )
