"""What a row of the attestations means on a day: its state, until when it holds, what it blocks, what it scores."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from agencies.attestations.models import AttestationState
from agencies.attestations.templates import Act, Effect, Template, Validity
from agencies.attestations.timeline import ONCE_ACCEPTED, Declared

#: What holds for ever, for a column that says until when.
FOREVER = date(9999, 12, 31)
#: Days before the end from which a valid attestation is said to be expiring.
EXPIRING_DAYS = 30
FULL_SCORE_BP = 10_000


class Standing(StrEnum):
    """How an agency stands with one template on a day."""

    ACCEPTED = "accepted"
    EXPIRING = "expiring"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"
    #: It was accepted and has days left, but what it speaks of has changed: the template, or a list it refers to.
    OUTDATED = "outdated"
    MISSING = "missing"


HOLDING = frozenset({Standing.ACCEPTED, Standing.EXPIRING})
#: It held once and does not any more.
LAPSED = frozenset({Standing.EXPIRED, Standing.REVOKED, Standing.OUTDATED})


@dataclass(frozen=True)
class TemplateStanding:
    """One template, as it stands between a creditor and an agency."""

    code: str
    state: Standing
    evidence_date: date | None
    valid_until: date | None
    #: What its absence stops; a template that holds stops nothing, whatever stands here.
    blocks: frozenset[Act]
    effect: Effect
    weight: int
    #: The row this was read from, if there is one.
    attestation_id: int | None
    #: An earlier one was accepted, whatever became of it since.
    was_holding: bool = False

    @property
    def is_holding(self) -> bool:
        """Whether it counts as given."""
        return self.state in HOLDING

    @property
    def has_lapsed(self) -> bool:
        """Whether it held once and does not any more; a new one counts from its acceptance, not from its signing."""
        return self.state in LAPSED or (self.was_holding and not self.is_holding)


def valid_until(validity: Validity, signed_on: date, answers: Mapping[str, Any]) -> date:
    """The last day on which an attestation signed on a day holds."""
    ends = []
    if validity.months is not None:
        ends.append(_months_after(signed_on, validity.months))
    if validity.month is not None and validity.day is not None:
        ends.append(date(signed_on.year + 1, validity.month, validity.day))
    if validity.field is not None:
        told = answers.get(validity.field)
        ends += [date.fromisoformat(told)] if told else []
    return min(ends, default=FOREVER)


def standing_of(
    rows: Iterable[Declared], today: date, template: Template | None = None
) -> tuple[Standing, Declared | None]:
    """How the rows of one template stand: an accepted one that holds wins, else the newest says why not."""
    told = sorted((row for row in rows if row.state is not AttestationState.DRAFT), key=lambda row: row.id)
    for row in reversed(told):
        end = ends(row, template)
        if row.state is AttestationState.ACCEPTED and row.outdated_at is None and end >= today:
            is_expiring = (end - today).days <= EXPIRING_DAYS
            return (Standing.EXPIRING if is_expiring else Standing.ACCEPTED), row
    for row in reversed(told):
        if row.state is AttestationState.ACCEPTED:
            return (Standing.EXPIRED if _end(row) < today else Standing.OUTDATED), row
        if row.state is not AttestationState.SUPERSEDED:
            return Standing(row.state.value), row
    return Standing.MISSING, None


def ends(row: Declared, template: Template | None) -> date:
    """The last day on which it holds: its own, or the one before a later version of its template is in force."""
    replaced = template.replaced_on(row.template_version) if template else None
    return min(_end(row), replaced - timedelta(days=1)) if replaced else _end(row)


def stand(templates: Sequence[Template], rows: Iterable[Declared], today: date) -> tuple[TemplateStanding, ...]:
    """Every template of the relation, those due once for every recall left out."""
    by_code: dict[str, list[Declared]] = {}
    for row in rows:
        if row.recall_id is None:
            by_code.setdefault(row.code, []).append(row)
    return tuple(
        stand_one(template, by_code.get(template.code, []), today)
        for template in templates
        if not template.is_per_recall
    )


def stand_one(template: Template, rows: Iterable[Declared], today: date) -> TemplateStanding:
    """How one template stands."""
    known = list(rows)
    state, row = standing_of(known, today, template)
    return TemplateStanding(
        code=template.code,
        state=state,
        evidence_date=row.evidence_on if row else None,
        valid_until=ends(row, template) if row and row.valid_until else None,
        blocks=template.blocks,
        effect=template.effect,
        weight=template.weight,
        attestation_id=row.id if row else None,
        was_holding=any(one.state in ONCE_ACCEPTED for one in known),
    )


def blocked_acts(standings: Iterable[TemplateStanding]) -> frozenset[Act]:
    """Everything that is stopped."""
    return frozenset(act for one in standings if not one.is_holding for act in one.blocks)


def score_bp(standings: Sequence[TemplateStanding]) -> int:
    """The weighted share of templates that hold; nothing at all when one that blocks has lapsed."""
    if any(one.has_lapsed and one.blocks for one in standings):
        return 0
    whole = sum(one.weight for one in standings)
    held = sum(one.weight for one in standings if one.is_holding)
    return (2 * held * FULL_SCORE_BP + whole) // (2 * whole) if whole else 0


def _end(row: Declared) -> date:
    return row.valid_until or date.min


def _months_after(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 + months
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
