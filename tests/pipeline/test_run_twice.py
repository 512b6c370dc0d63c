"""Every job may run twice, also at the same time: what it does is done once."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from agencies.kernel import work
from agencies.kernel.audit import AuditEvent
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor
from agencies.kernel.work import WorkState
from agencies.organisations.models import OrganisationKind
from agencies.webhooks.catalogue import EVENTS
from portal.invariants import violations
from portal.jobs import tasks
from portal.jobs.schedules import DAILY, due_runs
from portal.jobs.sweep import Sweep
from portal.ports import Ports
from tests.pipeline.files import apply, look, portfolio, receive, send, works
from tests.pipeline.market_day import Day
from tests.pipeline.product import until
from tests.receiver import Obedient
from tests.tenants import Tenants
from uploads.models import UploadState

ROWS = 3_000
#: Every kind of work there is; a new one finds its place in the day below.
AGAIN = {
    "verify_chains",
    "open_upload",
    "check_upload",
    "apply_upload",
    "undo_upload",
    "open_report_periods",
    "remind_reports",
    "judge_conduct",
    "match_debtors",
    "advance_lot",
    "warn_expiries",
    "expire_approvals",
    "remind_signers",
    "warn_credentials",
    "warn_incidents",
    "take_over_application",
    "expire_applications",
    "execute_recalls",
    "recall_by_terms",
    "keep_retention",
    "sweep_files",
    "scan_file",
    "send_letter",
    "send_webhook",
    "rotate_keys",
}
#: Action of the trail -> the details a webhook's event is made of.
_PROMISED = {one.action: {*(source for source, _kind in one.about.values()), *one.facts} for one in EVENTS}
#: What doing something twice would show in.
HASHED = (
    "activities",
    "agency_credentials",
    "agency_documents",
    "agency_files",
    "audit_events",
    "balance_adjustments",
    "bank_accounts",
    "bids",
    "case_updates",
    "cases",
    "conduct_cells",
    "conduct_verdicts",
    "contact_points",
    "creditor_payments",
    "debtor_matches",
    "debtors",
    "entries",
    "file_verdicts",
    "findings",
    "inventories",
    "locate_orders",
    "lot_offers",
    "lots",
    "notices",
    "opened_bids",
    "payment_reversals",
    "payments",
    "placements",
    "portfolios",
    "postings",
    "principals",
    "promises",
    "recalls",
    "recovery_cells",
    "report_files",
    "report_versions",
    "reports",
    "returns",
    "sla_cells",
    "uploads",
)


def ask_again(ports: Ports) -> None:
    """Let all work that is done be done once more, as if its end had been lost."""
    with ports.session(WORKER) as session, transaction(session):
        session.execute(
            text("update work set state = 'queued', lease_token = null, next_attempt_at = clock_timestamp()")
        )


def everything(ports: Ports, actor) -> dict[str, list[tuple]]:
    """Digest of all rows the creditor has of an import."""
    tables = ("uploads", "upload_errors", "staged_portfolio", "portfolios", "debtors", "cases", "debtor_contacts")
    with ports.session(actor) as session:
        return {
            table: session.execute(
                text(f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t")
            ).all()
            for table in tables
        }


def test_a_check_and_an_apply_that_run_again_change_nothing(hasty_ports: Ports, tenants: Tenants):
    actor, sheet = tenants.creditor, portfolio(3, ROWS)
    upload_id = send(hasty_ports, actor, sheet)
    assert tasks.perform_due(hasty_ports) == 1
    checked = everything(hasty_ports, actor)
    ask_again(hasty_ports)
    assert tasks.perform_due(hasty_ports) == 1
    assert everything(hasty_ports, actor) == checked

    apply(hasty_ports, actor, upload_id)
    # Who was applied is compared with who was there.
    assert tasks.perform_due(hasty_ports) == 2
    applied = everything(hasty_ports, actor)
    ask_again(hasty_ports)
    assert tasks.perform_due(hasty_ports) == 3
    assert everything(hasty_ports, actor) == applied
    assert look(hasty_ports, actor, upload_id).rows_applied == sheet.good


def test_the_schedule_s_work_run_again_changes_nothing(hasty_ports: Ports, tenants: Tenants):
    Sweep(hasty_ports).begin_schedules(hasty_ports.now())
    assert tasks.perform_due(hasty_ports) == len(due_runs(hasty_ports, hasty_ports.now()))
    ask_again(hasty_ports)
    assert tasks.perform_due(hasty_ports) == len(due_runs(hasty_ports, hasty_ports.now()))
    assert list(violations(hasty_ports)) == []


def test_every_kind_of_work_is_one_that_is_run_again_here():
    assert set(tasks.TASKS) == AGAIN
    assert {one.kind for one in DAILY} < AGAIN


def test_every_kind_of_work_run_again_changes_nothing(hasty_ports: Ports, tenants: Tenants, ear: Obedient):
    day = Day(hasty_ports, tenants, rows=20, ear=ear)
    for _ in day.steps():
        until(lambda: tasks.perform_due(hasty_ports) >= 0 and day.is_done(), seconds=30)
    sweep = Sweep(hasty_ports)
    sweep.begin_schedules(hasty_ports.now())
    sweep.drain_outbox(hasty_ports.now())
    tasks.perform_due(hasty_ports)
    before, done = day.outcome(), digest(hasty_ports, tenants)
    assert before == day.expected()
    assert {one.kind for one in day.asked()} == AGAIN

    ask_again(hasty_ports)
    of_a_creditor = sum(one.organisations is OrganisationKind.CREDITOR for one in DAILY)
    # All of it, the other creditor's days, and the lot's second date, which is not come and does no harm.
    assert tasks.perform_due(hasty_ports) == len(day.asked()) + of_a_creditor

    assert day.outcome() == before
    assert digest(hasty_ports, tenants) == done
    assert {one.state for one in day.asked()} == {WorkState.DONE}
    assert list(violations(hasty_ports)) == []
    assert untold(hasty_ports, (tenants.creditor, tenants.agency, tenants.other_agency)) == set()


def untold(ports: Ports, actors: Sequence[Actor]) -> set[tuple[str, str]]:
    """Facts that a webhook's event promises and its line in the trail does not hold."""
    lacking, seen = set(), set()
    for actor in actors:
        with ports.session(actor) as session:
            for line in session.scalars(select(AuditEvent)):
                if line.action in _PROMISED:
                    seen.add(line.action)
                    told = json.loads(line.body)["details"]
                    lacking |= {(line.action, name) for name in _PROMISED[line.action] if name not in told}
    assert len(seen) > 8
    return lacking


