"""Whether a promise was kept is read from the payments: to the day, to the cent, and instalment by instalment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Date, cast, literal, select

from assignments.promises.keeping import GRACE_DAYS, Outcome, outcome
from assignments.promises.models import PromiseState
from assignments.promises.queries import PromiseFilter, list_promises, promises_of_case
from tests.assignments.promises.test_intake import PROMISES, row
from tests.loop import NewCase, paid, place_with, report_payments
from tests.reporting import report
from uploads.models import UploadKind

DUE = date(2026, 2, 15)
LAST = DUE + timedelta(days=GRACE_DAYS)


@pytest.mark.parametrize(
    ("amount", "needed", "received", "today", "word"),
    [
        (100, 100, 0, DUE, Outcome.PENDING),
        (100, 100, 99, LAST, Outcome.PENDING),
        (100, 100, 0, LAST + timedelta(days=1), Outcome.BROKEN),
        (100, 100, 1, LAST + timedelta(days=1), Outcome.PARTLY_KEPT),
        (100, 100, 99, LAST + timedelta(days=1), Outcome.PARTLY_KEPT),
        (100, 100, 100, LAST + timedelta(days=1), Outcome.KEPT),
        (100, 100, 100, DUE - timedelta(days=30), Outcome.KEPT),
        # The second instalment: what the first one needed is not paid on it.
        (100, 200, 100, LAST + timedelta(days=1), Outcome.BROKEN),
        (100, 200, 101, LAST + timedelta(days=1), Outcome.PARTLY_KEPT),
        (100, 200, 200, LAST + timedelta(days=1), Outcome.KEPT),
    ],
)
def test_the_rule(ports, tenants, amount, needed, received, today, word):
    with ports.session(tenants.agency) as session:
        found = session.scalar(
            select(
                outcome(
                    amount=literal(amount),
                    needed=literal(needed),
                    paid=literal(received),
                    promised_on=cast(literal(DUE), Date),
                    today=cast(literal(today), Date),
                )
            )
        )
    assert found == word.value


def words(ports, actor, today: date, **asked: object) -> list[tuple[str, int, str, str]]:
    with ports.session(actor) as session:
        page = list_promises(session, actor, PromiseFilter(**asked), today=today)
        return [(one.account_ref, one.amount_minor, one.stated.value, one.outcome.value) for one in page.rows]


@pytest.mark.parametrize(
    ("payments", "word"),
    [
        ([], "broken"),
        # Before it was promised, and after its grace: not this promise's money.
        ([paid("A1", 20_000, date(2026, 2, 2))], "broken"),
        ([paid("A1", 20_000, LAST + timedelta(days=1))], "broken"),
        ([paid("A1", 20_000, date(2026, 2, 3))], "kept"),
        ([paid("A1", 20_000, LAST)], "kept"),
        ([paid("A1", 19_999, DUE)], "partly_kept"),
        ([paid("A1", 12_000, DUE), paid("A1", 8_000, LAST)], "kept"),
        ([paid("A2", 20_000, DUE)], "broken"),
    ],
)
@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_both_sides_read_the_same_from_the_payments(ports, tenants, side, payments, word):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row(state="kept")])
    if payments:
        report_payments(ports, tenants.agency, tenants.creditor, payments)

    assert words(ports, getattr(tenants, side), date(2026, 3, 1)) == [("A1", 20_000, "kept", word)]


def test_one_payment_keeps_one_instalment_of_a_plan(ports, tenants):
    plan = [
        row(promised_on=date(2026, 2, day), plan_ref="C1", instalment=n, instalments=3)
        for n, day in enumerate((8, 16, 24), start=1)
    ]
    report(ports, tenants.agency, tenants.creditor, PROMISES, plan)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 25_000, date(2026, 2, 7))])

    found = [word for *_, word in words(ports, tenants.creditor, date(2026, 3, 1))]

    # The last one first: what came in covers the first, and a part of the second.
    assert found == ["broken", "partly_kept", "kept"]


def test_a_cancelled_instalment_is_not_needed_for_the_next(ports, tenants):
    plan = [
        row(promised_on=date(2026, 2, 8), plan_ref="C1", instalment=1, state="cancelled"),
        row(promised_on=date(2026, 2, 16), plan_ref="C1", instalment=2),
    ]
    report(ports, tenants.agency, tenants.creditor, PROMISES, plan)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 20_000, date(2026, 2, 16))])

    assert next(word for *_, word in words(ports, tenants.agency, date(2026, 3, 1))) == "kept"


def test_lists_are_narrowed_by_either_word_by_week_and_by_terms(ports, tenants):
    rows = [
        row("A1", state="kept"),
        row("A2", promised_on=date(2026, 3, 15)),
        row("A3", promised_on=date(2026, 4, 15), discount_percent="20%"),
    ]
    report(ports, tenants.agency, tenants.creditor, PROMISES, rows)
    today = date(2026, 3, 11)

    def accounts(**asked: object) -> list[str]:
        return [account for account, *_ in words(ports, tenants.creditor, today, **asked)]

    assert accounts() == ["A3", "A2", "A1"]
    assert accounts(outcome=Outcome.BROKEN) == ["A1"]
    assert accounts(outcome=Outcome.PENDING) == ["A3", "A2"]
    assert accounts(stated=PromiseState.KEPT) == ["A1"]
    assert accounts(is_due_this_week=True) == ["A2"]
    assert accounts(is_beyond=True) == ["A3"]
    assert accounts(partner_id=tenants.agency.tenant) == ["A3", "A2", "A1"]
    assert accounts(partner_id=tenants.other_agency.tenant) == []


def test_pages_go_on_where_the_last_one_ended(ports, tenants):
    rows = [row(f"A{n}", promise_ref=f"P{n}{day}", promised_on=date(2026, 2, day)) for n in (1, 2) for day in (9, 10)]
    report(ports, tenants.agency, tenants.creditor, PROMISES, rows)
    seen, after = [], None
    with ports.session(tenants.agency) as session:
        for _ in range(2):
            page = list_promises(session, tenants.agency, PromiseFilter(), today=date(2026, 3, 1), after=after, limit=2)
            seen += [(one.promised_on.day, one.account_ref) for one in page.rows]
            after = page.next_cursor

    assert seen == [(10, "A2"), (10, "A1"), (9, "A2"), (9, "A1")]
    assert after is None


def test_two_agencies_of_one_creditor_do_not_see_each_others_promises(ports, tenants):
    place_with(ports, tenants.creditor, tenants.other_agency, [NewCase("RIVAL", 50_000)])
    report(ports, tenants.agency, tenants.creditor, UploadKind.PROMISES, [row("A1")])
    report(ports, tenants.other_agency, tenants.creditor, UploadKind.PROMISES, [row("RIVAL")])
    today = date(2026, 3, 1)

    assert [one[0] for one in words(ports, tenants.agency, today)] == ["A1"]
    assert [one[0] for one in words(ports, tenants.other_agency, today)] == ["RIVAL"]
    assert {one[0] for one in words(ports, tenants.creditor, today)} == {"A1", "RIVAL"}


def test_the_promises_of_a_case_stand_with_what_was_paid_on_each(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, PROMISES, [row("A1"), row("A2")])
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 5_000, DUE)])

    with ports.session(tenants.creditor) as session:
        case_id = next(
            one.case_id
            for one in list_promises(session, tenants.creditor, PromiseFilter(), today=DUE).rows
            if one.account_ref == "A1"
        )
        [found] = promises_of_case(session, tenants.creditor, case_id, today=date(2026, 3, 1))

    assert (found.paid_on_it_minor, found.outcome) == (5_000, Outcome.PARTLY_KEPT)
    assert not found.is_contradicted
