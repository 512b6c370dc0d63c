"""The bank cuts its book: three segments under names, and one decision table over everything."""

from __future__ import annotations

from datetime import datetime

from agencies.organisations.permissions import Role
from assignments.cases.selection import Reach, Selection
from assignments.segments import queries
from assignments.segments import service as segments
from assignments.segments.decision import Rule
from portal.demo.cast import BANK
from portal.demo.world import World

#: Amounts in Colombian pesos, in minor units.
_MILLION = 1_000_000_00
SEGMENTS: tuple[tuple[str, Selection], ...] = (
    ("Saldos altos con teléfono", Selection(currency="COP", min_minor=10 * _MILLION, reach=Reach.PHONE)),
    ("Varias obligaciones de un mismo deudor", Selection(min_debts=2)),
    ("Asignados antes, sin pago en un año", Selection(min_placed=1, min_unpaid=365)),
)
RULES = (
    Rule("Mora hasta 180 días", Selection(max_dpd=180)),
    Rule("Saldos altos", Selection(currency="COP", min_minor=10 * _MILLION)),
    Rule("Con teléfono", Selection(reach=Reach.PHONE)),
)


def keep_segments(world: World, now: datetime) -> None:
    """The bank's analyst keeps the cuts he plans with; what stands already is left alone."""
    with world.acting(BANK.member(Role.ANALYST)) as (session, actor):
        known = {row.name for row in queries.list_segments(session, actor).rows}
        for name, selection in SEGMENTS:
            if name not in known:
                segments.save(session, actor, name=name, selection=selection, now=now)
        if not queries.get_table(session, actor, None).revision:
            segments.decide(session, actor, None, RULES, revision=0, now=now)
