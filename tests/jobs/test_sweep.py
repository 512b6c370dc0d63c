"""The sweep finds what got lost, may run in any number, and survives what it depends on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, text, update

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Role
from portal.jobs import doorbell, frame
from portal.jobs.progress import standing
from portal.jobs.schedules import due_runs
from portal.jobs.sweep import Sweep
from portal.ports import Ports
from tests.jobs.counting import ask, counting, look
from tests.tenants import PLATFORM, Tenants, add_person


def scheduled(ports: Ports) -> list[tuple[int, str]]:
    with ports.session(WORKER) as session:
        rows = session.execute(
            text("select organisation_id, key from work where kind = 'open_report_periods' order by id")
        )
        return [(row.organisation_id, row.key) for row in rows]


def sweep(ports: Ports) -> Sweep:
    return Sweep(ports)


def test_a_ring_that_redis_forgot_is_rung_again(ports: Ports, tenants: Tenants, queue, now):
    work_id = ask(ports, tenants.creditor)
    doorbell.ring(ports)
    queue.delete(delete_jobs=True)
    assert queue.count == 0

    assert sweep(ports).ring_overdue(now) == 1
    assert queue.job_ids == [f"{queue.name}-{work_id}"]
    assert sweep(ports).ring_overdue(now) == 0


def test_work_in_hand_done_or_waiting_is_not_rung(ports: Ports, tenants: Tenants, queue, now):
    done = ask(ports, tenants.creditor, key="done")
    frame.run(ports, done, {"count": counting()})
    waiting = ask(ports, tenants.other_creditor, key="waiting")
    frame.run(ports, waiting, {"count": counting(at=lambda *_: 1 / 0)})
    rung = []

    def at(_number, _job):
        rung.append(sweep(ports).ring_overdue(now))

    held = ask(ports, tenants.agency, key="held", steps=2)
    frame.run(ports, held, {"count": counting(at=at)})

    assert rung == [0, 0]
    assert look(ports, waiting).error == "zero_division_error"


def test_a_message_left_by_a_dead_process_is_sent(ports: Ports, tenants: Tenants, queue, now):
    ask(ports, tenants.creditor)

    assert sweep(ports).drain_outbox(now) == 1
    assert queue.count == 1


def test_a_schedule_begins_once_a_day_where_each_creditor_is(ports: Ports, tenants: Tenants):
    santiago = add_person(ports, Role.DIRECTOR, "Banco Sur", time_zone="America/Santiago")
    night = datetime(2026, 3, 12, 3, 30, tzinfo=UTC)  # still 11 March in Bogotá, already 12 March in Santiago
    first, second = sweep(ports), sweep(ports)
    for now in (night, night + timedelta(minutes=1), night + timedelta(hours=2)):
        first.begin_schedules(now)
        second.begin_schedules(now)

    assert scheduled(ports) == [
        (tenants.creditor.tenant, "2026-03-11"),
        (tenants.other_creditor.tenant, "2026-03-11"),
        (santiago.tenant, "2026-03-12"),
        (tenants.creditor.tenant, "2026-03-12"),
        (tenants.other_creditor.tenant, "2026-03-12"),
    ]


def test_a_suspended_creditor_s_schedules_rest(ports: Ports, tenants: Tenants, now):
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(
            update(Organisation)
            .where(Organisation.id == tenants.creditor.tenant)
            .values(state=OrganisationState.SUSPENDED)
        )

    sweep(ports).begin_schedules(now)

    assert [owner for owner, _ in scheduled(ports)] == [tenants.other_creditor.tenant]


def test_a_dead_redis_stops_no_sweep(ports: Ports, tenants: Tenants, now, tmp_path):
    ask(ports, tenants.creditor)
    deaf = replace(ports, settings=replace(ports.settings, redis_url=f"unix://{tmp_path}/nobody.sock"))

    assert sweep(deaf).once(now) == len(due_runs(ports, now)), "the schedules begin all the same"
    assert len(scheduled(ports)) == 2


def test_a_dead_database_stops_no_sweep(ports: Ports, now, tmp_path):
    nowhere = create_engine(ports.engine.url.update_query_dict({"host": str(tmp_path)}))

    assert sweep(replace(ports, engine=nowhere)).once(now) == 0


def test_old_messages_are_forgotten_now_and_then(ports: Ports, tenants: Tenants, queue, now):
    ask(ports, tenants.creditor)
    doorbell.ring(ports)
    later = datetime.now(UTC) + timedelta(days=8)
    one = sweep(ports)

    assert one.purge_outbox(later) == 1
    assert one.purge_outbox(later + timedelta(minutes=1)) == 0


def test_the_standing_tells_what_waits_and_how_long(ports: Ports, tenants: Tenants, queue):
    frame.run(ports, ask(ports, tenants.creditor, key="done"), {"count": counting()})
    frame.run(ports, ask(ports, tenants.creditor, key="lost"), {})
    ask(ports, tenants.creditor, key="waiting")
    doorbell.ring(ports)
    with ports.session(WORKER) as session, transaction(session):
        session.execute(
            text("update work set next_attempt_at = clock_timestamp() - interval '90 s' where key = 'waiting'")
        )

    found = standing(ports)

    assert (found.queued, found.running, found.failed, found.oldest_unsent_seconds) == (1, 0, 1, 0)
    assert 90 <= found.oldest_due_seconds < 120
