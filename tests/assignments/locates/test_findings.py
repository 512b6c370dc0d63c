"""What an investigator types: read at once, held against what is known, kept as a draft, handed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from assignments.cases.queries import Selection
from assignments.locates import investigating
from assignments.locates.investigating import (
    CollectsNow,
    FindingsMissing,
    FindingUnreadable,
    FoundBefore,
    FoundInFuture,
    NothingFoundYetFindings,
    NothingSearched,
    SourceMissing,
)
from assignments.locates.lifecycle import OrderMovedOn
from assignments.locates.models import Finding, FindingKind, FindingState, OrderOutcome, OrderState
from assignments.locates.queries import next_in_queue, queue
from tests import locating, loop
from tests.locating import FOUND_AT, order, orders, phone, take_on


@pytest.fixture
def batch(ports, tenants, mandate):
    return order(ports, tenants.creditor, mandate)


@pytest.fixture
def first(ports, tenants, batch):
    """The order on A1, whose phone is known."""
    return take_on(ports, tenants.agency, batch)[0]


def add(ports, actor, order_id, found, now=FOUND_AT):
    with ports.session(actor) as session, transaction(session):
        return investigating.add(session, actor, order_id, found, now=now)


def submit(ports, actor, order_id, **said):
    with ports.session(actor) as session, transaction(session):
        return investigating.submit(session, actor, order_id, **{"searched": "RUNT", "now": FOUND_AT, **said})


def findings(ports, actor):
    with ports.session(actor) as session:
        return list(session.scalars(select(Finding).order_by(Finding.id)))


def check(ports, actor, order_id, kind, raw):
    with ports.session(actor) as session:
        return investigating.check(session, actor, order_id, kind, raw)


@pytest.mark.parametrize("raw", ["300 123 4567", "+57 300-123-4567", "03 3001234567"])
def test_a_known_phone_is_said_at_once_however_it_is_written(ports, tenants, first, raw):
    seen = check(ports, tenants.agency, first.id, FindingKind.PHONE, raw)

    assert seen.normal.value == "+573001234567"
    assert seen.is_known
    assert not seen.is_wrong


def test_what_was_proved_wrong_before_is_said_at_once(ports, tenants, mandate, first):
    [wrong] = locating.find(ports, tenants.agency, first.id, [phone("311 555 0101")])
    locating.grade(ports, tenants.creditor, wrong, locating.LocateGrade.NEGATIVE)
    again = order(ports, tenants.creditor, mandate)
    [second] = take_on(ports, tenants.agency, again)

    seen = check(ports, tenants.agency, second.id, FindingKind.PHONE, "3115550101")
    assert (seen.is_known, seen.is_wrong) == (True, True)


def test_a_draft_is_kept_in_its_normal_form_beside_what_was_typed(ports, tenants, first):
    file = StoredFile("1/abc", "captura.png", "image/png", 10, b"0" * 32)
    add(ports, tenants.agency, first.id, phone(" 311-555 0101", evidence="Mismo correo", file=file))

    [kept] = findings(ports, tenants.agency)
    assert (kept.raw, kept.value, kept.detail) == (" 311-555 0101", "+573115550101", "mobile")
    assert (kept.state, kept.is_known, kept.grade) == (FindingState.DRAFT, False, None)
    assert (kept.file_name, kept.file_sha256) == ("captura.png", b"0" * 32)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"raw": "12"}, FindingUnreadable),
        ({"kind": FindingKind.EMAIL, "raw": "ana arroba"}, FindingUnreadable),
        ({"kind": FindingKind.EMPLOYER, "raw": "NIT 900.123.456-1"}, FindingUnreadable),
        ({"source_ref": "  "}, SourceMissing),
        ({"found_on": FOUND_AT.date() + timedelta(days=1)}, FoundInFuture),
        ({"found_on": FOUND_AT.date().replace(year=1990)}, FoundInFuture),
    ],
)
def test_a_finding_must_be_readable_and_have_a_source_and_a_day(ports, tenants, first, changed, refusal):
    with pytest.raises(refusal):
        add(ports, tenants.agency, first.id, phone(**changed))
    assert findings(ports, tenants.agency) == []


def test_a_finding_sent_twice_is_kept_once(ports, tenants, first):
    add(ports, tenants.agency, first.id, phone("311 555 0101"))

    with pytest.raises(FoundBefore):
        add(ports, tenants.agency, first.id, phone("(311) 5550101"))
    assert len(findings(ports, tenants.agency)) == 1


def test_a_draft_can_be_dropped_and_what_was_handed_in_cannot(ports, tenants, first):
    [handed_in] = locating.find(ports, tenants.agency, first.id, [phone()])
    draft = add(ports, tenants.agency, first.id, phone("320 555 0102"))

    with ports.session(tenants.agency) as session, transaction(session):
        investigating.drop(session, tenants.agency, draft)
    with ports.session(tenants.agency) as session, pytest.raises(NotFound):
        investigating.drop(session, tenants.agency, handed_in)
    assert [one.id for one in findings(ports, tenants.agency)] == [handed_in]


def test_that_nothing_was_found_is_work_when_it_says_where_one_looked(ports, tenants, first):
    with pytest.raises(NothingSearched):
        submit(ports, tenants.agency, first.id, searched=" ", is_nothing_found=True)

    done = submit(ports, tenants.agency, first.id, searched="RUNT, ADRES, directorio", is_nothing_found=True)
    assert (done.state, done.outcome) == (OrderState.SUBMITTED, OrderOutcome.NONE_FOUND)


def test_the_word_and_the_findings_may_not_contradict_each_other(ports, tenants, first):
    with pytest.raises(FindingsMissing):
        submit(ports, tenants.agency, first.id)
    add(ports, tenants.agency, first.id, phone())
    with pytest.raises(NothingFoundYetFindings):
        submit(ports, tenants.agency, first.id, is_nothing_found=True)


def test_more_can_be_handed_in_until_the_creditor_closes_the_order(ports, tenants, first):
    locating.find(ports, tenants.agency, first.id, [phone()])
    [_, second] = [
        *findings(ports, tenants.agency),
        *locating.find(ports, tenants.agency, first.id, [phone("6044445555")]),
    ]

    locating.grade(ports, tenants.creditor, findings(ports, tenants.agency)[0].id)
    locating.grade(ports, tenants.creditor, second)
    with pytest.raises(OrderMovedOn):
        add(ports, tenants.agency, first.id, phone("3205550103"))


def test_nothing_is_typed_before_the_batch_is_taken_on(ports, tenants, batch):
    waiting = orders(ports, tenants.agency, batch)[0]

    with pytest.raises(OrderMovedOn):
        add(ports, tenants.agency, waiting.id, phone())
    with ports.session(tenants.agency) as session, pytest.raises(NotFound):
        investigating.look(session, tenants.agency, waiting.id, now=FOUND_AT)


def test_an_order_that_was_not_taken_on_answers_no_guesses(ports, tenants, batch):
    waiting = orders(ports, tenants.agency, batch)[0]

    with pytest.raises(NotFound):
        check(ports, tenants.agency, waiting.id, FindingKind.PHONE, "3001234567")


def test_the_queue_goes_by_due_date_and_then_by_value(ports, tenants, first):
    with ports.session(tenants.agency) as session:
        waiting = queue(session, tenants.agency).rows
        page = queue(session, tenants.agency, limit=2)
        rest = queue(session, tenants.agency, after=page.next_cursor).rows
        following = next_in_queue(session, tenants.agency, waiting[0].id)

    assert [one.account_ref for one in waiting] == ["A4", "A1", "A3"]
    assert [one.account_ref for one in (*page.rows, *rest)] == ["A4", "A1", "A3"]
    assert following == waiting[1].id


def test_another_agency_sees_and_adds_nothing(ports, tenants, first):
    for act in (
        lambda: check(ports, tenants.other_agency, first.id, FindingKind.PHONE, "3001234567"),
        lambda: add(ports, tenants.other_agency, first.id, phone()),
        lambda: submit(ports, tenants.other_agency, first.id),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_creditor_does_not_investigate(ports, tenants, first):
    with pytest.raises(Forbidden):
        add(ports, tenants.creditor, first.id, phone())


def test_an_agency_that_comes_to_collect_from_the_person_no_longer_sees_it(ports, tenants, first):
    collect = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    loop.place(
        ports, tenants.creditor, loop.draft(ports, tenants.creditor, [collect], selection=Selection(search="A1"))
    )

    with ports.session(tenants.agency) as session, pytest.raises(CollectsNow):
        investigating.look(session, tenants.agency, first.id, now=FOUND_AT)
    # Nor does it learn by trying, one number after the other, what the creditor knows.
    with pytest.raises(CollectsNow):
        check(ports, tenants.agency, first.id, FindingKind.PHONE, "3001234567")
    with pytest.raises(CollectsNow):
        add(ports, tenants.agency, first.id, phone("3001234567"))
    assert findings(ports, tenants.agency) == []


@pytest.mark.parametrize(
    "forged",
    [
        "update findings set grade = 'verified_with_debtor'",
        "update findings set authorisation = 'authorised'",
        "update findings set released_at = now(), authorisation = 'authorised'",
        "update findings set form = sealed",
        "update findings set sealed = form",
        "insert into verifications (creditor_id, agency_id, finding_id, act, at) values (1, 3, 1, 'graded', now())",
        "update locate_orders set closed_at = now()",
        "delete from locate_subjects",
    ],
)
def test_the_agency_s_role_cannot_judge_its_own_work(ports, tenants, first, forged):
    locating.find(ports, tenants.agency, first.id, [phone()])

    with ports.session(tenants.agency) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text(forged))


def test_what_was_handed_in_stays_as_it_is_in_the_database_too(ports, tenants, first):
    [handed_in] = locating.find(ports, tenants.agency, first.id, [phone()])

    with ports.session(tenants.agency) as session, pytest.raises(DBAPIError, match="stays as it is"):
        session.execute(update(Finding).where(Finding.id == handed_in).values(state=FindingState.DRAFT))
