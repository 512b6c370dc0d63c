"""How things stood on a day that has passed is read from dates; the score never falls by an acceptance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.attestations import queries, reviewing, signing
from agencies.attestations.gates import Act
from agencies.attestations.models import AttestationState
from agencies.attestations.queries import score_history
from agencies.attestations.register import register
from agencies.attestations.rules import Standing, score_bp, stand
from agencies.attestations.templates import templates
from agencies.attestations.timeline import Past
from agencies.kernel.errors import NotFound
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests.attested import attest_all, attest_one, revoke_one, sign_one
from tests.signing import review, signed
from tests.tenants import Tenants, add_person

DAY = date(2026, 3, 11)
CATALOGUE = [one for one in templates("CO", DAY) if not one.is_per_recall]
BLOCKING = [one.code for one in CATALOGUE if one.blocks]
STATES = [state for state in AttestationState if state is not AttestationState.DRAFT]


def made(code: str, state: AttestationState, days: int, number: int = 1) -> Past:
    return Past(number, code, state, None, 2, DAY, DAY + timedelta(days=days), None)


rows = st.lists(
    st.builds(
        made,
        st.sampled_from([one.code for one in CATALOGUE]),
        st.sampled_from(STATES),
        st.integers(-30, 400),
        st.integers(1, 10**6),
    ),
    max_size=30,
    unique_by=lambda one: one.id,
)


def score(known: list[Past]) -> int:
    return score_bp(stand(CATALOGUE, known, DAY))


@given(rows, st.sampled_from([one.code for one in CATALOGUE]))
def test_accepting_never_lowers_the_score(known, code):
    newest = made(code, AttestationState.ACCEPTED, 400, 10**7)

    assert score([*known, newest]) >= score(known)


@given(rows, st.sampled_from(BLOCKING), st.sampled_from(["expired", "revoked", "outdated"]))
def test_a_blocking_one_that_has_lapsed_leaves_nothing_of_the_score(known, code, how):
    others = [one for one in known if one.code != code]
    lapsed = {
        "expired": made(code, AttestationState.ACCEPTED, -1, 10**7),
        "revoked": made(code, AttestationState.REVOKED, 400, 10**7),
        "outdated": replace(made(code, AttestationState.ACCEPTED, 400, 10**7), outdated_at=datetime.now(UTC)),
    }

    assert score([*others, lapsed[how]]) == 0


@given(rows)
def test_the_score_is_a_share_and_whole_only_when_all_hold(known):
    stood = stand(CATALOGUE, known, DAY)

    assert 0 <= score(known) <= 10_000
    assert (score(known) == 10_000) == all(one.is_holding for one in stood)


def states(ports: Ports, partners: Tenants, code: str, days: list[date], now) -> list[Standing]:
    with ports.session(partners.creditor) as session:
        past = score_history(session, partners.creditor, partners.agency.tenant, days=days, now=now)
    return [one.state for relation in past for one in relation.templates if one.code == code]


def test_each_day_is_told_as_it_was_whatever_became_of_it_since(ports: Ports, partners: Tenants, now):
    """Signed on the 11th, accepted on the 13th, replaced on the 20th by one that was revoked on the 25th."""
    creditor = partners.creditor

    def at(day: int) -> datetime:
        return datetime(2026, 3, day, 17, tzinfo=UTC)

    first = signed(ports, partners, at(11))
    review(ports, creditor, reviewing.accept, first, at(13))
    second = signed(ports, partners, at(18))
    review(ports, creditor, reviewing.accept, second, at(20))
    review(ports, creditor, reviewing.revoke, second, at(25), reason="incidente")
    days = [date(2026, 3, day) for day in (10, 11, 12, 13, 19, 20, 24, 25, 28)]

    assert states(ports, partners, "AT-04", days, at(30)) == [
        # The panel was joined on the 11th: the day before there was nothing between the two.
        Standing.SUBMITTED,
        Standing.SUBMITTED,
        Standing.ACCEPTED,
        Standing.ACCEPTED,
        Standing.ACCEPTED,
        Standing.ACCEPTED,
        Standing.REVOKED,
        Standing.REVOKED,
    ]


def test_what_was_rejected_or_taken_back_or_ran_out_is_told_so_on_its_days(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    refused = signed(ports, partners, now)
    review(ports, creditor, reviewing.reject, refused, now + timedelta(days=2), reason="falta")
    attest_one(ports, creditor, agency, "AT-02", now=now, until=date(2026, 3, 20))
    later, today = now + timedelta(days=30), now.date()
    days = [today, today + timedelta(days=2), date(2026, 3, 20), date(2026, 3, 21)]

    assert states(ports, partners, "AT-04", days, later) == [Standing.SUBMITTED, *[Standing.REJECTED] * 3]
    assert states(ports, partners, "AT-02", days, later) == [*[Standing.EXPIRING] * 3, Standing.EXPIRED]
    taken = signed(ports, partners, later)
    review(ports, agency, signing.withdraw, taken, later)
    assert states(ports, partners, "AT-04", [later.date()], later + timedelta(days=3)) == [Standing.REJECTED]


def test_the_past_ends_at_the_creditor_s_midnight(ports: Ports, now):
    """A creditor in Mexico, an agency in Bogota, an hour ahead: the last day is the creditor's."""
    creditor = add_person(ports, Role.DIRECTOR, "Banco Azteca Inventado", time_zone="America/Mexico_City")
    agency = add_person(ports, Role.MANAGER, "Cobros de Bogota")
    attest_all(ports, creditor, agency, now=now, but=["AT-02"])
    attest_one(ports, creditor, agency, "AT-02", now=now, until=DAY)
    # Half past midnight in Bogota is half past eleven of the last day in Mexico.
    half_past = datetime(2026, 3, 12, 5, 30, tzinfo=UTC)

    for actor in (creditor, agency):
        for at, stopped in ((half_past, False), (half_past + timedelta(minutes=30), True)):
            with ports.session(actor) as session:
                [stood] = queries.standings(session, actor, now=at)
            assert (Act.DOWNLOAD in stood.blocked_acts) is stopped
            assert (stood.score_bp == 0) is stopped


