"""First activities counted by hand: what happened, and how many cases are met, missed, not yet due and paused."""

from __future__ import annotations

import pytest

from agencies.kernel.errors import Forbidden, NotFound
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise
from agencies.organisations.permissions import Role
from assignments.sla.cases import cases_of
from assignments.sla.clocks import Outcome
from assignments.sla.queries import compliance, name_of_partner
from tests.assignments.sla.events import Between
from tests.tenants import add_person

FIRST = Clause.FIRST_ACTIVITY

#: Two cases, A and B, taken on at an hour; then events; then looks: instant -> met, missed, not yet due, paused.
#: There are 24 business hours to the first activity.
COUNTED = {
    "worked in time and not at all": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-12T08:59")],
        {"2026-03-12T09:00": (0, 0, 2, 0), "2026-03-12T09:01": (1, 1, 0, 0)},
    ),
    "on the instant is in time": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-12T09:00")],
        {"2026-03-12T10:00": (1, 1, 0, 0)},
    ),
    "a minute late is missed, done or not": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-12T09:01")],
        {"2026-03-12T10:00": (0, 2, 0, 0)},
    ),
    "a second activity changes nothing": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-11T10:00"), ("work", "A", "2026-03-13T10:00")],
        {"2026-03-14T10:00": (1, 1, 0, 0)},
    ),
    "over a weekend and a holiday": (
        # Friday; Monday the 23rd is Saint Joseph's.
        "2026-03-20T12:00",
        [("work", "A", "2026-03-24T11:00")],
        {"2026-03-24T12:00": (0, 0, 2, 0), "2026-03-24T12:01": (1, 1, 0, 0)},
    ),
    "over the end of a month": (
        # Thursday; Friday the 1st of May is a holiday.
        "2026-04-30T15:00",
        [("work", "B", "2026-05-04T14:00")],
        {"2026-05-04T15:00": (0, 0, 2, 0), "2026-05-05T00:00": (1, 1, 0, 0)},
    ),
    "told later, but done in time": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-11T17:00", "2026-04-02T09:00")],
        {"2026-04-03T09:00": (1, 1, 0, 0)},
    ),
    "an earlier activity comes to be known after a late one": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-13T09:00"), ("work", "A", "2026-03-11T17:00", "2026-03-14T09:00")],
        {"2026-03-15T09:00": (1, 1, 0, 0)},
    ),
    "an open enquiry stops its case and no other": (
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-11T12:00")],
        {"2026-03-11T13:00": (0, 0, 1, 1), "2026-03-20T12:00": (0, 1, 0, 1)},
    ),
    "an answer lets the rest of the time run": (
        # Three hours had run; from Friday 16:00, 21 more end on Monday at 13:00.
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-11T12:00"), ("answer", "A", "2026-03-13T16:00"), ("work", "A", "2026-03-16T12:59")],
        {"2026-03-16T13:00": (0, 1, 1, 0), "2026-03-16T13:01": (1, 1, 0, 0)},
    ),
    "after an answer it can still be missed": (
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-11T12:00"), ("answer", "A", "2026-03-13T16:00"), ("work", "A", "2026-03-16T13:01")],
        {"2026-03-17T09:00": (0, 2, 0, 0)},
    ),
    "two enquiries stop it twice": (
        # 24 hours of Wednesday and Thursday, less two pauses of two hours each.
        "2026-03-11T09:00",
        [
            ("ask", "A", "2026-03-11T12:00"),
            ("answer", "A", "2026-03-11T14:00"),
            ("ask", "A", "2026-03-11T15:00"),
            ("answer", "A", "2026-03-11T17:00"),
            ("work", "A", "2026-03-12T13:00"),
        ],
        {"2026-03-12T12:00": (0, 1, 1, 0), "2026-03-12T14:00": (1, 1, 0, 0)},
    ),
    "a question at the weekend takes no time": (
        "2026-03-13T09:00",
        [("ask", "A", "2026-03-14T09:00"), ("answer", "A", "2026-03-15T09:00")],
        {"2026-03-16T09:00": (0, 0, 2, 0), "2026-03-16T09:01": (0, 2, 0, 0)},
    ),
    "asking when the time is up heals nothing": (
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-12T09:30")],
        {"2026-03-12T10:00": (0, 2, 0, 0)},
    ),
    "asking after the first activity stops nothing": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-11T10:00"), ("ask", "A", "2026-03-11T12:00")],
        {"2026-03-11T13:00": (0, 0, 2, 0), "2026-03-13T10:00": (1, 1, 0, 0)},
    ),
    "worked while the question is open": (
        # Without an answer the case waits; with it, it was in time.
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-11T12:00"), ("work", "A", "2026-03-13T12:00"), ("answer", "A", "2026-03-18T12:00")],
        {"2026-03-20T12:00": (1, 1, 0, 0)},
    ),
    "a case that leaves in time is no obligation": (
        "2026-03-11T09:00",
        [("end", "A", "2026-03-11T12:00")],
        {"2026-03-11T13:00": (0, 0, 1, 0), "2026-03-12T10:00": (0, 1, 0, 0)},
    ),
    "a case that leaves too late was missed": (
        "2026-03-11T09:00",
        [("end", "A", "2026-03-12T12:00")],
        {"2026-03-12T13:00": (0, 2, 0, 0)},
    ),
    "a case that leaves after it was worked was met": (
        "2026-03-11T09:00",
        [("work", "A", "2026-03-11T10:00"), ("end", "A", "2026-03-11T12:00")],
        {"2026-03-12T13:00": (1, 1, 0, 0)},
    ),
    "it left in time, and later it turns out that it had been worked": (
        "2026-03-11T09:00",
        [("end", "A", "2026-03-11T12:00"), ("work", "A", "2026-03-11T10:00", "2026-03-14T10:00")],
        {"2026-03-15T10:00": (1, 1, 0, 0)},
    ),
    "a case that leaves while a question is open is no obligation": (
        "2026-03-11T09:00",
        [("ask", "A", "2026-03-11T10:00"), ("end", "A", "2026-03-20T12:00")],
        {"2026-03-21T13:00": (0, 1, 0, 0)},
    ),
}


