"""An application from the first letter to the new organisation; each step, each refusal, and whose link it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from agencies.applications import content, drafting, letters, links, reviewing
from agencies.applications.content import SharesBeyondWhole
from agencies.applications.drafting import KnownAlready, StillMissing
from agencies.applications.links import LinkUsed, VisitOver
from agencies.applications.models import ApplicationState
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.organisations import service
from agencies.organisations.countries import TaxIdInvalid
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Role
from agencies.organisations.service import EmailTaken, EmailUnusable, OrganisationAlreadyRegistered
from agencies.standing import accounts, documents, filing, people
from agencies.standing.accounts import AccountNumberInvalid
from agencies.standing.fields import AnswerUnfit
from portal.jobs import tasks
from tests import applying
from tests.applying import approve, at_the_door, by_operator

_S = ApplicationState


def test_nothing_but_a_sealed_address_is_kept_before_it_is_confirmed(world, ports, now):
    row = at_the_door(
        ports,
        lambda session: letters.begin(
            session, kind=OrganisationKind.AGENCY, country="CO", email=applying.EMAIL, language="es", now=now
        ),
    )

    assert (row.state, row.content, row.legal_name, row.tax_id) == (_S.UNCONFIRMED, None, "", None)
    assert applying.EMAIL.encode() not in row.email
    with ports.session(DOOR) as session, pytest.raises(VisitOver):
        drafting.write(session, "anything", "company", {"legal_name": "x"}, now=now)


def test_an_applicant_becomes_an_agency_with_its_file_filled_and_a_manager_invited(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)

    row, invited = approve(world, number, now)
    tasks.perform_due(ports)

    agency = Actor(
        side=Side.AGENCY, organisation_id=row.agency_id, permissions=frozenset({"standing.view", "standing.edit"})
    )
    assert (row.state, invited.user.role, invited.user.email) == (_S.APPROVED, Role.MANAGER, applying.EMAIL)
    with ports.session(agency) as session:
        page = filing.get_file(session, agency, row.agency_id)
        [principal] = people.principals_of(session, agency, row.agency_id)
        [account] = accounts.accounts_of(session, agency, row.agency_id)
        shown = documents.documents_of(session, agency, row.agency_id)
    assert (page.statement.capacity, page.statement.notice_hours) == (900, 24)
    assert page.registers["register_office"] == "Cámara de comercio inventada"
    assert page.disclosures["litigation"] == "no"
    assert [one.title for one in page.credentials] == ["Responsabilidad civil"]
    assert (principal.document_end, principal.share_bp) == ("678", 6_000)
    assert (account.last_four, account.is_own) == ("8901", True)
    assert {one.kind for one in shown} == set(applying.DOCUMENTS)
    for one in shown:
        assert one.storage_key.startswith(f"{row.agency_id}/")
        with ports.storage.open(one.storage_key) as file:
            assert file.read().startswith(b"%PDF")


def test_a_creditor_applies_likewise_and_its_director_is_invited(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now, kind=OrganisationKind.CREDITOR, said=applying.CREDITOR)

    row, invited = approve(world, number, now)

    assert (invited.user.role, row.agency_id) == (Role.DIRECTOR, None)
    with ports.session(DOOR) as session:
        assert session.get_one(Organisation, row.creditor_id).kind is OrganisationKind.CREDITOR


def test_a_link_works_once_and_the_last_browser_goes_on(world, ports, now):
    number, _visit = applying.begin(ports, now=now)

    def fresh(session):
        row = links.find_by_address(session, email=applying.EMAIL, kind=OrganisationKind.AGENCY)
        return links.fresh_link(session, row, now=now)

    first, second = at_the_door(ports, fresh), at_the_door(ports, fresh)
    _row, visit = at_the_door(ports, lambda session: links.enter(session, first, now=now))
    with pytest.raises(LinkUsed):
        at_the_door(ports, lambda session: links.enter(session, first, now=now))
    row, last = at_the_door(ports, lambda session: links.enter(session, second, now=now))
    assert row.id == number == applying.read(ports, last, now=now).id
    with pytest.raises(VisitOver):
        applying.read(ports, visit, now=now)


def test_a_link_and_a_visit_end_with_their_time(world, ports, now):
    _number, visit = applying.begin(ports, now=now)

    with pytest.raises(VisitOver):
        applying.read(ports, visit, now=now + links.VISIT_LIFETIME)
    token = at_the_door(
        ports,
        lambda session: links.fresh_link(
            session, links.find_by_address(session, email=applying.EMAIL, kind=OrganisationKind.AGENCY), now=now
        ),
    )
    with pytest.raises(LinkUsed):
        at_the_door(ports, lambda session: links.find_link(session, token, now=now + links.LINK_LIFETIME))


def test_a_visit_reaches_its_own_application_and_no_other(world, ports, now):
    _first, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, now=now)
    _second, other = applying.begin(ports, email="otra@otra.example", now=now)

    with ports.session(DOOR) as session:
        links.visited(session, other, now=now)
        seen = session.execute(text("select count(*), count(distinct handle) from applications")).one()
        files = session.scalar(text("select count(*) from application_files"))
        steps = session.scalar(text("select count(distinct handle) from application_steps"))
    assert (tuple(seen), files, steps) == ((1, 1), 0, 1)
    file_id = at_the_door(
        ports, lambda session: drafting.files_of(session, links.visited(session, visit, now=now))[0].id
    )
    for attempt in (drafting.own_file, drafting.detach):
        with pytest.raises(NotFound):
            at_the_door(ports, lambda session, attempt=attempt: attempt(session, other, file_id, now=now))


def test_without_a_link_the_door_reaches_no_application(world, ports, now):
    applying.hand_in(ports, now=now)

    with ports.session(DOOR) as session:
        for table in ("applications", "application_files", "application_steps"):
            assert session.scalar(text(f"select count(*) from {table}")) == 0


@pytest.mark.parametrize(
    ("part", "answers", "refusal"),
    [
        ("company", {"tax_id": "900777111-1"}, TaxIdInvalid),
        ("bank", {"number": "12"}, AccountNumberInvalid),
        ("contacts", {"complaints_1_email": "nobody"}, AnswerUnfit),
        ("coverage", {"services": ["hypnosis"]}, AnswerUnfit),
        ("coverage", {"capacity": -1}, AnswerUnfit),
        ("registers", {"renewed_on": "yesterday"}, AnswerUnfit),
        ("data", {"litigation": "perhaps"}, AnswerUnfit),
        ("company", {"legal_name": "x" * 201}, AnswerUnfit),
        ("nothing", {}, NotFound),
    ],
)
def test_what_does_not_fit_is_refused_and_not_kept(world, ports, now, part, answers, refusal):
    _number, visit = applying.begin(ports, now=now)

    with pytest.raises(refusal):
        at_the_door(ports, lambda session: drafting.write(session, visit, part, answers, now=now))
    with ports.session(DOOR) as session:
        assert content.opened(session, links.visited(session, visit, now=now)) == {}


def test_shares_beyond_the_whole_are_refused(world, ports, now):
    _number, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, now=now)
    [one] = applying.AGENCY["principals"]

    with pytest.raises(SharesBeyondWhole):
        at_the_door(ports, lambda session: drafting.write(session, visit, "principals", one, now=now))


@pytest.mark.parametrize("part", ["company", "principals", "bank", "contacts", "data"])
def test_what_lacks_a_part_is_not_handed_in(world, ports, now, part):
    _number, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, {code: said for code, said in applying.AGENCY.items() if code != part}, now=now)

    with pytest.raises(StillMissing):
        at_the_door(ports, lambda session: drafting.submit(session, visit, now=now))


def test_disclosed_litigation_says_which(world, ports, now):
    _number, visit = applying.begin(ports, now=now)
    applying.fill(ports, visit, now=now, data={**applying.AGENCY["data"], "litigation": "yes"})

    with pytest.raises(StillMissing):
        at_the_door(ports, lambda session: drafting.submit(session, visit, now=now))


def test_a_second_press_hands_nothing_in_twice(world, ports, now):
    _number, visit = applying.hand_in(ports, now=now)

    again = at_the_door(ports, lambda session: letters.submit(session, visit, now=now + timedelta(minutes=1)))

    assert again.submitted_at == now
    steps = at_the_door(ports, lambda session: drafting.steps_of(session, links.visited(session, visit, now=now)))
    assert [one.state for one in steps] == [_S.SUBMITTED, _S.DRAFT]


def test_one_organisation_has_one_application(world, ports, now):
    applying.hand_in(ports, now=now)

    with pytest.raises(KnownAlready):
        applying.hand_in(ports, now=now, email="otra@paramo.example")


def test_an_organisation_that_is_here_does_not_apply_again(world, ports, now):
    company = {**applying.AGENCY["company"], "tax_id": world.agencies[0].tax_id}

    with pytest.raises(KnownAlready):
        applying.hand_in(ports, now=now, changes={"company": company})


def test_an_organisation_registered_meanwhile_is_not_let_in_twice(world, ports, now):
    number, _visit = applying.hand_in(ports, now=now)
    with ports.session(world.operator) as session, transaction(session):
        service.register(
            session, world.operator, kind=OrganisationKind.AGENCY, name="x", legal_name="x",
            tax_id=applying.TAX_ID, country="CO", now=now,
        )  # fmt: skip

    with pytest.raises(OrganisationAlreadyRegistered):
        approve(world, number, now)
    page = by_operator(world, lambda session, actor: reviewing.get_application(session, actor, number))
    assert (page.row.state, page.known.name) == (_S.UNDER_REVIEW, "x")


def test_an_address_in_use_keeps_the_application_undecided(world, ports, now):
    person = world.person(Role.MANAGER)
    number, _visit = applying.hand_in(ports, now=now, email=person.email)

    with pytest.raises(EmailTaken):
        approve(world, number, now)
    with ports.session(DOOR) as session:
        assert session.scalar(text("select count(*) from organisations where tax_id = '9007771119'")) == 0


def test_an_address_that_is_none_is_refused(world, ports, now):
    with pytest.raises(EmailUnusable):
        applying.begin(ports, email="nobody", now=now)
