"""For each template: when it lapses, exactly what its row says is stopped, in that country, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from agencies.attestations import reviewing, service
from agencies.attestations.gates import Act, GateClosed, obstacles, pass_gate
from agencies.attestations.queries import list_to_review, standings
from agencies.attestations.rules import Standing
from agencies.attestations.templates import templates
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Role
from agencies.standing import filing
from agencies.standing.filing import Statement
from agencies.standing.models import OfferedService
from portal.ports import Ports
from tests.attested import SIGNED, attest_all, attest_one, sign_one
from tests.tenants import PLATFORM, Tenants, add_person

WORK = {Act.PLACE, Act.BID, Act.ORDER_LOCATE}
#: By hand from the rows of the reference: what a lapse stops in Colombia, and in Mexico at a financial creditor.
STOPS: dict[str, tuple[set[Act], set[Act]]] = {
    "AT-01": (WORK, WORK),
    "AT-02": ({Act.DOWNLOAD}, {Act.DOWNLOAD}),
    "AT-03": (WORK, WORK),
    "AT-04": (WORK, WORK),
    "AT-05": (set(), set()),
    "AT-06": (WORK, WORK),
    "AT-07": ({Act.ORDER_LOCATE}, {Act.ORDER_LOCATE}),
    "AT-09": (set(), set()),
    "AT-10": (WORK, WORK),
    "AT-11": (set(), WORK),
    "AT-12": (set(), set()),
    "AT-13": (set(), set()),
    "AT-14": (set(), set()),
}
#: What belongs to the relation; closing a recall asks for a template of its own.
ACTS = (Act.PLACE, Act.DOWNLOAD, Act.BID, Act.ORDER_LOCATE)
LAPSES = ("draft", "submitted", *(state.value for state in (Standing.REJECTED, Standing.REVOKED, Standing.EXPIRED)))


def mexican(ports: Ports, creditor: Actor) -> Actor:
    with ports.session(PLATFORM) as session, transaction(session):
        session.get_one(Organisation, creditor.tenant).country = "MX"
    return creditor


def lapse(ports: Ports, creditor: Actor, agency: Actor, code: str, how: str, now) -> None:
    """Let one template be in a state in which it does not hold."""
    if how == "draft":
        with ports.session(agency) as session, transaction(session):
            service.open_draft(session, agency, creditor_id=creditor.tenant, code=code, now=now)
    elif how == "expired":
        attest_one(ports, creditor, agency, code, now=now, until=now.date() - timedelta(days=1))
    else:
        made = sign_one(ports, creditor, agency, code, now=now)
        with ports.session(creditor) as session, transaction(session):
            if how == "rejected":
                reviewing.reject(session, creditor, made, text_sha256=SIGNED, reason="falta el anexo", now=now)
            elif how == "revoked":
                reviewing.accept(session, creditor, made, text_sha256=SIGNED, now=now)
                reviewing.revoke(session, creditor, made, reason="incidente", now=now)


def mend(ports: Ports, creditor: Actor, agency: Actor, code: str, now) -> None:
    """The agency signs, unless it has, and the creditor accepts."""
    with ports.session(creditor) as session:
        waiting = [row.id for row in list_to_review(session, creditor) if row.agency_id == agency.tenant]
    made = waiting or [sign_one(ports, creditor, agency, code, now=now)]
    with ports.session(creditor) as session, transaction(session):
        reviewing.accept(session, creditor, made[0], text_sha256=SIGNED, now=now)


def closed(ports: Ports, asking: Actor, creditor: Actor, agency: Actor, now) -> dict[Act, list[tuple[str, str]]]:
    """What is closed between the two and why: act -> code and state."""
    with ports.session(asking) as session:
        found = {}
        for act in ACTS:
            reasons = obstacles(
                session, asking, act, creditor_id=creditor.tenant, agency_ids=[agency.tenant], now=now
            ).get(agency.tenant, ())
            if reasons:
                found[act] = [(one.code, one.state.value) for one in reasons]
        return found


@pytest.mark.parametrize("code", STOPS)
def test_a_lapsed_template_stops_exactly_what_its_row_says(ports: Ports, tenants: Tenants, now, code):
    creditors = (tenants.creditor, mexican(ports, tenants.other_creditor))
    for creditor, stopped in zip(creditors, STOPS[code], strict=True):
        for how in ("missing", *LAPSES):
            agency = add_person(ports, Role.MANAGER, f"Agencia {creditor.tenant} {how}")
            attest_all(ports, creditor, agency, now=now, but=[code])
            if how != "missing":
                lapse(ports, creditor, agency, code, how, now)
            shown = "missing" if how == "draft" else how
            expected = {act: [(code, shown)] for act in ACTS if act in stopped}

            assert closed(ports, creditor, creditor, agency, now) == expected
            assert closed(ports, agency, creditor, agency, now) == expected
            with ports.session(agency) as session:
                [standing] = standings(session, agency, now=now)
            assert standing.blocked_acts == stopped

            if how != "draft":
                mend(ports, creditor, agency, code, now)
                assert closed(ports, creditor, creditor, agency, now) == {}


def test_every_row_of_the_reference_is_tested_and_the_last_one_belongs_to_a_recall(tenants):
    per_recall = {one.code for one in templates("CO", date(2026, 3, 11)) if one.is_per_recall}

    assert per_recall == {"AT-08"}
    assert {one.code for one in templates("CO", date(2026, 3, 11))} == {*STOPS, "AT-08"}
    assert len(STOPS) == 13


def test_a_recall_is_closed_by_the_attestation_of_this_recall_only(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    attest_all(ports, creditor, agency, now=now)

    def may_close(recall_id: int | None) -> bool:
        with ports.session(creditor) as session:
            return not obstacles(
                session,
                creditor,
                Act.CLOSE_RECALL,
                creditor_id=creditor.tenant,
                agency_ids=[agency.tenant],
                now=now,
                recall_id=recall_id,
            )

    assert not may_close(7)
    attest_one(ports, creditor, agency, "AT-08", now=now, recall_id=7)
    assert may_close(7)
    assert not may_close(8)
    assert not may_close(None)
    assert closed(ports, creditor, creditor, agency, now) == {}


def test_another_creditor_s_acceptance_does_not_count(ports: Ports, tenants: Tenants, now):
    attest_all(ports, tenants.other_creditor, tenants.agency, now=now)
    attest_all(ports, tenants.creditor, tenants.other_agency, now=now)

    found = closed(ports, tenants.creditor, tenants.creditor, tenants.agency, now)

    assert set(found) == set(ACTS)
    assert {state for reasons in found.values() for _, state in reasons} == {"missing"}
    assert closed(ports, tenants.other_creditor, tenants.other_creditor, tenants.agency, now) == {}


def test_nobody_asks_about_others(ports: Ports, partners: Tenants, now):
    attest_all(ports, partners.creditor, partners.agency, now=now)
    asked = {"creditor_id": partners.creditor.tenant, "agency_ids": [partners.agency.tenant], "now": now}

    for stranger in (partners.other_creditor, partners.other_agency, Actor(side=Side.WORKER)):
        with ports.session(stranger) as session, pytest.raises(NotFound):
            obstacles(session, stranger, Act.PLACE, **asked)


def test_a_closed_gate_tells_every_reason_of_every_agency(ports: Ports, tenants: Tenants, now):
    attest_all(ports, tenants.creditor, tenants.agency, now=now, but=["AT-01", "AT-06"])
    attest_all(ports, tenants.creditor, tenants.other_agency, now=now)
    agencies = [tenants.agency.tenant, tenants.other_agency.tenant]

    with ports.session(tenants.creditor) as session, pytest.raises(GateClosed) as refusal:
        pass_gate(
            session, tenants.creditor, Act.PLACE, creditor_id=tenants.creditor.tenant, agency_ids=agencies, now=now
        )

    assert {agency: [one.code for one in reasons] for agency, reasons in refusal.value.obstacles.items()} == {
        tenants.agency.tenant: ["AT-01", "AT-06"]
    }
    assert "AT-01, AT-06" in str(refusal.value)


@pytest.mark.parametrize(
    ("zone", "is_over"), [("America/Bogota", False), ("Europe/Madrid", True)], ids=["still today", "tomorrow there"]
)
def test_the_last_day_ends_at_midnight_where_the_creditor_is(ports: Ports, now, zone, is_over):
    creditor = add_person(ports, Role.DIRECTOR, "Banco Lejano", time_zone=zone)
    agency = add_person(ports, Role.MANAGER, "Agencia")
    # Ten in the evening of the last day in Bogota is already the next day in Madrid.
    evening = datetime(2026, 3, 12, 3, 0, tzinfo=UTC)
    attest_all(ports, creditor, agency, now=now, but=["AT-02"])
    attest_one(ports, creditor, agency, "AT-02", now=now, until=date(2026, 3, 11))

    assert (Act.DOWNLOAD in closed(ports, agency, creditor, agency, evening)) is is_over


@pytest.mark.parametrize(
    ("told", "act", "reasons"),
    [
        (Statement(), Act.PLACE, []),
        (Statement(services=(OfferedService.LOCATE,)), Act.PLACE, ["service"]),
        (Statement(services=(OfferedService.LOCATE,)), Act.ORDER_LOCATE, []),
        (Statement(services=(OfferedService.COLLECT,)), Act.ORDER_LOCATE, ["service"]),
        (Statement(services=(OfferedService.LOCATE,)), Act.DOWNLOAD, []),
        (Statement(countries=("MX", "PE")), Act.BID, ["coverage"]),
        (Statement(countries=("CO",)), Act.BID, []),
        (Statement(capacity=99), Act.PLACE, ["capacity"]),
        (Statement(capacity=100), Act.PLACE, []),
    ],
)
def test_the_agency_s_own_file_speaks_through_the_same_gate(ports: Ports, partners: Tenants, now, told, act, reasons):
    creditor, agency = partners.creditor, partners.agency
    attest_all(ports, creditor, agency, now=now)
    with ports.session(agency) as session, transaction(session):
        filing.state(session, agency, told, now=now)

    with ports.session(creditor) as session:
        found = obstacles(
            session,
            creditor,
            act,
            creditor_id=creditor.tenant,
            agency_ids=[agency.tenant],
            now=now,
            cases={agency.tenant: 100},
        )

    assert [one.code for one in found.get(agency.tenant, ())] == reasons