def digest(ports: Ports, tenants: Tenants) -> dict[tuple[int, str], tuple]:
    """Hash of everything that each side can read, but for the work itself and what is told of it."""
    found = {}
    for actor in (tenants.creditor, tenants.agency, tenants.other_agency):
        with ports.session(actor) as session:
            for table in HASHED:
                if session.scalar(text("select has_table_privilege(current_user, :name, 'select')"), {"name": table}):
                    # That something was judged again is told again.
                    but = "where action <> 'conduct.judged'" if table == "audit_events" else ""
                    rows = text(f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t {but}")
                    found[actor.tenant, table] = tuple(session.execute(rows).one())
    return found


@pytest.mark.parametrize("lease_seconds", [1, 60], ids=["a lease that always runs out", "a lease that holds"])
def test_copies_of_one_job_at_the_same_time_do_it_once(hasty_ports: Ports, tenants: Tenants, lease_seconds):
    ports = replace(hasty_ports, settings=replace(hasty_ports.settings, work_lease_seconds=lease_seconds))
    actor, sheet = tenants.creditor, portfolio(4, ROWS)
    upload_id = send(ports, actor, sheet)
    for end in (UploadState.CHECKED, UploadState.APPLIED):
        (todo,) = [one.id for one in works(ports, actor) if one.state is not WorkState.DONE]
        start, ended, failures = threading.Barrier(4), [], []

        def run(work_id=todo, start=start, ended=ended, failures=failures):
            start.wait()
            try:
                ended.append(tasks.perform(ports, work_id))
            except Exception as failure:  # noqa: BLE001 - told to the test's own thread
                failures.append(failure)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        assert ended.count(True) == 1
        assert look(ports, actor, upload_id).state is end
        if end is UploadState.CHECKED:
            apply(ports, actor, upload_id)

    upload = look(ports, actor, upload_id)
    assert (upload.rows_read, upload.rows_applied) == (sheet.rows, sheet.good)
    assert list(violations(ports)) == []


def test_the_same_file_again_is_the_same_upload_and_the_same_work(hasty_ports: Ports, tenants: Tenants):
    actor, sheet = tenants.creditor, portfolio(5, 300)
    first = send(hasty_ports, actor, sheet)
    tasks.perform_due(hasty_ports)
    again = receive(hasty_ports, actor, sheet.data, "otro nombre.csv")

    assert (again.is_repeat, again.upload.id) == (True, first)
    assert len(works(hasty_ports, actor)) == 1


def test_a_job_in_another_organisation_s_name_finds_nothing(hasty_ports: Ports, tenants: Tenants):
    sheet = portfolio(6, 300)
    upload_id = send(hasty_ports, tenants.creditor, sheet)
    thief = tenants.other_creditor
    with hasty_ports.session(thief) as session, transaction(session):
        planted = work.request(
            session, thief, "check_upload", "planted", {"upload_id": upload_id}, now=hasty_ports.now()
        )

    tasks.perform(hasty_ports, planted)

    with hasty_ports.session(WORKER) as session:
        found = session.get_one(work.Work, planted)
    assert (found.state, found.error) == (WorkState.FAILED, "not_found")
    assert look(hasty_ports, tenants.creditor, upload_id).rows_read == 0