def test_today_by_the_rows_is_today_by_their_dates(ports: Ports, tenants: Tenants, now):
    """The day after, what the dates say of today is what the states said on it."""
    creditor, agency = tenants.creditor, tenants.agency
    attest_all(ports, creditor, agency, now=now, but=["AT-02", "AT-05", "AT-09"])
    attest_one(ports, creditor, agency, "AT-02", now=now, until=date(2026, 3, 1))
    sign_one(ports, creditor, agency, "AT-05", now=now)
    revoke_one(ports, creditor, agency, "AT-12", now=now)
    with ports.session(creditor) as session:
        [today] = queries.standings(session, creditor, now=now)
        [past] = queries.standings(session, creditor, on=now.date(), now=now + timedelta(days=1))

    assert (past.templates, past.score_bp, past.blocked_acts) == (today.templates, today.score_bp, today.blocked_acts)
    assert past.waiting == today.waiting == 1


def test_the_register_names_text_and_dates_of_each_template_and_nobody_else_s(ports: Ports, tenants: Tenants, now):
    for creditor, agency in (
        (tenants.creditor, tenants.agency),
        (tenants.creditor, tenants.other_agency),
        (tenants.other_creditor, tenants.agency),
    ):
        attest_all(ports, creditor, agency, now=now)
    with ports.session(tenants.creditor) as session:
        lines = register(session, tenants.creditor, now=now)
    with ports.session(tenants.other_agency) as session:
        own = register(session, tenants.other_agency, now=now)
        with pytest.raises(NotFound):
            score_history(session, tenants.other_agency, tenants.other_creditor.tenant, days=[DAY], now=now)

    assert len(lines) == 26
    assert {line.agency.id for line in lines} == {tenants.agency.tenant, tenants.other_agency.tenant}
    assert {line.creditor.id for line in lines} == {tenants.creditor.tenant}
    assert all(line.signature and line.row and line.row.id == line.signature.attestation_id for line in lines)
    assert {(line.creditor.id, line.agency.id) for line in own} == {
        (tenants.creditor.tenant, tenants.other_agency.tenant)
    }
