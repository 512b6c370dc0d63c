"""How agencies keep their promises: met, missed, not yet due and paused, by clause, with the share and its interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import add_business_hours
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.mandates.models import Clause, Mandate, SlaClause
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.intervals import wilson
from agencies.standing.models import PanelMember
from assignments.placements.models import Consignment
from assignments.sla.clocks import Outcome, outcome


@dataclass(frozen=True)
class Compliance:
    """How one agency keeps one clause for one creditor; only what was due by now is in the share."""

    creditor_id: int
    agency_id: int
    clause: Clause
    #: Obligations whose time is up: the denominator.
    due: int
    #: Those of them kept in time: the numerator.
    met: int
    missed: int
    not_due: int
    paused: int
    #: The highest target among the terms concerned, in ten-thousandths.
    target_bp: int
    #: The Wilson interval of the share, 95 %.
    low: float
    high: float
    #: Of what is not yet due, how many are done already.
    ahead: int = 0

    @property
    def share(self) -> float | None:
        """What was kept of what was due; nothing where nothing was due."""
        return self.met / self.due if self.due else None


@dataclass(frozen=True)
class Obligation:
    """One promise to be kept once: a consignment taken on, a report handed in, a recall answered."""

    creditor_id: int
    agency_id: int
    clause: Clause
    #: What it is about (`consignment`, `locate_batch`, `report`, `recall`), its id, and what it is called.
    kind: str
    subject_id: int
    label: str
    started_at: datetime
    due_at: datetime
    done_at: datetime | None
    target_bp: int

    def outcome(self, now: datetime) -> Outcome:
        """How it stands."""
        return outcome(self.due_at, self.done_at, now)


# Consignments taken back before anybody took them on, and in time, are no obligation: what ended them says so. To
# reject one is an answer as well.
_ACKNOWLEDGE = """
    select k.creditor_id, k.agency_id, k.id, k.name as label, 'consignment' as kind, k.sent_at as started_at,
           coalesce(k.acknowledged_at, case k.state when 'rejected' then gone.at end) as done_at, c.hours, c.target_bp,
           null::timestamptz as due_at, o.country, o.time_zone, case k.state when 'ended' then gone.at end as over_at
    from consignments k
    left join lateral (
        select max(l.ended_at) as at from placements l
        where l.creditor_id = k.creditor_id and l.consignment_id = k.id
    ) gone on k.acknowledged_at is null and k.state in ('ended', 'rejected')
    join sla_clauses c on c.creditor_id = k.creditor_id and c.agency_id = k.agency_id
                      and c.mandate_version_id = k.mandate_version_id and c.clause = 'acknowledge'
    join organisations o on o.id = k.creditor_id
    where {mine} = :tenant and k.sent_at is not null
    union all
    select k.creditor_id, k.agency_id, k.id, k.name, 'locate_batch', k.sent_at, k.acknowledged_at, c.hours, c.target_bp,
           null::timestamptz, o.country, o.time_zone, null::timestamptz
    from locate_batches k
    join sla_clauses c on c.creditor_id = k.creditor_id and c.agency_id = k.agency_id
                      and c.mandate_version_id = k.mandate_version_id and c.clause = 'acknowledge'
    join organisations o on o.id = k.creditor_id
    where {mine} = :tenant and (k.state <> 'closed' or k.acknowledged_at is not null)
