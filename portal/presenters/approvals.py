"""What exactly is to be approved, in words: one teller per kind, from the frozen subject and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.applications.sections import ACCOUNT_NAMES
from agencies.approvals import queries
from agencies.approvals.exports import Taken
from agencies.approvals.lifecycle import standing
from agencies.approvals.limits import Limit
from agencies.approvals.models import Approval, ApprovalKind, ApprovalState
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.standing.models import AccountKind
from assignments.marketplace.models import DeclineReason
from assignments.reads.models import Purpose
from portal.filters import basis_points, money, number
from portal.i18n import say
from portal.presenters.market import DECLINE_REASONS
from portal.presenters.reads import PURPOSES

Names = Mapping[int, str]
Subject = Mapping[str, Any]

KINDS: dict[ApprovalKind, str] = {
    ApprovalKind.AWARD: msg("Award of a lot"),
    ApprovalKind.EXPORT: msg("File with personal data"),
    ApprovalKind.LIMIT: msg("Limit for one person alone"),
    ApprovalKind.BANK_ACCOUNT: msg("Bank account"),
}
STATES: dict[ApprovalState, tuple[str, str]] = {
    ApprovalState.PENDING: (msg("Waits for a second person"), "waiting"),
    ApprovalState.APPROVED: (msg("Approved by a second person"), "good"),
    ApprovalState.DECLINED: (msg("Turned down"), "bad"),
    ApprovalState.WITHDRAWN: (msg("Taken back by who asked"), "neutral"),
    ApprovalState.EXPIRED: (msg("Expired"), "neutral"),
    ApprovalState.VOID: (msg("Void: it has changed"), "neutral"),
}
#: What a limit is of.
LIMITS: dict[ApprovalKind, str] = {
    ApprovalKind.AWARD: msg("Award of a lot, by the value of its cases"),
    ApprovalKind.EXPORT: msg("File with personal data, by its rows"),
}


#: The files that take a second person, and where they are taken away.
FILES: dict[Taken, str] = {
    Taken.CASES: msg("List of cases"),
    Taken.FULL_CASES: msg("List of cases with all contact data in full"),
    Taken.ORIGINAL: msg("A file as it was sent"),
    Taken.REJECTED: msg("Rejected rows of a file"),
    Taken.PEOPLE: msg("People touched by an incident, with documents and contact data in full"),
}
ADDRESSES: dict[Taken, str] = {
    Taken.CASES: "cases.export",
    Taken.FULL_CASES: "cases.full_file",
    Taken.ORIGINAL: "uploads.original",
    Taken.REJECTED: "uploads.error_file",
    Taken.PEOPLE: "incidents.people_csv",
}


@dataclass(frozen=True)
class Told:
    """One subject in words."""

    title: str
    facts: list[tuple[str, str]]
    #: Where whoever asked takes it away once it is approved: an endpoint and its arguments.
    taken_at: tuple[str, Mapping[str, str]] | None = None


@dataclass(frozen=True)
class ApprovalLine:
    """One request in a list and at the head of its page."""

    id: int
    kind: str
    title: str
    facts: list[tuple[str, str]]
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: ApprovalState
    state_name: str
    tone: str
    decided_by: str
    decided_at: datetime | None
    reason: str | None
    sha256: str
    may_decide: bool
    may_withdraw: bool
    is_intact: bool
    #: Whoever asked may take the file away now, there or, where no address is kept, by filtering again.
    may_take: bool
    taken_at: tuple[str, Mapping[str, str]] | None


def people_of(rows: Iterable[Approval]) -> list[int | None]:
    """Whose names the lines need."""
    return [one for row in rows for one in (row.asked_by, row.decided_by)]


def houses_of(rows: Iterable[Approval]) -> list[int]:
    """The organisations that subjects speak of."""
    return [int(one) for row in rows for name in ("shares", "reasons") for one in row.subject.get(name, ())]


def lines(rows: Iterable[Approval], actor: Actor, people: Names, houses: Names, now: datetime) -> list[ApprovalLine]:
    """Requests in the reader's language."""
    return [line(row, actor, people, houses, now) for row in rows]


