"""Agencies' own numbers of the cases they hold: stated many at once, all or none, and carried by every later file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.permissions import Permission
from assignments.manifests.models import AgencyFileNumber

#: As many at once; a longer list comes in parts.
MOST = 20_000
LONGEST = 40
#: So many of the accounts or numbers at fault are named.
_NAMED = 5

_HELD = """
    select p.account_ref, p.case_id from placements p
    where p.agency_id = :agency and p.creditor_id = :creditor and p.account_ref = any(cast(:accounts as text[]))
      and p.ended_at is null
"""
_TAKEN = """
    select n.number
    from unnest(cast(:cases as bigint[]), cast(:numbers as text[])) as t (case_id, number)
    join agency_file_numbers n on n.agency_id = :agency and n.number = t.number
    where (n.creditor_id, n.case_id) <> (:creditor, t.case_id)
    order by n.number
"""
_STATE = """
    insert into agency_file_numbers as n (creditor_id, agency_id, case_id, number, stated_at, stated_by)
    select :creditor, :agency, t.case_id, t.number, :now, :by
    from unnest(cast(:cases as bigint[]), cast(:numbers as text[])) as t (case_id, number)
    order by t.case_id
    on conflict (creditor_id, agency_id, case_id) do update
    set number = excluded.number, stated_at = excluded.stated_at, stated_by = excluded.stated_by
    where n.number <> excluded.number
"""


class NoNumbers(Invalid):
    """Nothing was given, or more than is taken at once."""

    text = msg("Give up to %(most)s lines, each with an account and your number.")


class NumberUnreadable(Invalid):
    """A line is not an account and a number."""

    text = msg("These lines are not an account and a number of up to %(longest)s characters: %(which)s.")


class NumbersRepeated(Invalid):
    """An account or a number stands there twice."""

    text = msg("These stand more than once: %(which)s. One case has one number, and one number is one case's.")


class AccountsNotHeld(Invalid):
    """Only of cases it holds does an agency state a number."""

    text = msg("You do not hold these accounts of this creditor: %(which)s.")


class NumbersTaken(Invalid):
    """The number is another case's."""

    text = msg("You gave these numbers to other cases before: %(which)s.")


@dataclass(frozen=True)
class Pair:
    """One case's account and the agency's number of it."""

    account_ref: str
    number: str


def read_pairs(typed: str) -> list[Pair]:
    """Lines of an account and a number with a semicolon, tab or comma between; raises what it cannot read."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if not lines or len(lines) > MOST:
        raise NoNumbers(most=MOST)
    pairs, unreadable = [], []
    for line in lines:
        between = next((sign for sign in (";", "\t", ",") if sign in line), None)
        account, _, number = line.partition(between) if between else (line, "", "")
        pair = Pair(account.strip(), number.strip())
        if pair.account_ref and 0 < len(pair.number) <= LONGEST and pair.number.isprintable():
            pairs.append(pair)
        else:
            unreadable.append(line[:60])
    if unreadable:
        raise NumberUnreadable(which=_some(unreadable), longest=LONGEST)
    return pairs


def state_numbers(session: Session, actor: Actor, creditor_id: int, pairs: Sequence[Pair], *, now: datetime) -> int:
    """Say under which numbers the agency keeps cases of a creditor; how many are new or another. All or none.

    Raises `NumbersRepeated`, `AccountsNotHeld` or `NumbersTaken`, each naming some of those at fault.
    """
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id = require_side(actor, Side.AGENCY)
    for values in ([one.account_ref for one in pairs], [one.number for one in pairs]):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise NumbersRepeated(which=_some(twice))
    known = {"agency": agency_id, "creditor": creditor_id}
    rows = session.execute(text(_HELD), {**known, "accounts": [one.account_ref for one in pairs]})
    held: dict[str, int] = {row.account_ref: row.case_id for row in rows}
    if missing := [one.account_ref for one in pairs if one.account_ref not in held]:
        raise AccountsNotHeld(which=_some(missing))
    given = {**known, "cases": [held[one.account_ref] for one in pairs], "numbers": [one.number for one in pairs]}
    if taken := list(session.scalars(text(_TAKEN), given)):
        raise NumbersTaken(which=_some(taken))
    changed: int = session.execute(text(_STATE), {**given, "now": now, "by": actor.user_id}).rowcount  # type: ignore[attr-defined]
    if changed:
        audit.record(
            session, actor, "manifest.numbered", now=now, organisations=[creditor_id, agency_id], numbers=changed
        )
    return changed


def numbers_of(session: Session, actor: Actor, case_ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """Case and agency -> the agency's number: an agency reads its own ones, a creditor those of its cases."""
    statement = select(AgencyFileNumber).where(
        owned_by(actor, AgencyFileNumber.creditor_id, AgencyFileNumber.agency_id),
        AgencyFileNumber.case_id.in_(case_ids),
    )
    return {(row.case_id, row.agency_id): row.number for row in session.scalars(statement)}


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:_NAMED]) + (" …" if len(values) > _NAMED else "")
