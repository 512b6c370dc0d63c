"""Reads how the agencies behave towards debtors, by either side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission
from agencies.scorecards.intervals import wilson
from assignments.conduct.models import ConductCell, Verdict


@dataclass(frozen=True)
class Conduct:
    """What was found of one agency's activities for one creditor."""

    creditor_id: int
    agency_id: int
    compliant: int = 0
    violations: int = 0
    not_evaluable: int = 0
    #: Violations in which what another agency did is part of the reason.
    shared: int = 0
    #: Code -> violations counted under it: the first rule each of them broke.
    codes: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """All activities that were looked at."""
        return self.compliant + self.violations + self.not_evaluable

    @property
    def evaluable(self) -> int:
        """Those of which enough is known: the denominator of the rate of violations."""
        return self.compliant + self.violations

    @property
    def violation_rate(self) -> float | None:
        """Violations among the evaluable; nothing where there is none to divide by."""
        return self.violations / self.evaluable if self.evaluable else None

    @property
    def violation_interval(self) -> tuple[float, float]:
        """The Wilson interval (95 %) of the share of violations among the evaluable."""
        return wilson(self.violations, self.evaluable)

    @property
    def unknown_interval(self) -> tuple[float, float]:
        """The Wilson interval (95 %) of the share that could not be judged."""
        return wilson(self.not_evaluable, self.judged)


def conduct_of(
    session: Session, actor: Actor, *, since: date | None = None, until: date | None = None
) -> list[Conduct]:
    """How the agencies the actor may see behave, one line per creditor and agency; by months where asked."""
    require(actor, Permission.CONDUCT_VIEW)
    measures = (func.sum(ConductCell.activities), func.sum(ConductCell.shared))
    keys = (ConductCell.creditor_id, ConductCell.agency_id, ConductCell.verdict, ConductCell.code)
    statement = select(*keys, *measures).where(owned_by(actor, ConductCell.creditor_id, ConductCell.agency_id))
    if since is not None:
        statement = statement.where(ConductCell.month >= since)
    if until is not None:
        statement = statement.where(ConductCell.month <= until)
    counted: dict[tuple[int, int], Counter[str]] = {}
    codes: dict[tuple[int, int], dict[str, int]] = {}
    for creditor_id, agency_id, verdict, code, activities, shared in session.execute(
        statement.group_by(*keys).order_by(*keys)
    ):
        pair = (creditor_id, agency_id)
        counts, by_code = counted.setdefault(pair, Counter()), codes.setdefault(pair, {})
        counts[verdict] += int(activities)
        if verdict is Verdict.VIOLATION:
            counts["shared"] += int(shared)
            if activities:
                by_code[code] = int(activities)
    return [
        Conduct(
            creditor_id,
            agency_id,
            compliant=counts[Verdict.COMPLIANT],
            violations=counts[Verdict.VIOLATION],
            not_evaluable=counts[Verdict.NOT_EVALUABLE],
            shared=counts["shared"],
            codes=codes[creditor_id, agency_id],
        )
        for (creditor_id, agency_id), counts in counted.items()
        if counts.total()
    ]


def list_months(session: Session, actor: Actor) -> list[date]:
    """The months in which something was judged, the latest first."""
    require(actor, Permission.CONDUCT_VIEW)
    mine = owned_by(actor, ConductCell.creditor_id, ConductCell.agency_id)
    months = select(ConductCell.month).distinct().where(mine).order_by(ConductCell.month.desc())
    return list(session.scalars(months))
