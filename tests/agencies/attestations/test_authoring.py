"""A creditor's own templates go through the same pages, signature, gates and score as the common ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from agencies.attestations import authoring, reminding, reviewing, service
from agencies.attestations.gates import Act, obstacles
from agencies.attestations.queries import get_attestation, get_standing
from agencies.attestations.rules import Standing
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from portal.ports import Ports
from tests.attested import attest_all
from tests.disclosed import WORDING, ask_for
from tests.signing import notices, review, shown, sign
from tests.tenants import Tenants

#: The day of the tests is 11 March; the template is asked for from the twentieth.
SINCE = date(2026, 3, 20)
BEFORE = datetime(2026, 3, 20, 4, 59, tzinfo=UTC)
#: Midnight in Bogota, where the creditor is.
AFTER = datetime(2026, 3, 20, 5, 0, tzinfo=UTC)


def state(ports: Ports, partners: Tenants, now, code: str = "EX-01") -> Standing | None:
    with ports.session(partners.creditor) as session:
        standing = get_standing(session, partners.creditor, partners.agency.tenant, now=now)
    return next((one.state for one in standing.templates if one.code == code), None)


def score(ports: Ports, partners: Tenants, now) -> int:
    with ports.session(partners.agency) as session:
        return get_standing(session, partners.agency, partners.creditor.tenant, now=now).score_bp


def stopped(ports: Ports, partners: Tenants, now) -> list[str]:
    asked = {"creditor_id": partners.creditor.tenant, "agency_ids": [partners.agency.tenant], "now": now}
    with ports.session(partners.agency) as session:
        found = obstacles(session, partners.agency, Act.DOWNLOAD, **asked)
    return [one.code for reasons in found.values() for one in reasons]


def sign_own(ports: Ports, partners: Tenants, now) -> int:
    agency = partners.agency
    with ports.session(agency) as session, transaction(session):
        draft = service.open_draft(session, agency, creditor_id=partners.creditor.tenant, code="EX-01", now=now)
        service.fill(session, agency, draft.id, answers={"question_1": "La Previsora"}, evidence_on=None, now=now)
    sign(ports, agency, draft.id, shown(ports, agency, draft.id, now).sha256, now)
    return draft.id


def test_it_is_asked_for_from_its_day_on_and_stops_what_it_says_until_it_is_accepted(ports: Ports, partners, now):
    attest_all(ports, partners.creditor, partners.agency, now=now)
    ask_for(ports, partners.creditor, since=SINCE, now=now)

    assert (state(ports, partners, BEFORE), stopped(ports, partners, BEFORE)) == (None, [])
    assert (state(ports, partners, AFTER), stopped(ports, partners, AFTER)) == (Standing.MISSING, ["EX-01"])
    assert (score(ports, partners, BEFORE), score(ports, partners, AFTER)) == (10_000, 9_200)
    made = sign_own(ports, partners, now)
    review(ports, partners.creditor, reviewing.accept, made, now)
    assert (state(ports, partners, AFTER), stopped(ports, partners, AFTER)) == (Standing.ACCEPTED, [])
    assert score(ports, partners, AFTER) == 10_000


def test_the_text_that_is_signed_is_the_creditor_s(ports: Ports, partners: Tenants, now):
    ask_for(ports, partners.creditor, since=SINCE, now=now)
    made = sign_own(ports, partners, now)

    with ports.session(partners.creditor) as session:
        page = get_attestation(session, partners.creditor, made, now=now)
    for word in ("EX-01", "Seguro de crédito", "Contamos con seguro de crédito.", "Aseguradora: La Previsora"):
        assert word in page.signatures[0].text
    assert page.row.valid_until == date(2026, 9, 11)


def test_a_new_version_makes_the_old_one_due_for_renewal_on_its_day_and_not_before(ports: Ports, partners, now):
    ask_for(ports, partners.creditor, since=SINCE, now=now)
    review(ports, partners.creditor, reviewing.accept, sign_own(ports, partners, now), now)
    second = replace(WORDING, statement={"es": "Otro texto.", "en": "Another text."})
    ask_for(ports, partners.creditor, second, since=date(2026, 8, 1), code="EX-01", now=now)
    last = datetime(2026, 8, 1, 4, 59, tzinfo=UTC)

    assert state(ports, partners, datetime(2026, 6, 1, 12, tzinfo=UTC)) is Standing.ACCEPTED
    assert state(ports, partners, last) is Standing.EXPIRING
    assert state(ports, partners, last + timedelta(minutes=1)) is Standing.OUTDATED
    # From sixty days before, what is signed is the new version, so that nothing stops on the day.
    soon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    again = sign_own(ports, partners, soon)
    review(ports, partners.creditor, reviewing.accept, again, soon)
    with ports.session(partners.creditor) as session:
        page = get_attestation(session, partners.creditor, again, now=soon)
    assert (page.row.template_version, "Otro texto." in page.signatures[0].text) == (2, True)
    assert state(ports, partners, last + timedelta(minutes=1)) is Standing.ACCEPTED


def test_a_version_that_only_reads_better_renews_nothing(ports: Ports, partners: Tenants, now):
    ask_for(ports, partners.creditor, since=SINCE, now=now)
    review(ports, partners.creditor, reviewing.accept, sign_own(ports, partners, now), now)
    ask_for(ports, partners.creditor, replace(WORDING, renews=False), since=date(2026, 4, 1), code="EX-01", now=now)

    assert state(ports, partners, datetime(2026, 5, 1, 12, tzinfo=UTC)) is Standing.ACCEPTED


def test_both_sides_are_warned_of_a_new_version_before_its_day(ports: Ports, partners: Tenants, now):
    ask_for(ports, partners.creditor, since=SINCE, now=now)
    review(ports, partners.creditor, reviewing.accept, sign_own(ports, partners, now), now)
    ask_for(ports, partners.creditor, since=date(2026, 6, 1), code="EX-01", now=now)
    for left in (61, 60, 30, 30, 7, 1):
        at = datetime(2026, 5, 31, 17, tzinfo=UTC) - timedelta(days=left)
        with ports.session(partners.creditor) as session, transaction(session):
            reminding.warn_expiries(session, partners.creditor, now=at)

    for actor in (partners.creditor, partners.agency):
        with ports.session(actor) as session:
            told = [one for one in list_notices(session, actor).rows if one.kind == "attestation.replaced"]
        assert [one.details["days"] for one in told] == [7, 30, 60]
        assert {one.details["from_on"] for one in told} == {"2026-06-01"}


def test_a_withdrawn_template_stops_nothing_from_its_day_on(ports: Ports, partners: Tenants, now):
    attest_all(ports, partners.creditor, partners.agency, now=now)
    row = ask_for(ports, partners.creditor, since=SINCE, now=now)
    with ports.session(partners.creditor) as session, transaction(session):
        authoring.retire_template(session, partners.creditor, row.id, retired_on=date(2026, 4, 1), now=now)
    with ports.session(partners.creditor) as session, pytest.raises(authoring.AlreadyRetired):
        authoring.retire_template(session, partners.creditor, row.id, retired_on=date(2026, 5, 1), now=now)

    assert stopped(ports, partners, AFTER) == ["EX-01"]
    assert stopped(ports, partners, datetime(2026, 4, 1, 5, tzinfo=UTC)) == []


def test_it_is_one_creditor_s_and_no_other_s(ports: Ports, tenants: Tenants, now):
    for creditor in (tenants.creditor, tenants.other_creditor):
        attest_all(ports, creditor, tenants.agency, now=now)
    ask_for(ports, tenants.other_creditor, since=SINCE, now=now)

    assert stopped(ports, tenants, AFTER) == []
    with ports.session(tenants.agency) as session, pytest.raises(NotFound):
        service.open_draft(session, tenants.agency, creditor_id=tenants.creditor.tenant, code="EX-01", now=AFTER)
    # Whoever is not on the panel knows nothing of it.
    with ports.session(tenants.other_agency) as session:
        assert session.execute(text("select count(*) from creditor_templates")).scalar_one() == 0


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"title": {"es": "Solo español", "en": " "}}, authoring.WordingIncomplete),
        ({"statement": {"es": "Solo español"}}, authoring.WordingIncomplete),
        ({"questions": ({"es": "Una", "en": ""},)}, authoring.WordingIncomplete),
        ({"questions": ({"es": "Una", "en": "One"},) * 6}, authoring.OutOfRange),
        ({"months": 0}, authoring.OutOfRange),
        ({"months": 61}, authoring.OutOfRange),
        ({"weight": 6}, authoring.OutOfRange),
        ({"blocks": frozenset({Act.CLOSE_RECALL})}, authoring.OutOfRange),
    ],
)
def test_what_cannot_be_a_template_is_refused(ports: Ports, partners: Tenants, now, change, refusal):
    with ports.session(partners.creditor) as session, pytest.raises(refusal):
        authoring.draft_template(session, partners.creditor, replace(WORDING, **change), now=now)


def test_nobody_s_day_breaks_off(ports: Ports, partners: Tenants, now):
    with ports.session(partners.creditor) as session, transaction(session):
        row = authoring.draft_template(session, partners.creditor, WORDING, now=now)
        with pytest.raises(authoring.TemplateTooSoon):
            authoring.publish_template(session, partners.creditor, row.id, valid_from=date(2026, 3, 11), now=now)
    ask_for(ports, partners.creditor, since=SINCE, code="EX-01", now=now)
    ask = {"valid_from": SINCE, "now": now}
    with ports.session(partners.creditor) as session, transaction(session):
        # A second press changes nothing; another day is another version.
        assert authoring.publish_template(session, partners.creditor, row.id, **ask).version == 1
        with pytest.raises(authoring.TemplatePublished):
            authoring.publish_template(session, partners.creditor, row.id, valid_from=date(2026, 5, 1), now=now)
        with pytest.raises(authoring.TemplatePublished):
            authoring.drop_draft(session, partners.creditor, row.id)
    assert notices(ports, partners.agency).count("template.published") == 1


def test_only_the_creditor_s_reviewers_write_and_only_their_own(ports: Ports, partners: Tenants, now):
    row = ask_for(ports, partners.creditor, since=SINCE, now=now)
    with ports.session(partners.agency) as session, pytest.raises(Forbidden):
        authoring.draft_template(session, partners.agency, WORDING, now=now)
    stranger = partners.other_creditor
    with ports.session(stranger) as session:
        for verb, how in (
            (authoring.get_template_version, {}),
            (authoring.drop_draft, {}),
            (authoring.publish_template, {"valid_from": SINCE, "now": now}),
            (authoring.retire_template, {"retired_on": SINCE, "now": now}),
        ):
            with pytest.raises(NotFound):
                verb(session, stranger, row.id, **how)
        with pytest.raises(NotFound):
            authoring.draft_template(session, stranger, WORDING, code="EX-01", now=now)


@pytest.mark.parametrize(
    "statement",
    [
        "update creditor_templates set body = '{}'",
        "update creditor_templates set valid_from = '2027-01-01'",
        "update creditor_templates set published_at = null",
        "delete from creditor_templates",
    ],
)
def test_what_was_published_is_not_edited_even_by_hand(ports: Ports, partners: Tenants, now, statement):
    ask_for(ports, partners.creditor, since=SINCE, now=now)

    with ports.session(partners.creditor) as session, transaction(session), pytest.raises(ProgrammingError):
        session.execute(text(statement))
