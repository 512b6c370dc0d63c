"""Flags that stood on a person or a debt while something was done: what the rules call a stop, as either side said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assignments.conduct.findings import Touch
from assignments.conduct.results import Stop
from assignments.flags.models import Flag, FlagEnd, FlagKind

STOPS: dict[FlagKind, Stop] = {
    FlagKind.DECEASED: Stop.DECEASED,
    FlagKind.INSOLVENT: Stop.INSOLVENCY,
    FlagKind.DISPUTE: Stop.OPEN_DISPUTE,
    FlagKind.COMPLAINT: Stop.COMPLAINT,
    FlagKind.STOP_CONTACT: Stop.STOP_CONTACT,
    FlagKind.VULNERABLE: Stop.VULNERABLE,
    FlagKind.IDENTITY_FRAUD: Stop.IDENTITY_FRAUD,
    FlagKind.LEGAL: Stop.LEGAL_HOLD,
}


@dataclass(frozen=True)
class Standing:
    """A stop that everybody who held the case could see, from when it was said until it came down."""

    stop: Stop
    #: The one debt it concerned; every debt of the person when empty.
    case_id: int | None
    raised_at: datetime
    ended_at: datetime | None

    def forbids(self, touch: Touch) -> bool:
        """Whether the debtor was not to be sought then."""
        is_up = self.raised_at < touch.happened_at and (self.ended_at is None or touch.happened_at < self.ended_at)
        return is_up and self.case_id in {None, touch.case_id}


def standing_on(session: Session, creditor_id: int, debtor_ids: Sequence[int]) -> dict[int, list[Standing]]:
    """Debtor -> what stood on it and on its debts; what was never so, or let the work go on, is left out."""
    rows = session.scalars(
        select(Flag)
        .where(
            Flag.creditor_id == creditor_id,
            Flag.debtor_id.in_(debtor_ids),
            Flag.stops_work,
            or_(Flag.ended_how.is_(None), Flag.ended_how != FlagEnd.DISMISSED),
        )
        .order_by(Flag.id)
    )
    found: dict[int, list[Standing]] = defaultdict(list)
    for one in rows:
        case_id = None if one.is_of_person else one.case_id
        found[one.debtor_id].append(Standing(STOPS[one.kind], case_id, one.raised_at, one.ended_at))
    return found
