"""Agencies' own numbers: all or none, of cases they hold, in every later file, and seen by no other agency."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden
from agencies.kernel.session import transaction
from assignments.manifests import numbers
from assignments.manifests.models import AgencyFileNumber
from assignments.manifests.numbers import Pair, read_pairs
from tests import loop
from tests.handing import CASES, download
from tests.tenants import add_tenants

TWO = [Pair("0001", "AG-77"), Pair("0002", "AG-78")]


@pytest.fixture
def tenants(ports):
    tenants = add_tenants(ports)
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES)
    return tenants


@pytest.fixture
def consignment(ports, tenants):
    [row] = loop.acknowledge_all(ports, tenants.agency)
    return row


def state(ports, actor, creditor, pairs):
    with ports.session(actor) as session, transaction(session):
        return numbers.state_numbers(session, actor, creditor.tenant, pairs, now=loop.PLACED_AT)


def known(ports, actor) -> dict[str, int]:
    with ports.session(actor) as session:
        return {row.number: row.agency_id for row in session.scalars(select(AgencyFileNumber))}


def test_each_line_of_a_later_manifest_has_three_identifiers(ports, tenants, consignment):
    assert {line["agency_number"] for line in download(ports, tenants.agency, consignment.id)[:-1]} == {""}
    assert state(ports, tenants.agency, tenants.creditor, TWO) == 2
    lines = download(ports, tenants.agency, consignment.id)[:-1]
    assert [(one["account_ref"], one["agency_number"]) for one in lines] == [
        ("0001", "AG-77"),
        ("0002", "AG-78"),
        ("0003", ""),
        ("0004", ""),
    ]
    assert all(ports.references.decode("case", one["reference"]) for one in lines)


def test_the_creditor_reads_it_and_no_other_agency_does_not_even_the_next_holder(ports, tenants, consignment):
    state(ports, tenants.agency, tenants.creditor, TWO)
    loop.end_placement(ports, tenants.creditor, "0001", loop.REPORTED_AT)
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.other_agency)
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate]))
    assert known(ports, tenants.creditor) == {"AG-77": tenants.agency.tenant, "AG-78": tenants.agency.tenant}
    assert known(ports, tenants.other_agency) == known(ports, tenants.other_creditor) == {}
    # The next holder may well keep it under the very same number.
    assert state(ports, tenants.other_agency, tenants.creditor, [Pair("0001", "AG-77")]) == 1


def test_the_same_again_changes_nothing_and_is_not_written_down_twice(ports, tenants, consignment):
    assert [state(ports, tenants.agency, tenants.creditor, TWO) for _ in range(2)] == [2, 0]
    with ports.session(tenants.creditor) as session:
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant)
        ).all()
    assert actions.count("manifest.numbered") == 1


def test_a_number_may_be_put_right(ports, tenants, consignment):
    state(ports, tenants.agency, tenants.creditor, TWO)
    assert state(ports, tenants.agency, tenants.creditor, [Pair("0001", "AG-99")]) == 1
    assert set(known(ports, tenants.agency)) == {"AG-99", "AG-78"}


@pytest.mark.parametrize(
    ("pairs", "refusal"),
    [
        ([Pair("0001", "N1"), Pair("AJENA", "N2")], numbers.AccountsNotHeld),
        ([Pair("0001", "N1"), Pair("0001", "N2")], numbers.NumbersRepeated),
        ([Pair("0001", "N1"), Pair("0002", "N1")], numbers.NumbersRepeated),
        ([Pair("0003", "AG-77")], numbers.NumbersTaken),
    ],
)
def test_all_or_none_are_taken(ports, tenants, consignment, pairs, refusal):
    state(ports, tenants.agency, tenants.creditor, TWO)
    with pytest.raises(refusal):
        state(ports, tenants.agency, tenants.creditor, pairs)
    assert set(known(ports, tenants.agency)) == {"AG-77", "AG-78"}


def test_of_a_case_it_does_not_hold_an_agency_states_nothing(ports, tenants, consignment):
    with pytest.raises(numbers.AccountsNotHeld):
        state(ports, tenants.other_agency, tenants.creditor, TWO)
    with pytest.raises(Forbidden):
        state(ports, tenants.creditor, tenants.creditor, TWO)
    loop.end_placement(ports, tenants.creditor, "0001", loop.REPORTED_AT)
    with pytest.raises(numbers.AccountsNotHeld):
        state(ports, tenants.agency, tenants.creditor, TWO)


def test_lines_are_read_with_any_of_three_separators():
    assert read_pairs("0001;AG 1\n\n 0002\tAG,2 \r\n0003,A3") == [
        Pair("0001", "AG 1"),
        Pair("0002", "AG,2"),
        Pair("0003", "A3"),
    ]


@pytest.mark.parametrize("typed", ["0001", "0001;", ";A1", "0001;" + "9" * 41, "0001;A\x07"])
def test_a_line_that_is_no_pair_is_named(typed):
    with pytest.raises(numbers.NumberUnreadable):
        read_pairs(f"0009;OK\n{typed}")


@pytest.mark.parametrize("typed", ["", " \n ", "1;2\n" * (numbers.MOST + 1)])
def test_nothing_and_too_much_are_refused(typed):
    with pytest.raises(numbers.NoNumbers):
        read_pairs(typed)
