"""What an agency may agree with a debtor by itself, and who decides above it."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import Invalid, msg
from agencies.mandates.models import Approver
from agencies.mandates.schedule import MAX_BASIS_POINTS

MAX_PLAN_MONTHS = 120


class DiscountOutOfRange(Invalid):
    """A discount lies between nothing and the whole balance."""

    text = msg("The largest discount must lie between 0 % and 100 %.")


class PlanOutOfRange(Invalid):
    """A plan ends some day, and its instalments are amounts."""

    text = msg("The longest plan must lie between 1 and 120 months, and the smallest instalment cannot be below zero.")


@dataclass(frozen=True)
class Authority:
    """The largest discount on the balance, the longest plan and its smallest instalment; None is no limit agreed."""

    discount_bp: int = 0
    plan_months: int | None = None
    instalment_minor: int | None = None
    approver: Approver = Approver.DIRECTOR


def check_authority(authority: Authority) -> None:
    """Raise the `Invalid` of what no authority can be."""
    if not 0 <= authority.discount_bp <= MAX_BASIS_POINTS:
        raise DiscountOutOfRange
    if authority.plan_months is not None and not 1 <= authority.plan_months <= MAX_PLAN_MONTHS:
        raise PlanOutOfRange
    if authority.instalment_minor is not None and authority.instalment_minor < 0:
        raise PlanOutOfRange
