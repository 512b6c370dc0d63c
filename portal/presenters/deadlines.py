"""Legal deadlines in words: how long, counted in what, by which law, and how sure we are."""

from __future__ import annotations

from datetime import datetime

from agencies.kernel.errors import msg, msgs
from assignments.deadlines.rules import Duty, Rule, Span, Term, Unit
from portal.filters import number
from portal.i18n import say

DUTIES = {
    Duty.BREACH_TO_CREDITOR: msg("Incident: agency to creditor"),
    Duty.BREACH_TO_AUTHORITY: msg("Incident: to the authority"),
    Duty.BREACH_TO_PEOPLE: msg("Incident: to the people"),
    Duty.ACCESS: msg("Access to one's own data"),
    Duty.RECTIFICATION: msg("Rectification"),
    Duty.ERASURE: msg("Erasure"),
    Duty.OPPOSITION: msg("Opposition"),
    Duty.REVOCATION: msg("Revocation of a channel"),
    Duty.MARK_IN_PROCESS: msg("Mark “claim in process”"),
}
_SPANS = {
    Unit.HOURS: msgs("%(n)s hour", "%(n)s hours"),
    Unit.CALENDAR_DAYS: msgs("%(n)s calendar day", "%(n)s calendar days"),
    Unit.WORKING_DAYS: msgs("%(n)s working day", "%(n)s working days"),
    Unit.MONTHS: msgs("%(n)s month", "%(n)s months"),
}
_TERMS = {
    Term.WITHOUT_DELAY: msg("without undue delay, no number named"),
    Term.VOLUNTARY: msg("voluntary"),
    Term.NOT_FOUND: msg("no term found"),
}
CONFIDENCE = {
    "H": msg("high: official text or several sources"),
    "M": msg("medium: one good source"),
    "L": msg("low: to be verified"),
    "U": msg("not found"),
    "P": msg("our own policy"),
}


def span(one: Span) -> str:
    """So many working days."""
    return say(_SPANS[one.unit], {"n": number(one.n)}, count=one.n)


def term(rule: Rule) -> str:
    """How long a rule gives, or that it gives no number."""
    if rule.span is None:
        return say(_TERMS[rule.term])
    told = span(rule.span)
    return f"{told} (+{span(rule.extension)})" if rule.extension else told


def countdown(due: datetime, now: datetime) -> str:
    """How much time is left, or by how much it is over."""
    left = due - now
    hours = int(abs(left.total_seconds()) // 3600)
    text = {"days": number(hours // 24), "hours": number(hours % 24)}
    if left.total_seconds() >= 0:
        return say(msg("%(days)s d %(hours)s h left"), text)
    return say(msg("%(days)s d %(hours)s h late"), text)
