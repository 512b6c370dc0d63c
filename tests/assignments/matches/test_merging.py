"""Debtors of two files that may be one person: proposed, never merged by themselves, and merged by a person's word."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments import intake
from assignments.cases.models import Case, Debtor
from assignments.contacts.queries import list_contacts
from assignments.matches import finding, merging, queries
from assignments.matches.models import MatchState
from portal.jobs import tasks
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads.lifecycle import CannotBeUndone
from uploads.options import Options

#: After all that is applied here.
NOW = datetime(2030, 3, 11, 17, tzinfo=UTC)
HEADER = "obligacion;tipo documento;cedula;nombre;fecha nacimiento;saldo total;celular;correo\n"
FIRST = (
    "A-1;CC;52123456;Rosa Elena Quintana;1981-04-07;100,00;3001234567;rosa@correo.example\n"
    "A-2;CC;79555111;Pedro Quintana;1979-01-02;200,00;3001234567;\n"
    "A-3;CC;80111222;Ana Lucía Vargas;1990-05-06;300,00;3109876543;\n"
)
SECOND = (
    # The same woman without her number, by the same telephone; written another way.
    "B-1;;;QUINTANA ROSA ELENA;1981-04-07;400,00;300 123 4567;\n"
    # Somebody else of that name, at another telephone.
    "B-2;;;Rosa Elena Quintana;1981-04-07;500,00;3015550000;\n"
    # The same telephone, another person.
    "B-3;CC;80999888;Luz Vargas;1992-05-06;600,00;3109876543;\n"
)
OPTIONS = Options(decimal=",")


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(ports: Ports, world: World) -> Actor:
    return world.actor(Role.ANALYST)


def hand_over(ports: Ports, actor: Actor, rows: str) -> int:
    upload = files.checked(ports, actor, (HEADER + rows).encode(), options=OPTIONS)
    files.apply(ports, actor, upload.id)
    return upload.id


@pytest.fixture
def proposed(ports: Ports, analyst: Actor) -> queries.MatchRow:
    hand_over(ports, analyst, FIRST)
    hand_over(ports, analyst, SECOND)
    tasks.perform_due(ports)
    with ports.session(analyst) as session:
        (row,) = queries.list_matches(session, analyst).rows
    return row


def debtor_of(session, account: str) -> int:
    return session.scalars(select(Case.debtor_id).where(Case.account_ref == account)).one()


def merge(ports: Ports, actor: Actor, match_id: int, keep: int) -> None:
    with ports.session(actor) as session, transaction(session):
        merging.merge(session, actor, match_id, keep=keep, now=NOW)


def test_only_the_pair_that_may_be_one_person_is_proposed_and_nothing_is_merged(ports, analyst, proposed):
    assert {proposed.one.account, proposed.other.account} == {"A-1", "B-1"}
    assert proposed.similarity_bp == 10_000
    assert proposed.reasons["contacts"] == ["phone"]
    with ports.session(analyst) as session:
        assert debtor_of(session, "A-1") != debtor_of(session, "B-1")
        assert queries.count_proposed(session, analyst) == 1


def test_the_work_done_again_proposes_nothing_twice(ports, analyst, proposed):
    with ports.session(analyst) as session, transaction(session):
        uploads = session.scalars(text("select upload_id from portfolios")).all()
        assert [finding.find(session, analyst, one, now=NOW) for one in uploads] == [0, 0]
        assert queries.count_proposed(session, analyst) == 1


def test_the_cases_of_both_stand_with_the_one_that_is_kept_and_so_does_what_comes_later(ports, analyst, proposed):
    keep, gone = proposed.one.debtor_id, proposed.other.debtor_id
    merge(ports, analyst, proposed.id, keep)
    # A later file names the one that went: by its account, for want of anything better.
    hand_over(ports, analyst, "B-9;CC;52123456;Rosa Quintana;;50,00;;otra@correo.example\n")
    with ports.session(analyst) as session:
        assert {debtor_of(session, account) for account in ("A-1", "B-1", "B-9")} == {keep}
        assert session.get_one(Debtor, (analyst.tenant, gone)).merged_into == keep
        values = [one.value for one in list_contacts(session, analyst, keep)]
        assert sorted(values) == ["3001234567", "otra@correo.example", "rosa@correo.example"]
        assert queries.get_match(session, analyst, proposed.id).kept_id == keep
        assert queries.count_proposed(session, analyst) == 0


def test_an_identity_that_went_meets_the_one_that_stayed(ports, analyst, proposed):
    keep, gone = proposed.other.debtor_id, proposed.one.debtor_id
    merge(ports, analyst, proposed.id, keep)
    hand_over(ports, analyst, "A-9;CC;52123456;Rosa Elena Quintana;1981-04-07;70,00;;\n")
    with ports.session(analyst) as session:
        assert debtor_of(session, "A-9") == keep
        kept = session.get_one(Debtor, (analyst.tenant, keep))
        # What the other one had and this one lacked.
        assert (kept.id_number, kept.birth_date) == ("52123456", date(1981, 4, 7))
        assert session.scalars(select(Case.id).where(Case.debtor_id == gone)).all() == []


def test_the_double_click_decides_once(ports, analyst, proposed):
    merge(ports, analyst, proposed.id, proposed.one.debtor_id)
    with pytest.raises(merging.AlreadyDecided):
        merge(ports, analyst, proposed.id, proposed.one.debtor_id)
    with pytest.raises(merging.AlreadyDecided), ports.session(analyst) as session, transaction(session):
        merging.dismiss(session, analyst, proposed.id, now=NOW)


def test_two_persons_stay_two_and_are_not_proposed_again(ports, analyst, proposed):
    with ports.session(analyst) as session, transaction(session):
        merging.dismiss(session, analyst, proposed.id, now=NOW)
    hand_over(ports, analyst, "C-1;CC;52123456;Rosa Elena Quintana;1981-04-07;9,00;3001234567;\n")
    tasks.perform_due(ports)
    with ports.session(analyst) as session:
        assert queries.count_proposed(session, analyst) == 0
        assert len(queries.list_matches(session, analyst, state=MatchState.DISMISSED).rows) == 1


def test_two_debtors_of_two_agencies_are_not_put_together(ports, world, analyst, proposed):
    agencies = [world.actor(Role.MANAGER), world.actor(Role.MANAGER, organisation=1)]
    with ports.engine.begin() as connection:
        connection.execute(text("select 1"))
    with ports.session(analyst) as session, transaction(session):
        for debtor, agency in zip((proposed.one, proposed.other), agencies, strict=True):
            session.execute(update(Debtor).where(Debtor.id == debtor.debtor_id).values(agency_id=agency.tenant))
    with pytest.raises(merging.HeldByTwoAgencies):
        merge(ports, analyst, proposed.id, proposed.one.debtor_id)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.MANAGER])
def test_the_wrong_role_decides_nothing(ports, world, proposed, role):
    actor = world.actor(role)
    with pytest.raises(Forbidden), ports.session(actor) as session:
        merging.merge(session, actor, proposed.id, keep=proposed.one.debtor_id, now=NOW)
    with pytest.raises(Forbidden), ports.session(actor) as session:
        queries.list_matches(session, actor)


def test_another_creditor_finds_neither_the_pair_nor_the_function(ports, world, analyst, proposed):
    stranger = world.actor(Role.ANALYST, organisation=1)
    with pytest.raises(NotFound), ports.session(stranger) as session:
        merging.dismiss(session, stranger, proposed.id, now=NOW)
    known = {"creditor": analyst.tenant, "one": proposed.one.debtor_id, "other": proposed.other.debtor_id}
    with pytest.raises(DBAPIError), ports.session(stranger) as session:
        session.execute(text("select merge_debtors(:creditor, :one, :other)"), known)


def test_no_role_moves_a_case_to_another_debtor_by_itself(ports, analyst, proposed):
    with pytest.raises(DBAPIError), ports.session(analyst) as session:
        session.execute(update(Case).values(debtor_id=proposed.one.debtor_id))


def test_one_number_with_and_without_its_kind_is_proposed_without_a_shared_contact(ports, analyst):
    hand_over(ports, analyst, "A-1;CC;52123456;Rosa Elena Quintana;1981-04-07;100,00;3001234567;\n")
    hand_over(ports, analyst, "B-1;;52123456;Rosa Elena Quintana;1981-04-07;200,00;3105550000;\n")
    tasks.perform_due(ports)
    with ports.session(analyst) as session:
        (row,) = queries.list_matches(session, analyst).rows
        assert row.reasons["ids"] == "same"
        assert row.reasons["contacts"] == []


def test_a_file_whose_debtors_were_put_together_with_others_is_not_undone(ports, analyst, proposed):
    merge(ports, analyst, proposed.id, proposed.one.debtor_id)
    with ports.session(analyst) as session:
        uploads = session.scalars(text("select upload_id from portfolios")).all()
    for upload_id in uploads:
        with pytest.raises(CannotBeUndone), ports.session(analyst) as session, transaction(session):
            intake.undo(session, analyst, upload_id, NOW)
    with pytest.raises(DBAPIError), ports.session(analyst) as session:
        known = {"creditor": analyst.tenant, "file": uploads[0]}
        session.execute(text("select undo_portfolio(:creditor, :file)"), known)


def test_one_telephone_written_in_three_ways_is_one(ports, analyst):
    rows = "".join(
        f"A-{number};CC;52123456;Rosa Quintana;;100,00;{phone};\n"
        for number, phone in enumerate(("3001234567", "300 123 4567", "+57 300-1234567"))
    )
    hand_over(ports, analyst, rows)
    with ports.session(analyst) as session:
        assert [one.normal for one in list_contacts(session, analyst, debtor_of(session, "A-0"))] == ["+573001234567"]