"""

_REPORT = """
    select k.creditor_id, k.agency_id, k.id, to_char(k.period_start, 'YYYY-MM-DD') || ' / '
               || to_char(k.period_end, 'YYYY-MM-DD') || ' · ' || m.name as label, 'report' as kind,
           k.period_end::timestamp at time zone o.time_zone as started_at, k.submitted_at as done_at, c.hours,
           c.target_bp, k.due_at, o.country, o.time_zone, null::timestamptz as over_at
    from reports k
    join mandates m on m.creditor_id = k.creditor_id and m.agency_id = k.agency_id and m.id = k.mandate_id
    join organisations o on o.id = k.creditor_id
    cross join lateral (
        select v.id from mandate_versions v
        join mandate_answers a on a.creditor_id = v.creditor_id and a.agency_id = v.agency_id
                              and a.mandate_version_id = v.id and a.answer = 'accepted'
        where v.creditor_id = k.creditor_id and v.agency_id = k.agency_id and v.mandate_id = k.mandate_id
        order by v.valid_from <= k.period_end desc,
                 case when v.valid_from <= k.period_end then v.version end desc, v.version
        limit 1
    ) v
    join sla_clauses c on c.creditor_id = k.creditor_id and c.agency_id = k.agency_id
                      and c.mandate_version_id = v.id and c.clause = 'report_on_time'
    where {mine} = :tenant
"""

# Also when the cases are gone at once, the agency says that it has stopped; a recall withdrawn needs no answer.
_RECALL = """
    select k.creditor_id, k.agency_id, k.id, to_char(k.effective_on, 'YYYY-MM-DD') || ' · ' || k.cases as label,
           'recall' as kind, k.requested_at as started_at, k.answered_at as done_at, c.hours, c.target_bp,
           null::timestamptz as due_at, o.country, o.time_zone, null::timestamptz as over_at
    from recalls k
    join sla_clauses c on c.creditor_id = k.creditor_id and c.agency_id = k.agency_id
                      and c.mandate_version_id = k.mandate_version_id and c.clause = 'recall_answered'
    join organisations o on o.id = k.creditor_id
    where {mine} = :tenant and (k.state <> 'withdrawn' or k.answered_at is not null)
"""

_EACH = {Clause.ACKNOWLEDGE: _ACKNOWLEDGE, Clause.REPORT_ON_TIME: _REPORT, Clause.RECALL_ANSWERED: _RECALL}

_FIRST_ACTIVITY = """
    select s.creditor_id, s.agency_id, max(c.target_bp) as target_bp,
           coalesce(sum(s.cases) filter (where s.due_at < :now and not s.is_paused), 0)::bigint as due,
           coalesce(sum(s.met) filter (where s.due_at < :now and not s.is_paused), 0)::bigint as met,
           coalesce(sum(s.cases) filter (where s.due_at >= :now and not s.is_paused), 0)::bigint as not_due,
           coalesce(sum(s.met) filter (where s.due_at >= :now and not s.is_paused), 0)::bigint as ahead,
           coalesce(sum(s.cases) filter (where s.is_paused), 0)::bigint as paused
    from sla_cells s
    join consignments k on k.creditor_id = s.creditor_id and k.agency_id = s.agency_id and k.id = s.consignment_id
    join sla_clauses c on c.creditor_id = k.creditor_id and c.agency_id = k.agency_id
                      and c.mandate_version_id = k.mandate_version_id and c.clause = 'first_activity'
    where {mine} = :tenant
    group by s.creditor_id, s.agency_id
