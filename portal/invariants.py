"""What must hold whatever was killed, cut off or sent twice: each check names the rows that break it, so none is good.

The checks run under each organisation's own role, because no role sees everybody's rows, and the owner of the tables
sees none. Ids only: what is found may be printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.tenancy import WORKER, Actor, Side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments import performance
from assignments.ledger import statements
from assignments.sla import service as sla
from portal.invariants_of_balances import BALANCES
from portal.ports import LOGIN_MAY_TOO_MUCH, Ports


@dataclass(frozen=True)
class Violation:
    """One row that must not be."""

    invariant: str
    organisation_id: int | None
    #: Which row, as ids and keys.
    subject: str


_MAY_JUDGE = frozenset({Permission.SCORECARD_VIEW})
_BOTH = {Side.CREDITOR, Side.AGENCY}

#: Code -> the sides it is checked on, and the statement that must find nothing.
CHECKS: dict[str, tuple[set[Side], str]] = {
    "case_twice": (
        {Side.CREDITOR},
        "select creditor_id, account_ref from cases group by 1, 2 having count(*) > 1",
    ),
    "upload_loses_rows": (
        _BOTH,
        """
        select id as upload_id from uploads
        where state = 'applied' and rows_read <> rows_applied + rows_unchanged + rows_rejected
        """,
    ),
    "portfolio_differs_from_its_cases": (
        {Side.CREDITOR},
        """
        select p.id as portfolio_id from portfolios p
        left join cases c on c.creditor_id = p.creditor_id and c.portfolio_id = p.id
        join uploads u on u.organisation_id = p.creditor_id and u.id = p.upload_id
        group by p.creditor_id, p.id, p.cases, p.placed_minor, u.rows_applied
        having count(c.id) <> p.cases or coalesce(sum(c.placed_minor), 0) <> p.placed_minor
            or u.rows_applied <> p.cases
        """,
    ),
    "case_of_an_upload_not_applied": (
        {Side.CREDITOR},
        """
        select c.id as case_id from cases c
        join portfolios p on p.creditor_id = c.creditor_id and p.id = c.portfolio_id
        join uploads u on u.organisation_id = p.creditor_id and u.id = p.upload_id
        where u.state <> 'applied'
        """,
    ),
    "payment_of_an_upload_not_applied": (
        {Side.AGENCY},
        """
        select p.id as payment_id from payments p
        join uploads u on u.organisation_id = p.agency_id and u.id = p.upload_id where u.state <> 'applied'
        """,
    ),
    "promise_differs_from_what_was_said": (
        _BOTH,
        """
        select p.agency_id, p.id as promise_id from promises p
        left join lateral (
            select s.state from promise_statements s
            where s.creditor_id = p.creditor_id and s.agency_id = p.agency_id and s.promise_id = p.id
            order by s.told_at desc, s.id desc limit 1
        ) s on true
        where s.state is distinct from p.stated_state
        """,
    ),
    "promise_out_of_step_with_its_file": (
        {Side.AGENCY},
        """
        select p.id as promise_id from promises p
        join uploads u on u.organisation_id = p.agency_id and u.id = p.upload_id
        where u.state <> case when p.withdrawn_at is null then 'applied' else 'undone' end
        """,
    ),
    "inventory_differs_from_its_rows": (
        _BOTH,
        """
        select i.agency_id, i.id as inventory_id from inventories i
        left join inventory_differences d on d.creditor_id = i.creditor_id and d.agency_id = i.agency_id
                                         and d.inventory_id = i.id
        group by i.creditor_id, i.agency_id, i.id, i.listed, i.matched, i.counts
        having count(d.line) <> i.listed - i.matched
            or count(d.id) <> (select coalesce(sum(value::bigint), 0) from jsonb_each_text(i.counts))
        """,
    ),
    "activity_of_an_upload_not_applied": (
        {Side.AGENCY},
        """
        select a.id as activity_id from activities a
        join uploads u on u.organisation_id = a.agency_id and u.id = a.upload_id where u.state <> 'applied'
        """,
    ),
    "two_live_placements": (
        {Side.CREDITOR},
        """
        select case_id from placements where ended_at is null
        group by creditor_id, case_id, service having count(*) > 1
        """,
    ),
    "holder_is_not_who_it_is_placed_with": (
        {Side.CREDITOR},
        """
        select c.id as case_id from cases c
        left join placements p on p.creditor_id = c.creditor_id and p.case_id = c.id
                              and p.ended_at is null and p.service = 'collect'
        where c.agency_id is distinct from p.agency_id or (c.state = 'placed') <> (p.id is not null)
        """,
    ),
    "point_of_a_finding_not_released": (
        {Side.CREDITOR},
        """
        select p.id as point_id from contact_points p
        left join findings f on f.creditor_id = p.creditor_id and f.id = p.finding_id
        where p.finding_id is not null
          and (f.id is null or f.released_at is null or f.authorisation <> 'authorised' or f.form <> p.form)
        """,
    ),
    "released_finding_without_its_point": (
        {Side.CREDITOR},
        """
        select f.id as finding_id from findings f
        left join contact_points p on p.creditor_id = f.creditor_id and p.finding_id = f.id
        where f.released_at is not null and p.id is null
        """,
    ),
    "person_of_an_order_that_has_ended": (
        {Side.CREDITOR},
        """
        select s.order_id from locate_subjects s
        join locate_orders o on o.creditor_id = s.creditor_id and o.agency_id = s.agency_id and o.id = s.order_id
        where o.closed_at is not null
        """,
    ),
    "point_not_with_whoever_works_the_debtor": (
        {Side.CREDITOR},
        """
        select p.id as point_id from contact_points p
        join debtors d on d.creditor_id = p.creditor_id and d.id = p.debtor_id
        where p.finding_id is not null and p.agency_id is distinct from d.agency_id
        """,
    ),
    # Access ends with the last case: neither the debtor nor a way to reach it stays behind.
    "access_without_a_case": (
        {Side.CREDITOR},
        """
        select 'debtor' as what, d.id from debtors d where d.agency_id is not null and not exists (
            select from cases c
            where c.creditor_id = d.creditor_id and c.debtor_id = d.id and c.agency_id = d.agency_id)
        union all
        select 'contact point', p.id from contact_points p where p.agency_id is not null and not exists (
            select from cases c
            where c.creditor_id = p.creditor_id and c.debtor_id = p.debtor_id and c.agency_id = p.agency_id)
        """,
    ),
    "placement_ended_halfway": (
        {Side.CREDITOR},
        "select id as placement_id from placements where (state in ('ended', 'rejected')) <> (ended_at is not null)",
    ),
    "two_live_locate_orders": (
        {Side.CREDITOR},
        "select case_id from locate_orders where closed_at is null group by creditor_id, case_id having count(*) > 1",
    ),
    # What a creditor may read of bids it reads after the time for them is over, and only then.
    "bid_opened_before_its_time": (
        {Side.CREDITOR},
        """
        select b.lot_id, b.agency_id from opened_bids b
        join lots l on l.creditor_id = b.creditor_id and l.id = b.lot_id
        where l.state in ('draft', 'listed') or b.opened_at < l.bids_until or b.submitted_at > l.bids_until
        """,
    ),
    "bid_differs_from_its_opening": (
        {Side.AGENCY},
        """
        select b.creditor_id, b.lot_id from bids b
        join lot_offers o on o.creditor_id = b.creditor_id and o.agency_id = b.agency_id and o.lot_id = b.lot_id
        left join opened_bids x on x.creditor_id = b.creditor_id and x.agency_id = b.agency_id and x.lot_id = b.lot_id
        where o.state in ('closed', 'awarded', 'expired') and (b.state = 'submitted') <> (x.lot_id is not null)
           or (x.commission_bp, x.bands, x.submitted_at) <> (b.commission_bp, b.bands, b.submitted_at)
        """,
    ),
    # What was bid on is what is awarded.
    "lot_differs_from_its_cases": (
        {Side.CREDITOR},
        """
        select l.id as lot_id from lots l
        where l.listed_at is not null and l.cases <> (
            select count(*) from lot_cases c where c.creditor_id = l.creditor_id and c.lot_id = l.id)
        """,
    ),
    "award_beyond_its_lot": (
        {Side.CREDITOR},
        """
        select l.id as lot_id, p.case_id from lots l
        join consignments s on s.creditor_id = l.creditor_id and s.wave_id = l.wave_id
        join placements p on p.creditor_id = s.creditor_id and p.consignment_id = s.id
        where not exists (
            select from lot_cases c
            where c.creditor_id = l.creditor_id and c.lot_id = l.id and c.case_id = p.case_id)
        """,
    ),
    # Agencies are told of a lot what the creditor has decided.
    "offer_differs_from_its_lot": (
        {Side.CREDITOR},
        """
        select o.lot_id, o.agency_id from lot_offers o
        join lots l on l.creditor_id = o.creditor_id and l.id = o.lot_id
        where o.state <> l.state or coalesce(o.outcome = 'won', false) <> (o.mandate_id is not null)
           or (o.outcome = 'won' and l.state <> 'awarded')
        """,
    ),
    "recall_out_of_step": (
        {Side.CREDITOR},
        """
        select l.id as placement_id from placements l
        left join recalls r on r.creditor_id = l.creditor_id and r.agency_id = l.agency_id and r.id = l.recall_id
        where l.ended_at is null
          and coalesce(case r.state when 'pending' then 'recall_pending' when 'objected' then 'recall_objected' end,
                       'none')
              <> case when l.state in ('recall_pending', 'recall_objected') then l.state else 'none' end
        """,
    ),
    "report_without_its_version": (
        {Side.CREDITOR},
        """
        select r.id as report_id from reports r
        left join report_versions v on v.creditor_id = r.creditor_id and v.agency_id = r.agency_id
                                   and v.report_id = r.id
        group by r.creditor_id, r.agency_id, r.id, r.version, r.submitted_at
        having count(v.version) <> r.version or (r.version > 0) <> (r.submitted_at is not null)
        """,
    ),
    **BALANCES,
    "conduct_cells_differ_from_the_verdicts": (
        {Side.CREDITOR},
        """
        select agency_id, month, verdict, code
        from (select * from conduct_cells where activities <> 0 or shared <> 0) c
        full join (
            select agency_id, date_trunc('month', day)::date as month, verdict, code, count(*) as judged,
                   count(*) filter (where is_shared) as together
            from conduct_verdicts group by 1, 2, 3, 4
        ) v using (agency_id, month, verdict, code)
        where c.activities is distinct from v.judged or c.shared is distinct from v.together
        """,
    ),
}

#: Of the installation as a whole, under the worker's role.
COMMON_CHECKS = {
    "login_may_too_much": LOGIN_MAY_TOO_MUCH,
    "work_is_stuck": """
        select id as work_id from work where state in ('queued', 'running')
          and next_attempt_at < clock_timestamp() - interval '5 minutes'
        """,
    "message_is_stuck": """
        select id as message_id from outbox
        where sent_at is null and created_at < clock_timestamp() - interval '5 minutes'
        """,
}


def violations(ports: Ports) -> Iterator[Violation]:
    """Every row of every organisation that must not be."""
    for organisation_id, side in organisations(ports):
        if side in _BOTH:
            actor = Actor(side=side, organisation_id=organisation_id, permissions=_MAY_JUDGE)
            with ports.session(actor) as session:
                yield from _of_organisation(session, actor)
    with ports.session(WORKER) as session:
        for code, statement in COMMON_CHECKS.items():
            yield from _found(session, code, statement, None)


def broken_links(ports: Ports) -> Iterator[audit.BrokenLink]:
    """Every place where an organisation's audit chain does not hold."""
    for organisation_id, _side in organisations(ports):
        with ports.session(Actor(side=Side.PLATFORM)) as session:
            yield from audit.verify_chain(session, organisation_id)


def organisations(ports: Ports) -> list[tuple[int, Side]]:
    """Every organisation there is, suspended ones too."""
    with ports.session(WORKER) as session:
        rows = session.execute(select(Organisation.id, Organisation.kind).order_by(Organisation.id))
        return [(row.id, Side(row.kind.value)) for row in rows]


def _of_organisation(session: Session, actor: Actor) -> Iterator[Violation]:
    for code, (sides, statement) in CHECKS.items():
        if actor.side in sides:
            yield from _found(session, code, statement, actor.tenant)
    if actor.side is Side.CREDITOR:
        if cells := sla.differing(session, actor):
            yield Violation("sla_cells_differ_from_the_records", actor.tenant, f"cells={cells}")
        for problem in statements.verify(session):
            subject = f"agency_id={problem.agency_id} id={problem.subject_id}"
            yield Violation(problem.code, actor.tenant, subject)
        if cells := performance.differing(session, actor):
            yield Violation("cells_differ_from_the_records", actor.tenant, f"cells={cells}")


def _found(session: Session, code: str, statement: str, organisation_id: int | None) -> Iterator[Violation]:
    for row in session.execute(text(statement)).mappings():
        yield Violation(code, organisation_id, " ".join(f"{name}={value}" for name, value in row.items()))
