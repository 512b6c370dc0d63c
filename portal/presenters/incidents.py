"""Incidents in words: the register, one incident with its clocks, and the list of people for an authority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from assignments.incidents.clocks import Clock
from assignments.incidents.facts import is_late
from assignments.incidents.models import DataCategory, Incident, IncidentKind, IncidentState, StepKind
from assignments.incidents.people import Subject
from portal.filters import instant
from portal.i18n import country_name, say
from portal.presenters import deadlines

KINDS = {
    IncidentKind.LOSS: msg("Loss of data or of a device"),
    IncidentKind.THEFT: msg("Theft"),
    IncidentKind.UNAUTHORISED_ACCESS: msg("Unauthorised access"),
    IncidentKind.DISCLOSURE: msg("Disclosure to somebody wrong"),
    IncidentKind.RANSOMWARE: msg("Ransomware"),
    IncidentKind.OTHER: msg("Something else"),
}
CATEGORIES = {
    DataCategory.IDENTITY: msg("Identity: names, documents, dates of birth"),
    DataCategory.CONTACT: msg("Contact: phones, e-mails, addresses"),
    DataCategory.DEBT: msg("Debts and balances"),
    DataCategory.PAYMENT: msg("Payments and accounts"),
    DataCategory.EMPLOYMENT: msg("Employment and income"),
    DataCategory.RECORDINGS: msg("Recordings of calls"),
    DataCategory.CREDENTIALS: msg("Passwords and access"),
    DataCategory.SENSITIVE: msg("Sensitive data or those of minors"),
}
STATES = {
    IncidentState.REPORTED: msg("To be assessed"),
    IncidentState.ASSESSED: msg("Assessed"),
    IncidentState.NOTIFIED: msg("Everybody told"),
    IncidentState.CLOSED: msg("Closed"),
}
TONES = {
    IncidentState.REPORTED: "bad",
    IncidentState.ASSESSED: "working",
    IncidentState.NOTIFIED: "good",
    IncidentState.CLOSED: "neutral",
}
STEPS = {
    StepKind.ASSESSED: msg("Assessed"),
    StepKind.AUTHORITY_TOLD: msg("Authority told"),
    StepKind.PEOPLE_TOLD: msg("People told"),
    StepKind.CLOSED: msg("Closed"),
}
BASES = {
    "held": msg("held by the agency then"),
    "locate": msg("ordered to be found"),
    "not_returned": msg("recalled, data not yet given up"),
    "given_back": msg("given back shortly before, the data not certified gone"),
    "read": msg("looked at by the person"),
    "own": msg("held by the creditor"),
}


@dataclass(frozen=True)
class ClockLine:
    """One deadline as a line of the page."""

    country: str
    duty: str
    term: str
    law: str
    authority: str
    subjects: int
    due_at: datetime | None
    #: How it stands, and in what colour.
    standing: str
    tone: str
    note: str
    confidence: str


@dataclass(frozen=True)
class RegisterLine:
    """One incident in the register."""

    part: Incident
    partner: str
    is_late: bool
    due_at: datetime | None
    standing: str
    tone: str


def clock_lines(found: Iterable[Clock], language: str, *, now: datetime) -> list[ClockLine]:
    """The clocks of an incident, in the reader's language."""
    return [_clock(one, language, now) for one in found]


def _clock(one: Clock, language: str, now: datetime) -> ClockLine:
    standing, tone = _standing(one, now)
    return ClockLine(
        country=country_name(one.country),
        duty=say(deadlines.DUTIES[one.rule.duty]),
        term=deadlines.term(one.rule),
        law=one.rule.law,
        authority=one.rule.authority,
        subjects=one.subjects,
        due_at=one.due_at,
        standing=standing,
        tone=tone,
        note=one.rule.note(language),
        confidence=say(deadlines.CONFIDENCE[one.rule.confidence]),
    )


def _standing(one: Clock, now: datetime) -> tuple[str, str]:
    if one.done_at is not None:
        told = say(msg("done on %(at)s"), {"at": instant(one.done_at)})
        return (say(msg("%(done)s, late"), {"done": told}), "bad") if one.is_late(now) else (told, "good")
    if one.is_waived:
        return say(msg("decided: not needed")), "neutral"
    if one.due_at is None:
        return deadlines.term(one.rule), "neutral"
    return deadlines.countdown(one.due_at, now), "bad" if one.is_late(now) else "waiting"


def register_line(
    part: Incident, names: Mapping[int, str], actor: Actor, due_at: datetime | None, now: datetime
) -> RegisterLine:
    """A line of the register; the partner is the other side's organisation."""
    other = part.creditor_id if actor.side is Side.AGENCY else part.agency_id
    partner = names.get(other, "–") if other is not None else say(msg("With us"))
    standing, tone = ("", "")
    if due_at is not None and part.state is not IncidentState.CLOSED:
        standing, tone = deadlines.countdown(due_at, now), "bad" if due_at < now else "waiting"
    return RegisterLine(part, partner, is_late(part.aware_at, part.reported_at), due_at, standing, tone)


def register_rows(lines: Iterable[RegisterLine]) -> Iterator[list[object]]:
    """The register as the rows of a file, head first."""
    yield [
        say(one)
        for one in (
            msg("What happened"),
            msg("With whom"),
            msg("State"),
            msg("Aware at"),
            msg("Reported at"),
            msg("Late"),
            msg("People"),
            msg("Cases"),
            msg("Next deadline"),
        )
    ]
    for line in lines:
        part = line.part
        yield [
            say(KINDS[part.kind]),
            line.partner,
            say(STATES[part.state]),
            part.aware_at.isoformat(timespec="minutes"),
            part.reported_at.isoformat(timespec="minutes"),
            say(msg("Yes")) if line.is_late else say(msg("No")),
            part.subjects,
            part.cases,
            line.due_at.isoformat(timespec="minutes") if line.due_at else None,
        ]


def subject_head() -> list[str]:
    """The columns of the list of people."""
    return [
        say(one)
        for one in (
            msg("Name"),
            msg("Country"),
            msg("Kind of document"),
            msg("Document number"),
            msg("Phone"),
            msg("E-mail"),
            msg("Accounts"),
            msg("Cases"),
            msg("Why listed"),
        )
    ]


def subject_rows(found: Iterable[Subject]) -> Iterator[list[object]]:
    """The people an incident touches, a row each."""
    words = {code: say(text) for code, text in BASES.items()}
    for one in found:
        why = words.get(one.basis, one.basis)
        yield [
            one.name, one.country, one.id_type, one.id_number, one.phone, one.email, one.accounts, one.cases, why,
        ]  # fmt: skip
