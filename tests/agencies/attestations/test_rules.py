"""Until when an attestation holds, what it counts, and when both sides are warned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from agencies.attestations import queries, reminding, reviewing
from agencies.attestations.rules import (
    FOREVER,
    Standing,
    TemplateStanding,
    blocked_acts,
    score_bp,
    stand,
    valid_until,
)
from agencies.attestations.templates import Act, Effect, Validity, template_as_signed, templates
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from portal.ports import Ports
from tests.attested import SIGNED, UNTIL, attest_all, attest_one, revoke_one, sign_one
from tests.tenants import Tenants

DAY = date(2026, 3, 11)


@pytest.mark.parametrize(
    ("validity", "signed_on", "answers", "until"),
    [
        (Validity(months=12), date(2026, 3, 11), {}, date(2027, 3, 11)),
        (Validity(months=12), date(2028, 2, 29), {}, date(2029, 2, 28)),
        (Validity(months=6), date(2026, 8, 31), {}, date(2027, 2, 28)),
        (Validity(months=3), date(2026, 11, 30), {}, date(2027, 2, 28)),
        (Validity(months=12, field="end"), DAY, {"end": "2026-06-30"}, date(2026, 6, 30)),
        (Validity(months=12, field="end"), DAY, {"end": "2030-06-30"}, date(2027, 3, 11)),
        (Validity(field="end"), DAY, {"end": "2030-06-30"}, date(2030, 6, 30)),
        (Validity(month=3, day=31), date(2025, 12, 31), {}, date(2026, 3, 31)),
        (Validity(month=3, day=31), date(2026, 1, 1), {}, date(2027, 3, 31)),
        (Validity(month=3, day=31), DAY, {}, date(2027, 3, 31)),
        (Validity(month=3, day=31), date(2026, 3, 31), {}, date(2027, 3, 31)),
        (Validity(month=3, day=31), date(2026, 4, 1), {}, date(2027, 3, 31)),
        (Validity(), DAY, {}, FOREVER),
    ],
)
def test_it_holds_until_the_earliest_end(validity, signed_on, answers, until):
    assert valid_until(validity, signed_on, answers) == until


def standings(states: dict[str, Standing]) -> list[TemplateStanding]:
    made = stand(templates("CO", DAY), [], DAY)
    return [
        TemplateStanding(
            one.code,
            states.get(one.code, Standing.ACCEPTED),
            None,
            None,
            one.blocks,
            one.effect,
            one.weight,
            None,
        )
        for one in made
    ]


@pytest.mark.parametrize(
    ("states", "score"),
    [
        # Weights by hand: 3 for 01, 02 and 06; 2 for 03, 04, 07 and 10; 1 for the other six: 23 in all.
        ({}, 10_000),
        ({"AT-05": Standing.MISSING}, 9565),
        ({"AT-02": Standing.MISSING}, 8696),
        ({"AT-02": Standing.REJECTED, "AT-05": Standing.EXPIRED}, 8261),
        ({"AT-02": Standing.EXPIRING}, 10_000),
        ({"AT-02": Standing.EXPIRED}, 0),
        ({"AT-07": Standing.REVOKED}, 0),
        (dict.fromkeys(("AT-01", "AT-02", "AT-06"), Standing.MISSING), 6087),
    ],
)
def test_the_score_is_the_weighted_share_and_nothing_when_a_blocking_one_has_lapsed(states, score):
    assert score_bp(standings(states)) == score


@pytest.mark.parametrize("first", ["expired", "revoked", "accepted"])
def test_signing_anew_does_not_mend_the_score_before_it_is_accepted(ports: Ports, partners: Tenants, now, first):
    creditor, agency = partners.creditor, partners.agency
    attest_all(ports, creditor, agency, now=now, but=["AT-02"])

    def score() -> int:
        with ports.session(creditor) as session:
            [standing] = queries.standings(session, creditor, now=now)
        return standing.score_bp

    never_held = score()
    ends = now.date() - timedelta(days=1) if first == "expired" else UNTIL
    attest_one(ports, creditor, agency, "AT-02", now=now, until=ends)
    if first == "revoked":
        revoke_one(ports, creditor, agency, "AT-02", now=now)
    held = score()
    sign_one(ports, creditor, agency, "AT-02", now=now)
    signed = score()
    accept_newest(ports, creditor, agency, now)

    assert never_held == 8696
    assert (held, signed, score()) == ((10_000, 10_000, 10_000) if first == "accepted" else (0, 0, 10_000))


def accept_newest(ports: Ports, creditor, agency, now) -> None:
    with ports.session(creditor) as session, transaction(session):
        [row] = queries.list_to_review(session, creditor)
        reviewing.accept(session, creditor, row.id, text_sha256=SIGNED, now=now)


def test_what_holds_stops_nothing():
    assert blocked_acts(standings({})) == frozenset()
    assert blocked_acts(standings({"AT-02": Standing.EXPIRING})) == frozenset()
    assert blocked_acts(standings({"AT-02": Standing.SUBMITTED})) == {Act.DOWNLOAD}


@pytest.mark.parametrize("country", ["CO", "MX", "PE", "CL", "EC", "AR"])
def test_every_country_has_all_fourteen_in_both_languages(country):
    found = templates(country, DAY)

    assert [one.code for one in found] == [f"AT-{number:02}" for number in range(1, 15)]
    for one in found:
        for texts in (one.title, one.statement, one.evidence_hint, *(field.label for field in one.fields)):
            assert set(texts) == {"en", "es"}
            assert all(texts.values())
            assert texts["en"] != texts["es"] or texts["en"] in {"Canal", "Protocol"}
        assert (one.effect is Effect.BLOCKS) == bool(one.blocks)
        assert template_as_signed(one.code, country, one.version) == one


def test_both_sides_are_warned_once_at_sixty_thirty_seven_days_and_when_it_is_over(
    ports: Ports, partners: Tenants, now
):
    end = date(2026, 6, 30)
    attest_one(ports, partners.creditor, partners.agency, "AT-03", now=now, until=end)
    told: list[list[tuple[str, int]]] = []
    for left in (61, 60, 59, 31, 30, 8, 7, 7, 1, 0, -1, -2):
        # Just after midnight in Bogota, where the creditor is.
        at = datetime.combine(end - timedelta(days=left), datetime.min.time(), UTC) + timedelta(hours=5, minutes=1)
        with ports.session(partners.creditor) as session, transaction(session):
            reminding.warn_expiries(session, partners.creditor, now=at)
    for actor in (partners.creditor, partners.agency):
        with ports.session(actor) as session:
            rows = list_notices(session, actor).rows
        told.append([(one.kind, one.details["days"]) for one in reversed(rows)])

    expected = [
        ("attestation.expiring", 60),
        ("attestation.expiring", 30),
        ("attestation.expiring", 7),
        ("attestation.expired", -1),
    ]
    assert told == [expected, expected]


def test_days_on_which_nobody_warned_are_not_made_up_for(ports: Ports, partners: Tenants, now):
    attest_one(ports, partners.creditor, partners.agency, "AT-03", now=now, until=date(2026, 6, 30))
    at = datetime(2026, 6, 27, 15, tzinfo=UTC)
    with ports.session(partners.creditor) as session, transaction(session):
        assert reminding.warn_expiries(session, partners.creditor, now=at) == 1

    with ports.session(partners.agency) as session:
        [notice] = list_notices(session, partners.agency).rows
    assert (notice.kind, notice.details["days"]) == ("attestation.expiring", 3)