def line(row: Approval, actor: Actor, people: Names, houses: Names, now: datetime) -> ApprovalLine:
    """One request in the reader's language."""
    told = TELLERS[row.kind](row.subject, houses)
    state = standing(row, now)
    is_pending = state is ApprovalState.PENDING
    return ApprovalLine(
        id=row.id,
        kind=say(KINDS[row.kind]),
        title=told.title,
        facts=told.facts,
        asked_by=people.get(row.asked_by, "–"),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        state=state,
        state_name=say(STATES[state][0]),
        tone=STATES[state][1],
        decided_by=people.get(row.decided_by or 0, "–"),
        decided_at=row.decided_at,
        reason=row.reason,
        sha256=row.subject_sha256.hex(),
        may_decide=is_pending and queries.may_decide(row, actor),
        may_withdraw=is_pending and row.asked_by == actor.user_id,
        is_intact=queries.is_intact(row),
        may_take=queries.may_take(row, actor, now),
        taken_at=told.taken_at,
    )


def limit_label(kind: ApprovalKind, currency: str) -> str:
    """What a limit is of, with its currency."""
    return say(LIMITS[kind]) + (f" ({currency})" if currency else "")


def limit_value(limit: Limit) -> str:
    """A limit as it is written: an amount, or rows."""
    return _limit(limit.kind, limit.currency, limit.value)


def _limit(kind: ApprovalKind, currency: str, value: int | None) -> str:
    if value is None:
        return say(msg("always two persons"))
    if kind is ApprovalKind.EXPORT:
        return say(msg("%(n)s rows"), {"n": number(value)})
    return money(value, currency)


def _of_limit(subject: Subject, _houses: Names) -> Told:
    kind, currency = ApprovalKind(subject["kind"]), subject["currency"]
    return Told(
        say(msg("Change what one person may do alone")),
        [
            (say(msg("Limit")), limit_label(kind, currency)),
            (say(msg("Until now")), _limit(kind, currency, subject["from"])),
            (say(msg("From now on")), _limit(kind, currency, subject["to"])),
        ],
    )


def _of_award(subject: Subject, houses: Names) -> Told:
    winners = [
        (
            houses.get(int(agency), "–"),
            say(
                msg("%(share)s of the value, at a commission of %(rates)s"),
                {"share": basis_points(share), "rates": ", ".join(map(basis_points, subject["rates"].get(agency, ())))},
            ),
        )
        for agency, share in sorted(subject["shares"].items(), key=lambda one: -one[1])
    ]
    losers = [
        (say(msg("Not to %(name)s"), {"name": houses.get(int(agency), "–")}), say(DECLINE_REASONS[DeclineReason(why)]))
        for agency, why in subject["reasons"].items()
    ]
    return Told(
        say(msg("Award %(name)s"), {"name": subject["name"]}),
        [
            (say(msg("Cases")), number(subject["cases"])),
            (say(msg("Value")), money(subject["value_minor"], subject["currency"])),
            *winners,
            *losers,
        ],
    )


def _of_account(subject: Subject, _houses: Names) -> Told:
    return Told(
        say(msg("Another bank account, ending in %(last_four)s"), {"last_four": subject["last_four"]}),
        [
            (say(msg("Account number")), f"•••• {subject['last_four']}"),
            (say(msg("Bank")), subject["bank"]),
            (say(msg("Kind of account")), say(ACCOUNT_NAMES[AccountKind(subject["account_kind"])])),
            (say(msg("Currency")), subject["currency"]),
            (say(msg("Name of the holder")), subject["holder_name"]),
        ],
    )


def _of_export(subject: Subject, _houses: Names) -> Told:
    what = Taken(subject["what"])
    return Told(
        say(msg("Take away a file with personal data")),
        [
            (say(msg("File")), say(FILES[what])),
            (say(msg("Rows")), number(subject["rows"])),
            *_purpose(subject),
            *((say(label), value) for label, value in subject["words"]),
            (say(msg("Goes to")), say(msg("whoever asked, for 24 hours"))),
        ],
        None if subject["arguments"] is None else (ADDRESSES[what], subject["arguments"]),
    )


def _purpose(subject: Subject) -> list[tuple[str, str]]:
    """That everything stands in full, and what for; of a covered list nothing."""
    if "purpose" not in subject:
        return []
    return [
        (say(msg("Personal data")), say(msg("documents, telephones, e-mails and addresses in full"))),
        (say(msg("What for")), say(PURPOSES[Purpose(subject["purpose"])])),
    ]


#: Kind -> its words; whoever adds a kind adds its teller here and its carrier in `portal.carriers`.
TELLERS: dict[ApprovalKind, Callable[[Subject, Names], Told]] = {
    ApprovalKind.AWARD: _of_award,
    ApprovalKind.BANK_ACCOUNT: _of_account,
    ApprovalKind.EXPORT: _of_export,
    ApprovalKind.LIMIT: _of_limit,
}
