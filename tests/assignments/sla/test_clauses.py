"""Acknowledgements, reports and recalls counted by hand, and what the figures say together."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.mandates.models import Clause
from agencies.scorecards.intervals import wilson
from assignments.cases.queries import Selection
from assignments.placements import recalls
from assignments.placements.models import Recall, RecallReason
from assignments.placements.recall_scope import Scope
from assignments.reports import service as reports
from assignments.reports.models import Report
from assignments.sla import enquiries
from assignments.sla.clocks import Light, Outcome, light, outcome
from assignments.sla.models import EnquirySubject
from assignments.sla.queries import compliance
from tests.assignments.sla.events import Between
from uploads.models import UploadKind


@pytest.fixture
def between(ports, tenants) -> Between:
    return Between(ports, tenants.creditor, tenants.agency)


#: Sent, acknowledged or not; looks: instant -> met, missed, not yet due, paused. There are 48 business hours.
ACKNOWLEDGED = {
    "in time": ("2026-03-10T09:00", "2026-03-12T09:00", {"2026-03-12T09:00": (0, 0, 1, 0), "2026-03-13": (1, 0, 0, 0)}),
    "a minute late": ("2026-03-10T09:00", "2026-03-12T09:01", {"2026-03-13": (0, 1, 0, 0)}),
    "never": ("2026-03-10T09:00", None, {"2026-03-12T09:00": (0, 0, 1, 0), "2026-03-12T09:01": (0, 1, 0, 0)}),
    # Friday noon; Monday the 23rd is a holiday: 12 hours, then Tuesday, then Wednesday until noon.
    "over a long weekend": ("2026-03-20T12:00", "2026-03-25T12:00", {"2026-03-25T12:01": (1, 0, 0, 0)}),
    # From Monday the 30th: two more days are over at Wednesday the 1st of April.
    "over the end of a month": ("2026-03-30T09:00", "2026-04-01T10:00", {"2026-04-02": (0, 1, 0, 0)}),
}


@pytest.mark.parametrize(("sent", "taken_on", "looks"), ACKNOWLEDGED.values(), ids=ACKNOWLEDGED.keys())
def test_acknowledgements_are_counted_as_by_hand(between, sent, taken_on, looks):
    between.place("A", "B", at=sent)
    if taken_on:
        between.acknowledge(taken_on)
    for at, expected in looks.items():
        assert between.counts(Clause.ACKNOWLEDGE, at) == expected, at


def test_what_went_back_in_time_needed_no_acknowledgement(between):
    between.place("A", at="2026-03-10T09:00")
    between.end("A", "2026-03-10T12:00")
    assert between.figures(Clause.ACKNOWLEDGE, "2026-03-20") is None


def test_what_went_back_too_late_was_not_acknowledged(between):
    between.place("A", at="2026-03-10T09:00")
    between.end("A", "2026-03-13T12:00")
    assert between.counts(Clause.ACKNOWLEDGE, "2026-03-20") == (0, 1, 0, 0)


def test_reports_are_counted_by_their_due_day(between):
    """January is due on the 6th of February 2026, February on the 6th of March, March on the 9th of April."""
    between.place("A", at="2026-01-12T10:00")
    with between.ports.session(between.creditor) as session, transaction(session):
        reports.open_periods(session, between.creditor, now=between.at("2026-04-01T08:00"))
    with between.ports.session(between.agency) as session:
        ids = session.scalars(select(Report.id).order_by(Report.period_start)).all()
    for report_id, at in ((ids[0], "2026-02-06T23:59"), (ids[1], "2026-03-07T00:01")):
        for kind in (UploadKind.PAYMENTS, UploadKind.ACTIVITIES):
            with between.ports.session(between.agency) as session, transaction(session):
                reports.declare_nothing(session, between.agency, report_id, kind=kind, now=between.at(at))
    assert between.counts(Clause.REPORT_ON_TIME, "2026-04-01T08:00") == (1, 1, 1, 0)
    assert between.counts(Clause.REPORT_ON_TIME, "2026-04-20T08:00") == (1, 2, 0, 0)


def request(between: Between, *, effective_on: date, at: str) -> int:
    with between.ports.session(between.creditor) as session, transaction(session):
        [recall] = recalls.request(
            session,
            between.creditor,
            Scope(selection=Selection()),
            reason=RecallReason.STRATEGY,
            effective_on=effective_on,
            now=between.at(at),
        )
        return recall.id


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ("2026-03-16T09:00", (1, 0, 0, 0)),
        ("2026-03-16T09:01", (0, 1, 0, 0)),
        (None, (0, 1, 0, 0)),
    ],
    ids=["on Monday at the same hour", "a minute later", "never"],
)
def test_recalls_are_counted_as_by_hand(between, answered, expected):
    between.place("A", "B", at="2026-03-10T09:00")
    between.acknowledge("2026-03-10T10:00")
    recall_id = request(between, effective_on=date(2026, 3, 27), at="2026-03-13T09:00")
    assert between.counts(Clause.RECALL_ANSWERED, "2026-03-16T09:00") == (0, 0, 1, 0)
    if answered:
        with between.ports.session(between.agency) as session, transaction(session):
            recalls.accept(session, between.agency, recall_id, now=between.at(answered))
    assert between.counts(Clause.RECALL_ANSWERED, "2026-03-18T09:00") == expected


def test_a_recall_that_was_withdrawn_needs_no_answer(between):
    between.place("A", at="2026-03-10T09:00")
    recall_id = request(between, effective_on=date(2026, 3, 27), at="2026-03-13T09:00")
    with between.ports.session(between.creditor) as session, transaction(session):
        recalls.withdraw(session, between.creditor, recall_id, now=between.at("2026-03-13T10:00"))
        assert session.scalars(select(Recall.id)).all() == [recall_id]
    assert between.figures(Clause.RECALL_ANSWERED, "2026-03-20T09:00") is None


def test_a_recall_ends_the_time_of_its_cases(between):
    """Two cases taken on at nine and recalled at noon at once: neither was owed an activity any more."""
    between.place("A", "B", at="2026-03-10T09:00")
    between.acknowledge("2026-03-11T09:00")
    between.work("A", "2026-03-11T10:00")
    request(between, effective_on=date(2026, 3, 11), at="2026-03-11T12:00")
    assert between.counts(Clause.FIRST_ACTIVITY, "2026-03-13T09:00") == (1, 0, 0, 0)


def test_a_share_has_its_numerator_denominator_interval_and_target(between):
    between.place(*(f"A{n}" for n in range(8)), at="2026-03-10T09:00")
    between.acknowledge("2026-03-11T09:00")
    for n in range(6):
        between.work(f"A{n}", "2026-03-11T10:00")
    figures = between.figures(Clause.FIRST_ACTIVITY, "2026-03-20T09:00")
    assert (figures.met, figures.due, figures.share, figures.target_bp) == (6, 8, 0.75, 9_500)
    assert (figures.low, figures.high) == wilson(6, 8)
    with between.ports.session(between.creditor) as session:
        order = [one.clause for one in compliance(session, between.creditor, now=between.at("2026-03-20T09:00"))]
    assert order == [Clause.ACKNOWLEDGE, Clause.FIRST_ACTIVITY]


DUE = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("met", "due", "expected"),
    [
        (0, 0, Light.UNKNOWN),
        (95, 100, Light.GOOD),
        (94, 100, Light.DOUBTFUL),
        (7, 8, Light.DOUBTFUL),
        (70, 100, Light.BAD),
    ],
)
def test_the_light_turns_red_only_where_chance_does_not_explain_it(met, due, expected):
    assert light(met, due, wilson(met, due)[1], 9_500) is expected


@pytest.mark.parametrize(
    ("done", "now", "is_paused", "expected"),
    [
        (None, 12, False, Outcome.NOT_DUE),
        (11, 12, False, Outcome.NOT_DUE),
        (12, 13, False, Outcome.MET),
        (13, 13, False, Outcome.MISSED),
        (None, 13, False, Outcome.MISSED),
        (None, 13, True, Outcome.PAUSED),
    ],
)
def test_an_obligation_stands_by_its_due_instant(between, done, now, is_paused, expected):
    def at(day: int | None):
        return None if day is None else between.at(f"2026-03-{day}T09:00")

    assert outcome(at(12), at(done), at(now), is_paused=is_paused) is expected


def test_questions_are_for_those_who_hold_the_case_and_those_who_may_answer(between, tenants):
    between.place("A", at="2026-03-10T09:00")
    asked = between.ask("A", "2026-03-10T10:00")
    now = between.at("2026-03-10T11:00")
    for stranger in (tenants.other_agency, tenants.creditor):
        with between.ports.session(stranger) as session, pytest.raises((NotFound, Forbidden)):
            enquiries.ask(session, stranger, asked.case_id, subject=EnquirySubject.OTHER, question="¿?", now=now)
    with between.ports.session(between.agency) as session, pytest.raises(enquiries.AlreadyAsked):
        enquiries.ask(session, between.agency, asked.case_id, subject=EnquirySubject.OTHER, question="¿?", now=now)
    for stranger in (tenants.other_creditor, tenants.agency):
        with between.ports.session(stranger) as session, pytest.raises((NotFound, Forbidden)):
            enquiries.answer(session, stranger, asked.id, text="No.", now=now)
    between.answer(asked, "2026-03-10T12:00")
    with between.ports.session(between.creditor) as session, pytest.raises(enquiries.AlreadyAnswered):
        enquiries.answer(session, between.creditor, asked.id, text="Otra vez.", now=now)
    with between.ports.session(tenants.other_agency) as session:
        assert enquiries.list_enquiries(session, tenants.other_agency).rows == ()