"""


def compliance(session: Session, actor: Actor, *, agency_id: int | None = None, now: datetime) -> list[Compliance]:
    """Every clause of every agency the actor may see, in the order of the clauses; from a handful of rows."""
    require(actor, Permission.SLA_VIEW)
    found = [*_of_cases(session, actor, now), *_of_obligations(obligations(session, actor), now)]
    order = list(Clause)
    kept = [one for one in found if agency_id is None or one.agency_id == agency_id]
    return sorted(kept, key=lambda one: (one.creditor_id, one.agency_id, order.index(one.clause)))


def obligations(session: Session, actor: Actor, clause: Clause | None = None) -> Iterator[Obligation]:
    """The promises that are few: consignments, reports and recalls, each with its time."""
    require(actor, Permission.SLA_VIEW)
    for which, statement in _EACH.items():
        if clause is None or which is clause:
            rows = session.execute(text(statement.format(mine=f"k.{_column(actor)}")), {"tenant": actor.tenant})
            for row in rows:
                due = row.due_at or add_business_hours(row.started_at, row.hours, row.country, row.time_zone)
                if row.over_at is None or row.over_at > due:
                    yield Obligation(
                        row.creditor_id,
                        row.agency_id,
                        which,
                        row.kind,
                        row.id,
                        row.label,
                        row.started_at,
                        due,
                        row.done_at,
                        row.target_bp,
                    )


def acknowledgement_due(session: Session, actor: Actor, consignment_id: int) -> datetime | None:
    """By when a consignment wants its answer, yes or no; nothing where the terms promise none, or it is not sent."""
    row = session.execute(
        select(Consignment.sent_at, SlaClause.hours, Organisation.country, Organisation.time_zone)
        .join(
            SlaClause,
            (SlaClause.creditor_id == Consignment.creditor_id)
            & (SlaClause.agency_id == Consignment.agency_id)
            & (SlaClause.mandate_version_id == Consignment.mandate_version_id)
            & (SlaClause.clause == Clause.ACKNOWLEDGE),
        )
        .join(Organisation, Organisation.id == Consignment.creditor_id)
        .where(owned_by(actor, Consignment.creditor_id, Consignment.agency_id), Consignment.id == consignment_id)
    ).one_or_none()
    if row is None or row.sent_at is None:
        return None
    return add_business_hours(row.sent_at, row.hours, row.country, row.time_zone)


def name_of_partner(session: Session, actor: Actor, other_id: int) -> str:
    """The name of an organisation the actor's own works with; raises `NotFound` for any other."""
    require(actor, Permission.SLA_VIEW)
    theirs = PanelMember.agency_id if actor.side is Side.CREDITOR else PanelMember.creditor_id
    name = session.scalar(
        select(Organisation.name)
        .join(PanelMember, theirs == Organisation.id)
        .where(owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id), Organisation.id == other_id)
    )
    if name is None:
        raise NotFound
    return name


def _of_cases(session: Session, actor: Actor, now: datetime) -> Iterator[Compliance]:
    statement = text(_FIRST_ACTIVITY.format(mine=f"s.{_column(actor)}"))
    for row in session.execute(statement, {"tenant": actor.tenant, "now": now}):
        yield _compliance(
            row.creditor_id,
            row.agency_id,
            Clause.FIRST_ACTIVITY,
            met=row.met,
            missed=row.due - row.met,
            not_due=row.not_due,
            paused=row.paused,
            ahead=row.ahead,
            target_bp=row.target_bp,
        )


def _of_obligations(all_of_them: Iterable[Obligation], now: datetime) -> Iterator[Compliance]:
    grouped: dict[tuple[int, int, Clause], list[Obligation]] = defaultdict(list)
    for one in all_of_them:
        grouped[one.creditor_id, one.agency_id, one.clause].append(one)
    for (creditor_id, agency_id, clause), ones in grouped.items():
        stands = [one.outcome(now) for one in ones]
        yield _compliance(
            creditor_id,
            agency_id,
            clause,
            met=stands.count(Outcome.MET),
            missed=stands.count(Outcome.MISSED),
            not_due=stands.count(Outcome.NOT_DUE),
            paused=0,
            ahead=sum(one.due_at >= now and one.done_at is not None for one in ones),
            target_bp=max(one.target_bp for one in ones),
        )


def _compliance(
    creditor_id: int,
    agency_id: int,
    clause: Clause,
    *,
    met: int,
    missed: int,
    not_due: int,
    paused: int,
    ahead: int,
    target_bp: int,
) -> Compliance:
    low, high = wilson(met, met + missed)
    return Compliance(
        creditor_id, agency_id, clause, met + missed, met, missed, not_due, paused, target_bp, low, high, ahead
    )


def _column(actor: Actor) -> str:
    # Refuses other sides.
    owned_by(actor, Mandate.creditor_id, Mandate.agency_id)
    return "creditor_id" if actor.side is Side.CREDITOR else "agency_id"
