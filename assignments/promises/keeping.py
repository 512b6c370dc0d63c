"""Whether a promise was kept, read from the payments: a rule over three figures and two days, and nothing stored.

Money counts from the day the promise was made to three days after the day it was promised for. Instalments of a plan
are kept together: the third is kept when what came in covers the first three, so that one payment keeps one instalment.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, case, cast, literal

#: A transfer made on a Friday evening is booked on Monday, or on Tuesday after a holiday: nobody broke a word by that.
GRACE_DAYS = 3


class Outcome(StrEnum):
    """What the payments say of a promise."""

    PENDING = "pending"
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    BROKEN = "broken"


def outcome(*, amount: Any, needed: Any, paid: Any, promised_on: Any, today: Any) -> ColumnElement[str]:
    """What becomes of a promise of `amount`, when `needed` is due with all before it and `paid` came in by its grace.

    An expression, so that lists can be narrowed by it; each argument is a column or a value.
    """
    return cast(
        case(
            (paid >= needed, literal(Outcome.KEPT.value)),
            (today <= promised_on + cast(literal(GRACE_DAYS), Integer), literal(Outcome.PENDING.value)),
            # Only what came in beyond the instalments before it is paid on this one.
            (paid > needed - amount, literal(Outcome.PARTLY_KEPT.value)),
            else_=literal(Outcome.BROKEN.value),
        ),
        String,
    )
