"""Every job runs in its owner's name, step by fenced step, and ends in a known state."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import text, update

from agencies.kernel import work
from agencies.kernel.errors import Conflict
from agencies.kernel.session import after_commit, transaction
from agencies.kernel.tenancy import WORKER, Actor, Side
from agencies.kernel.work import WorkState
from agencies.organisations.models import Organisation, OrganisationState, User, UserState
from agencies.organisations.permissions import PERMISSIONS, Role
from portal.jobs import frame
from portal.ports import Ports
from tests.jobs.counting import ask, counting, look, steps_of
from tests.tenants import PLATFORM, Tenants


class CasesMoved(Conflict):
    """A refusal of the tests."""


def make_due(ports: Ports) -> None:
    with ports.session(WORKER) as session, transaction(session):
        session.execute(text("update work set next_attempt_at = clock_timestamp(), lease_until = clock_timestamp()"))


def test_each_step_is_durable_with_its_progress_before_the_next_begins(ports: Ports, tenants: Tenants):
    seen = []

    def at(number, _job):
        row = look(ports, work_id)
        seen.append((number, steps_of(ports, tenants.creditor), row.stage, row.done, row.total, row.state))

    work_id = ask(ports, tenants.creditor, steps=3)
    assert frame.run(ports, work_id, {"count": counting(at=at)})

    assert seen == [
        (1, 0, "", 0, 0, WorkState.RUNNING),
        (2, 1, "counting", 1, 3, WorkState.RUNNING),
        (3, 2, "counting", 2, 3, WorkState.RUNNING),
    ]
    row = look(ports, work_id)
    assert (row.state, row.done, row.total, row.error) == (WorkState.DONE, 3, 3, None)


def test_a_second_run_of_done_work_does_nothing(ports: Ports, tenants: Tenants):
    work_id = ask(ports, tenants.creditor)
    assert frame.run(ports, work_id, {"count": counting()})

    assert not frame.run(ports, work_id, {"count": counting()})
    assert steps_of(ports, tenants.creditor) == 3


def test_the_job_acts_as_its_owner_stands_now(ports: Ports, tenants: Tenants):
    seen = []

    def at(_number, job):
        who = text("select current_user::text, current_setting('app.organisation')")
        seen.append((job.actor, tuple(job.session.execute(who).one())))

    work_id = ask(ports, tenants.agency, steps=1)
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(update(User).where(User.id == tenants.agency.user_id).values(role=Role.AGENT))
    frame.run(ports, work_id, {"count": counting(at=at)})

    ((actor, who),) = seen
    assert who == ("app_agency", str(tenants.agency.tenant))
    assert (actor.side, actor.organisation_id, actor.user_id) == (
        Side.AGENCY,
        tenants.agency.organisation_id,
        tenants.agency.user_id,
    )
    assert actor.permissions == PERMISSIONS[Role.AGENT]


def test_work_that_no_person_asked_for_may_do_what_its_task_says(ports: Ports, tenants: Tenants):
    seen = []
    nobody = Actor(side=Side.WORKER, organisation_id=tenants.creditor.tenant)
    work_id = ask(ports, nobody, steps=1)

    frame.run(ports, work_id, {"count": counting(at=lambda _number, job: seen.append(job.actor))})

    (actor,) = seen
    assert (actor.side, actor.user_id, actor.permissions) == (Side.CREDITOR, None, frozenset({"counting"}))


@pytest.mark.parametrize(
    "end",
    [
        lambda actor: update(User).where(User.id == actor.user_id).values(state=UserState.DISABLED),
        lambda actor: (
            update(Organisation).where(Organisation.id == actor.tenant).values(state=OrganisationState.SUSPENDED)
        ),
    ],
    ids=["the person is disabled", "the organisation is suspended"],
)
def test_nothing_is_done_for_an_owner_who_may_not_work_any_more(ports: Ports, tenants: Tenants, end):
    work_id = ask(ports, tenants.creditor)
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(end(tenants.creditor))

    frame.run(ports, work_id, {"count": counting()})

    row = look(ports, work_id)
    assert (row.state, row.error) == (WorkState.FAILED, "owner_inactive")


def test_a_refusal_ends_the_work_and_keeps_nothing_of_its_step(ports: Ports, tenants: Tenants):
    def at(number, _job):
        if number == 2:
            raise CasesMoved

    work_id = ask(ports, tenants.creditor)
    frame.run(ports, work_id, {"count": counting(at=at)})

    row = look(ports, work_id)
    assert (row.state, row.error, row.done) == (WorkState.FAILED, "cases_moved", 1)
    assert row.finished_at is not None
    assert steps_of(ports, tenants.creditor) == 1


def test_an_outage_puts_the_work_back_and_the_next_attempt_goes_on(ports: Ports, tenants: Tenants):
    failures = iter([ConnectionError("gone"), None, None])

    def at(number, _job):
        if number == 2 and (failure := next(failures)):
            raise failure

    work_id = ask(ports, tenants.creditor)
    tasks = {"count": counting(at=at)}
    assert not frame.run(ports, work_id, tasks)

    row = look(ports, work_id)
    assert (row.state, row.error, row.attempt) == (WorkState.QUEUED, "connection_error", 1)
    assert not frame.run(ports, work_id, tasks), "it must wait first"
    make_due(ports)
    assert frame.run(ports, work_id, tasks)
    assert steps_of(ports, tenants.creditor) == 3


def test_what_fails_every_time_ends_as_failed_with_its_reason(ports: Ports, tenants: Tenants):
    def at(_number, _job):
        raise ZeroDivisionError

    work_id = ask(ports, tenants.creditor)
    ended = []
    for _ in range(work.MAX_ATTEMPTS):
        make_due(ports)
        ended.append(frame.run(ports, work_id, {"count": counting(at=at)}))

    row = look(ports, work_id)
    assert (row.state, row.error, row.attempt) == (WorkState.FAILED, "zero_division_error", work.MAX_ATTEMPTS)
    assert ended == [False] * (work.MAX_ATTEMPTS - 1) + [True]
    assert steps_of(ports, tenants.creditor) == 0


def test_who_lost_the_lease_writes_nothing_and_says_nothing(ports: Ports, tenants: Tenants):
    def lose(number, _job):
        if number == 2:
            raise work.LeaseLost

    work_id = ask(ports, tenants.creditor)
    assert not frame.run(ports, work_id, {"count": counting(at=lose)})

    row = look(ports, work_id)
    assert (row.state, row.error, row.done) == (WorkState.RUNNING, None, 1)
    assert steps_of(ports, tenants.creditor) == 1


def test_an_orphan_is_stopped_by_the_fence_and_its_heir_does_the_rest_once(ports: Ports, tenants: Tenants):
    tasks = {"count": counting()}
    heir = []

    @contextmanager
    def taken_over(job):
        with tasks["count"].begin(job) as advance:

            def step():
                result = advance()
                if not heir and result is not None and result.done == 2:
                    # Between this step's commit and the orphan's next one, somebody else finishes the work.
                    after_commit(job.session, finish_elsewhere)
                return result

            yield step

    def finish_elsewhere():
        make_due(ports)
        heir.append(frame.run(ports, work_id, tasks))

    work_id = ask(ports, tenants.creditor, steps=5)
    assert not frame.run(ports, work_id, {"count": frame.Task(taken_over)})

    assert heir == [True]
    assert look(ports, work_id).state is WorkState.DONE
    assert steps_of(ports, tenants.creditor) == 5


def test_a_kind_nobody_knows_is_given_up(ports: Ports, tenants: Tenants):
    work_id = ask(ports, tenants.creditor, kind="juggle")

    frame.run(ports, work_id, {"count": counting()})

    row = look(ports, work_id)
    assert (row.state, row.error) == (WorkState.FAILED, frame.UNKNOWN_KIND)


def test_a_process_told_to_stop_hands_the_work_on_between_two_steps(ports: Ports, tenants: Tenants):
    work_id = ask(ports, tenants.creditor)
    stop = iter([False, False, True])

    assert not frame.run(ports, work_id, {"count": counting()}, lambda: next(stop))

    row = look(ports, work_id)
    assert (row.state, row.attempt, row.done, row.error) == (WorkState.QUEUED, 0, 2, None)
    assert frame.run(ports, work_id, {"count": counting()})
    assert steps_of(ports, tenants.creditor) == 3


def test_waits_double_are_spread_and_have_an_end():
    assert [frame.wait_seconds(attempt, 1.0) for attempt in (1, 2, 3, 4)] == [2, 4, 8, 16]
    assert frame.wait_seconds(3, 0.0) == 4
    assert frame.wait_seconds(60, 1.0) == 600


def test_a_failure_s_code_is_its_name_in_small_letters():
    assert frame.code_of(CasesMoved()) == "cases_moved"
    assert frame.code_of(KeyError()) == "key_error"


@pytest.mark.parametrize(
    "failure", [CasesMoved, ConnectionError, work.LeaseLost, None], ids=["refused", "outage", "taken over", "well"]
)
def test_what_a_task_opened_is_closed_however_it_ends(ports: Ports, tenants: Tenants, failure):
    closed = []

    @contextmanager
    def begin(_job):
        def advance():
            if failure:
                raise failure

        try:
            yield advance
        finally:
            closed.append(True)

    frame.run(ports, ask(ports, tenants.creditor), {"count": frame.Task(begin)})

    assert closed == [True]
