"""Both axes: a grade that is paid for, an authorisation that decides on use, a release that reaches the holder."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.mandates.models import FeeClass, LocateGrade
from assignments.cases.queries import Selection
from assignments.contacts.models import Authorisation, DebtorContact
from assignments.ledger import statements
from assignments.ledger.models import Account, Entry, EntryKind, Posting
from assignments.locates import verifying
from assignments.locates.desk import get_finding, list_to_verify
from assignments.locates.lifecycle import NotToBeReleased
from assignments.locates.models import FindingKind, LocateOrder, LocateSubject, OrderEnd, OrderState
from assignments.locates.verifying import GradedBefore
from tests import locating, loop
from tests.locating import FEES, FOUND_AT, allow, find, grade, order, phone, release, take_on


@pytest.fixture
def found(ports, tenants, mandate):
    """A phone handed in for A1."""
    first = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate))[0]
    [finding_id] = find(ports, tenants.agency, first.id, [phone("311 555 0101")])
    return finding_id


def entries(ports, actor):
    with ports.session(actor) as session:
        return list(session.scalars(select(Entry).where(Entry.kind == EntryKind.LOCATE_FEE)))


def points(ports, actor):
    with ports.session(actor) as session:
        return {one.value for one in session.scalars(select(DebtorContact))}


def place(ports, tenants, account="A1"):
    """The case goes to the agency that collects."""
    collect = loop.add_mandate(ports, tenants.creditor, tenants.other_agency)
    wave = loop.draft(ports, tenants.creditor, [collect], selection=Selection(search=account), now=FOUND_AT)
    loop.place(ports, tenants.creditor, wave, now=FOUND_AT)


def kinds(ports, actor):
    with ports.session(actor) as session:
        return [one.kind for one in list_notices(session, actor).rows]


@pytest.mark.parametrize("given", list(LocateGrade))
def test_the_fee_follows_the_grade_and_is_booked_once(ports, tenants, found, given):
    grade(ports, tenants.creditor, found, given)
    grade(ports, tenants.creditor, found, given)

    due = FEES.get((FeeClass.STANDARD, given), 0)
    assert [one.total_minor for one in entries(ports, tenants.creditor)] == ([due] if due else [])
    assert [one.total_minor for one in entries(ports, tenants.agency)] == ([due] if due else [])
    with ports.session(tenants.creditor) as session:
        moved = [(one.source, one.destination, one.amount_minor) for one in session.scalars(select(Posting))]
        assert statements.verify(session) == []
    assert moved == ([(Account.FEES_PAYABLE, Account.LOCATE_FEES, due)] if due else [])


def test_a_grade_is_given_once(ports, tenants, found):
    grade(ports, tenants.creditor, found, LocateGrade.STALE)

    with pytest.raises(GradedBefore):
        grade(ports, tenants.creditor, found, LocateGrade.VERIFIED_WITH_DEBTOR)
    assert entries(ports, tenants.creditor) == []


def test_the_last_grade_closes_the_order_and_takes_the_person_s_data_back(ports, tenants, found):
    grade(ports, tenants.creditor, found)

    with ports.session(tenants.agency) as session:
        closed = session.scalars(select(LocateOrder).where(LocateOrder.closed_at.is_not(None))).one()
        assert session.get(LocateSubject, (closed.creditor_id, closed.agency_id, closed.id)) is None
    assert (closed.state, closed.ended_as) == (OrderState.CLOSED, OrderEnd.VERIFIED)


def test_an_order_stays_open_until_all_its_findings_are_graded(ports, tenants, mandate):
    first = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate))[0]
    one, _ = find(ports, tenants.agency, first.id, [phone(), phone("6044445555")])
    grade(ports, tenants.creditor, one)

    with ports.session(tenants.creditor) as session:
        assert session.get_one(LocateOrder, (first.creditor_id, first.agency_id, first.id)).closed_at is None


@pytest.mark.parametrize("authorisation", [Authorisation.UNKNOWN, Authorisation.NOT_AUTHORISED, Authorisation.REVOKED])
def test_what_is_correct_and_may_not_be_used_is_not_released(ports, tenants, found, authorisation):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found, authorisation)

    with pytest.raises(NotToBeReleased):
        release(ports, tenants.creditor, found)
    assert "+573115550101" not in points(ports, tenants.creditor)


@pytest.mark.parametrize(
    "given",
    # A mere match is paid for; whoever called it might tell a stranger of the debt.
    [
        LocateGrade.MATCHED_UNVERIFIED,
        LocateGrade.STALE,
        LocateGrade.NEGATIVE,
        LocateGrade.DUPLICATE_OF_KNOWN,
        None,
    ],
)
def test_what_may_be_used_and_is_not_confirmed_is_not_released(ports, tenants, found, given):
    if given:
        grade(ports, tenants.creditor, found, given)
    allow(ports, tenants.creditor, found)

    with pytest.raises(NotToBeReleased):
        release(ports, tenants.creditor, found)


def test_an_employer_is_never_a_way_to_reach_somebody(ports, tenants, mandate):
    first = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate))[0]
    [employer] = find(ports, tenants.agency, first.id, [phone("NIT 900.123.456-8", kind=FindingKind.EMPLOYER)])
    grade(ports, tenants.creditor, employer)
    allow(ports, tenants.creditor, employer)

    with pytest.raises(NotToBeReleased):
        release(ports, tenants.creditor, employer)


def test_a_release_reaches_whoever_works_the_debtor_and_a_revocation_does_too(ports, tenants, found):
    place(ports, tenants)
    assert points(ports, tenants.other_agency) == {"3001234567"}
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    assert points(ports, tenants.other_agency) == {"3001234567"}

    release(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)
    assert points(ports, tenants.other_agency) == {"3001234567", "+573115550101"}
    assert kinds(ports, tenants.other_agency).count("contact.released") == 1

    allow(ports, tenants.creditor, found, Authorisation.REVOKED)
    assert points(ports, tenants.other_agency) == {"3001234567"}
    assert kinds(ports, tenants.other_agency).count("contact.revoked") == 1


def test_what_is_released_while_nobody_works_the_debtor_goes_with_the_next_placement(ports, tenants, found):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)
    assert points(ports, tenants.other_agency) == set()

    place(ports, tenants)
    assert points(ports, tenants.other_agency) == {"3001234567", "+573115550101"}


def test_what_was_revoked_does_not_come_back_with_the_next_placement(ports, tenants, found):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found, Authorisation.REVOKED)

    place(ports, tenants)
    assert points(ports, tenants.other_agency) == {"3001234567"}


def test_the_database_itself_admits_no_point_of_an_unreleased_finding(ports, tenants, found):
    with (
        ports.session(tenants.creditor) as session,
        pytest.raises(DBAPIError, match="not a released finding"),
    ):
        session.execute(
            text(
                "insert into contact_points (creditor_id, debtor_id, kind, part, form, sealed, finding_id)"
                " select o.creditor_id, o.debtor_id, 'phone', 'phone', f.form, f.sealed, f.id from findings f"
                " join locate_orders o on o.id = f.order_id"
            )
        )


def test_the_steps_are_kept_in_order_and_the_agency_sees_how_it_was_judged(ports, tenants, found):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)

    for side in (tenants.creditor, tenants.agency):
        with ports.session(side) as session:
            steps = get_finding(session, side, found).steps
        assert [one.act.value for one in steps] == ["graded", "authorisation_set", "released"]


def test_the_desk_shows_what_was_handed_in_and_no_draft(ports, tenants, mandate):
    first = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate))[0]
    with ports.session(tenants.agency) as session, transaction(session):
        draft = locating.investigating.add(session, tenants.agency, first.id, phone(), now=FOUND_AT)

    with ports.session(tenants.creditor) as session:
        assert list_to_verify(session, tenants.creditor).rows == ()
        with pytest.raises(NotFound):
            get_finding(session, tenants.creditor, draft)
        with pytest.raises(NotFound):
            verifying.grade(
                session,
                tenants.creditor,
                draft,
                grade=LocateGrade.STALE,
                method=locating.VerificationMethod.CALL,
                now=FOUND_AT,
            )


def test_orders_with_nothing_found_are_closed_together(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)
    for one in take_on(ports, tenants.agency, batch):
        with ports.session(tenants.agency) as session, transaction(session):
            locating.investigating.submit(
                session, tenants.agency, one.id, searched="RUNT", is_nothing_found=True, now=FOUND_AT
            )

    with ports.session(tenants.creditor) as session, transaction(session):
        assert verifying.close_empty(session, tenants.creditor, batch.id, now=FOUND_AT) == 3
    with ports.session(tenants.agency) as session:
        assert session.scalars(select(LocateSubject)).all() == []
        assert set(session.scalars(select(LocateOrder.ended_as))) == {OrderEnd.NONE_FOUND}


@pytest.mark.parametrize("who", ["agency", "other_agency"])
def test_no_agency_grades(ports, tenants, found, who):
    with pytest.raises(Forbidden):
        grade(ports, getattr(tenants, who), found)


def test_the_other_creditor_grades_and_releases_nothing(ports, tenants, found):
    for act in (grade, allow, release):
        with pytest.raises(NotFound):
            act(ports, tenants.other_creditor, found)
