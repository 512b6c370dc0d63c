"""What one agency found and nobody released never reaches the next one; it only tells new from known."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.mandates.models import LocateGrade
from assignments.cases.queries import Selection
from assignments.contacts.models import Authorisation
from assignments.locates import investigating, ordering
from assignments.locates.handing_out import orders_file
from assignments.locates.knowledge import Knowledge, Point, digest
from assignments.locates.models import Finding, FindingKind, LocateSubject
from assignments.locates.people import People
from tests import locating
from tests.locating import FOUND_AT, allow, find, grade, order, phone, release, take_on

ANA = People(Selection(search="A1"))
GIVEN = Point(FindingKind.PHONE, "3001234567", is_wrong=False)
FOUND = "+573115550101"


@pytest.fixture
def found(ports, tenants, mandate):
    """A phone of Ana's that the first agency handed in."""
    first = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate, people=ANA))[0]
    [finding_id] = find(ports, tenants.agency, first.id, [phone("311 555 0101")])
    return finding_id


@pytest.fixture
def next_order(ports, tenants, found):
    """Makes the next order on Ana, with the other agency."""

    def made():
        other = locating.locate_mandate(ports, tenants.creditor, tenants.other_agency)
        batch = order(ports, tenants.creditor, other, people=ANA)
        return take_on(ports, tenants.other_agency, batch)[0]

    return made


def readable(ports, agency, one):
    with ports.session(agency) as session:
        subject = session.get_one(LocateSubject, (one.creditor_id, one.agency_id, one.id))
        return Knowledge.of(subject).points(), repr(subject.known)


def in_the_file(ports, agency, one):
    with ports.session(agency) as session, transaction(session):
        content = b"".join(orders_file(session, agency, one.batch_id, now=FOUND_AT)).decode("utf-8-sig")
    return content, next(csv.DictReader(io.StringIO(content)))


def checked(ports, agency, one, raw):
    with ports.session(agency) as session:
        return investigating.check(session, agency, one.id, FindingKind.PHONE, raw)


@pytest.mark.parametrize(
    ("given", "authorisation", "is_wrong"),
    [
        (LocateGrade.VERIFIED_WITH_DEBTOR, Authorisation.UNKNOWN, False),
        (LocateGrade.VERIFIED_WITH_DEBTOR, Authorisation.NOT_AUTHORISED, False),
        (LocateGrade.VERIFIED_THIRD_SOURCE, Authorisation.AUTHORISED, False),
        (LocateGrade.MATCHED_UNVERIFIED, Authorisation.AUTHORISED, False),
        (LocateGrade.STALE, Authorisation.UNKNOWN, True),
        (LocateGrade.NEGATIVE, Authorisation.REVOKED, True),
    ],
)
def test_what_was_not_released_is_not_read_by_the_next_agency(
    ports, tenants, found, next_order, given, authorisation, is_wrong
):
    grade(ports, tenants.creditor, found, given)
    allow(ports, tenants.creditor, found, authorisation)
    one = next_order()

    points, stored = readable(ports, tenants.other_agency, one)
    content, line = in_the_file(ports, tenants.other_agency, one)
    assert points == [GIVEN]
    assert (line["phones"], line["known_to_be_wrong"]) == ("3001234567", "")
    for text in (stored, content):
        assert "3115550101" not in text
    seen = checked(ports, tenants.other_agency, one, "311-555 0101")
    assert (seen.is_known, seen.is_wrong) == (True, is_wrong)
    assert not checked(ports, tenants.other_agency, one, "3115550102").is_known


def test_a_released_point_that_was_revoked_is_not_read_by_the_next_agency(ports, tenants, found, next_order):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found, Authorisation.REVOKED)

    assert readable(ports, tenants.other_agency, next_order())[0] == [GIVEN]


def test_what_was_released_is_read_by_the_next_agency(ports, tenants, found, next_order):
    grade(ports, tenants.creditor, found)
    allow(ports, tenants.creditor, found)
    release(ports, tenants.creditor, found)

    assert readable(ports, tenants.other_agency, next_order())[0] == [
        Point(FindingKind.PHONE, FOUND, is_wrong=False),
        GIVEN,
    ]


def test_what_the_creditor_gave_itself_is_marked_when_a_search_proved_it_wrong(ports, tenants, mandate, next_order):
    with ports.session(tenants.agency) as session:
        first = session.scalars(select(LocateSubject)).one()
    [known] = find(ports, tenants.agency, first.order_id, [phone("300 123 4567")])
    with ports.session(tenants.creditor) as session:
        others = {one.id for one in session.scalars(select(Finding))} - {known}
    for one in (known, *others):
        grade(ports, tenants.creditor, one, LocateGrade.NEGATIVE)
    one = next_order()

    assert readable(ports, tenants.other_agency, one)[0] == [Point(FindingKind.PHONE, "3001234567", is_wrong=True)]
    _, line = in_the_file(ports, tenants.other_agency, one)
    assert (line["phones"], line["known_to_be_wrong"]) == ("", "3001234567")


def test_two_orders_hold_no_common_mark_of_the_same_thing(ports, tenants, mandate, found, next_order):
    grade(ports, tenants.creditor, found, LocateGrade.STALE)
    one = next_order()
    _, first = readable(ports, tenants.other_agency, one)
    with ports.session(tenants.creditor) as session, transaction(session):
        ordering.withdraw(session, tenants.creditor, one.batch_id, now=FOUND_AT)
    two = take_on(ports, tenants.agency, order(ports, tenants.creditor, mandate, people=ANA))[0]
    _, second = readable(ports, tenants.agency, two)

    assert digest(one.id, FindingKind.PHONE, FOUND) in first
    assert digest(two.id, FindingKind.PHONE, FOUND) in second
    assert digest(one.id, FindingKind.PHONE, FOUND) not in second
