"""Control totals: what was handed out is kept, the same lines are the same file, and only equal figures are loaded."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.manifests import loading
from assignments.manifests.handing import TRAILER, manifest
from assignments.manifests.loading import Stated, list_manifests
from assignments.manifests.numbers import Pair, state_numbers
from tests import loop
from tests.handing import CASES
from tests.tenants import add_tenants

AT = loop.PLACED_AT + timedelta(hours=1)
RIGHT = Stated(4, {"COP": 3_250_00})


@pytest.fixture
def tenants(ports):
    tenants = add_tenants(ports)
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES)
    return tenants


@pytest.fixture
def consignment(ports, tenants):
    [row] = loop.acknowledge_all(ports, tenants.agency)
    return row


def fetch(ports, agency, consignment, *, now=AT) -> bytes:
    with ports.session(agency) as session, transaction(session):
        return b"".join(manifest(session, agency, consignment.id, ports.references, now=now))


def state(ports, actor, consignment, stated=RIGHT, *, number=1, now=AT):
    with ports.session(actor) as session, transaction(session):
        return loading.state_loaded(session, actor, consignment.id, number, stated, now=now)


def kept(ports, actor, consignment):
    with ports.session(actor) as session:
        return list_manifests(session, actor, consignment.id)


def actions(ports, actor) -> list[str]:
    with ports.session(actor) as session:
        own = select(AuditEvent.action).where(AuditEvent.organisation_id == actor.tenant)
        return [one for one in session.scalars(own) if one.startswith("manifest.")]


def test_the_same_lines_are_the_same_file_to_the_byte_whenever_they_are_fetched(ports, tenants, consignment):
    first = fetch(ports, tenants.agency, consignment)
    assert fetch(ports, tenants.agency, consignment, now=AT + timedelta(days=9)) == first
    [row] = kept(ports, tenants.creditor, consignment)
    assert (row.number, row.lines, row.totals, row.made_at) == (1, 4, {"COP": 3_250_00}, AT)


def test_a_change_makes_the_next_manifest(ports, tenants, consignment):
    first = fetch(ports, tenants.agency, consignment)
    with ports.session(tenants.agency) as session, transaction(session):
        state_numbers(session, tenants.agency, tenants.creditor.tenant, [Pair("0001", "AG-1")], now=AT)
    second = fetch(ports, tenants.agency, consignment, now=AT + timedelta(days=1))
    assert first != second
    assert [(one.number, one.made_at) for one in kept(ports, tenants.agency, consignment)] == [
        (2, AT + timedelta(days=1)),
        (1, AT),
    ]


def test_a_receiver_can_check_the_digest_of_what_stands_before_the_trailer(ports, tenants, consignment):
    data = fetch(ports, tenants.agency, consignment).removeprefix(b"\xef\xbb\xbf")
    at = data.index(b"\r\n" + TRAILER.encode() + b",") + 2
    trailer = data[at:].decode().split(",")
    assert trailer[4] == hashlib.sha256(data[:at]).hexdigest()
    assert trailer[1] == "4"
    assert trailer[2].endswith("-1")


def test_figures_that_are_the_same_are_loaded_and_again_changes_nothing(ports, tenants, consignment):
    fetch(ports, tenants.agency, consignment)
    assert state(ports, tenants.agency, consignment).loaded_at == AT
    assert state(ports, tenants.agency, consignment, now=AT + timedelta(days=1)).loaded_at == AT
    assert actions(ports, tenants.creditor) == ["manifest.downloaded", "manifest.loaded"]
    with pytest.raises(loading.AlreadyLoaded):
        state(ports, tenants.agency, consignment, Stated(3, {"COP": 1}))


@pytest.mark.parametrize(
    "wrong",
    [
        Stated(3, {"COP": 3_250_00}),
        Stated(4, {"COP": 3_250_01}),
        Stated(4, {"USD": 3_250_00}),
        Stated(4, {"COP": 3_250_00, "USD": 1}),
        Stated(4, {}),
    ],
)
def test_figures_that_differ_are_kept_told_once_and_loaded_by_none(ports, tenants, consignment, wrong):
    fetch(ports, tenants.agency, consignment)
    for _ in range(2):
        row = state(ports, tenants.agency, consignment, wrong)
        assert (row.loaded_at, row.stated_lines, row.stated_totals) == (None, wrong.lines, dict(wrong.totals))
    assert actions(ports, tenants.creditor) == ["manifest.downloaded", "manifest.mismatched"]
    with ports.session(tenants.creditor) as session:
        assert [one.kind for one in session.scalars(select(Notice))].count("manifest.mismatched") == 1
    assert state(ports, tenants.agency, consignment).loaded_at == AT


def test_figures_are_of_the_newest_manifest(ports, tenants, consignment):
    fetch(ports, tenants.agency, consignment)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(update(Case).where(Case.account_ref == "0001").values(city="Cali"))
    fetch(ports, tenants.agency, consignment)
    with pytest.raises(loading.NewerManifest):
        state(ports, tenants.agency, consignment, number=1)
    assert state(ports, tenants.agency, consignment, number=2).loaded_at == AT


def test_nobody_else_states_or_sees_them(ports, tenants, consignment):
    fetch(ports, tenants.agency, consignment)
    with pytest.raises(NotFound):
        state(ports, tenants.other_agency, consignment)
    with pytest.raises(Forbidden):
        state(ports, tenants.creditor, consignment)
    with pytest.raises(NotFound):
        state(ports, tenants.agency, consignment, number=2)
    assert kept(ports, tenants.other_agency, consignment) == kept(ports, tenants.other_creditor, consignment) == []


def checker():
    """The receiver's check as the documentation gives it."""
    told = (Path(__file__).parents[3] / "docs" / "manifests.md").read_text()
    made: dict[str, Any] = {}
    exec(told.split("```python\n")[1].split("```")[0], made)  # noqa: S102  our own documentation
    return made["check"]


def test_the_check_of_the_documentation_passes_what_was_handed_out_and_nothing_else(ports, tenants, consignment):
    check, data = checker(), fetch(ports, tenants.agency, consignment)
    assert [one["account_ref"] for one in check(data)] == ["0001", "0002", "0003", "0004"]
    with pytest.raises(ValueError, match="not the one"):
        check(data.replace(b"150.05", b"150.06"))
    lines = data.split(b"\r\n")
    with pytest.raises(ValueError, match="not the one"):
        check(b"\r\n".join([*lines[:2], *lines[3:]]))