def happen(between: Between, events) -> None:
    asked = {}
    for what, account, at, *told in events:
        if what == "ask":
            asked[account] = between.ask(account, at)
        elif what == "answer":
            between.answer(asked[account], at)
        elif what == "end":
            between.end(account, at)
        else:
            between.work(account, at, told=told[0] if told else None)


@pytest.mark.parametrize(("taken_on", "events", "looks"), COUNTED.values(), ids=COUNTED.keys())
def test_cases_are_counted_as_by_hand(ports, tenants, taken_on, events, looks):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", "B", at="2026-03-10T09:00" if taken_on < "2026-03-12" else taken_on)
    between.acknowledge(taken_on)
    happen(between, events)
    for at, expected in looks.items():
        assert between.counts(FIRST, at) == expected, at


def test_the_creditor_s_own_zone_and_holidays_decide(ports, tenants):
    # Good Friday, the 3rd of April 2026, is a holiday in Chile; on Sunday its clocks are put back.
    creditor = add_person(ports, Role.DIRECTOR, "Banco Tres", time_zone="America/Santiago")
    between = Between(ports, creditor, tenants.agency, zone="America/Santiago")
    between.settle_in("CL")
    between.place("A", "B", at="2026-04-01T12:00")
    between.acknowledge("2026-04-02T12:00")
    between.work("A", "2026-04-06T11:59")
    assert between.counts(FIRST, "2026-04-06T12:00") == (0, 0, 2, 0)
    assert between.counts(FIRST, "2026-04-06T12:01") == (1, 1, 0, 0)


def test_a_question_asked_before_the_cases_were_taken_on_holds_its_case_from_the_start(ports, tenants):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", "B", at="2026-03-10T09:00")
    asked = between.ask("A", "2026-03-10T10:00")
    between.acknowledge("2026-03-11T09:00")
    assert between.counts(FIRST, "2026-03-16T09:00") == (0, 1, 0, 1)
    between.answer(asked, "2026-03-16T09:00")
    assert between.counts(FIRST, "2026-03-17T09:00") == (0, 1, 1, 0)
    assert between.counts(FIRST, "2026-03-17T09:01") == (0, 2, 0, 0)


def test_without_a_promise_nothing_is_measured(ports, tenants):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", at="2026-03-10T09:00", promises=(Promise(Clause.ACKNOWLEDGE, 48),))
    between.acknowledge("2026-03-11T09:00")
    between.work("A", "2026-03-11T10:00")
    assert between.figures(FIRST, "2026-03-20T09:00") is None


def test_taking_on_twice_starts_one_clock(ports, tenants):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", "B", at="2026-03-10T09:00")
    between.acknowledge("2026-03-11T09:00")
    between.acknowledge("2026-03-11T09:00")
    assert between.counts(FIRST, "2026-03-20T09:00") == (0, 2, 0, 0)


@pytest.mark.parametrize("stands", list(Outcome))
def test_the_cases_behind_each_figure_are_as_many_as_it_says(ports, tenants, stands):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", "B", "C", "D", "E", at="2026-03-10T09:00")
    between.acknowledge("2026-03-11T09:00")
    between.work("A", "2026-03-11T10:00")
    between.work("B", "2026-03-19T10:00")
    between.ask("C", "2026-03-11T11:00")
    between.answer(between.ask("D", "2026-03-11T11:00"), "2026-03-19T11:00")
    at = "2026-03-19T12:00"
    expected = {Outcome.MET: "A", Outcome.MISSED: "BE", Outcome.PAUSED: "C", Outcome.NOT_DUE: "D"}
    figures = dict(zip(("met", "missed", "not_due", "paused"), between.counts(FIRST, at), strict=True))
    for actor in (tenants.creditor, tenants.agency):
        seen, after = "", None
        with ports.session(actor) as session:
            while True:
                page = cases_of(
                    session,
                    actor,
                    tenants.agency.tenant if actor is tenants.creditor else tenants.creditor.tenant,
                    stands=stands,
                    after=after,
                    limit=1,
                    now=between.at(at),
                )
                seen += "".join(row.account_ref for row in page.rows)
                if (after := page.next_cursor) is None:
                    break
        assert seen == expected[stands]
        assert len(seen) == figures[stands.value]


def test_nobody_else_sees_figures_or_cases(ports, tenants):
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A", at="2026-03-10T09:00")
    between.acknowledge("2026-03-11T09:00")
    now = between.at("2026-03-20T09:00")
    for stranger in (tenants.other_creditor, tenants.other_agency):
        with ports.session(stranger) as session:
            assert compliance(session, stranger, now=now) == []
            for other in (tenants.agency.tenant, tenants.creditor.tenant):
                assert cases_of(session, stranger, other, stands=Outcome.MISSED, now=now).rows == ()
                with pytest.raises(NotFound):
                    name_of_partner(session, stranger, other)
    agent = add_person(ports, Role.AGENT, "Cobros Tres")
    with ports.session(agent) as session, pytest.raises(Forbidden):
        compliance(session, agent, now=now)
