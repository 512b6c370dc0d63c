"""A creditor invites, reviews, takes on, suspends and removes; an agency declines; nobody does the other's part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Role
from agencies.standing import accounts, documents, eligibility, expiries, filing, panel, people
from agencies.standing.eligibility import Unfit
from agencies.standing.models import CredentialKind, OfferedService, PanelState
from agencies.standing.panel import KeptOut, PanelReasonMissing
from agencies.standing.panelmoves import MOVES, PanelMovedOn, check, open_moves
from tests import standings

_S = PanelState


@pytest.fixture
def director(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def manager(world):
    return world.actor(Role.MANAGER)


def do(ports, actor, verb, *given, **named):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, *given, **named)


def state(ports, actor, other_id):
    with ports.session(actor) as session:
        member = panel.find_member(session, actor, other_id)
        return member and member.state


def test_an_agency_is_invited_reviewed_and_taken_on(ports, director, manager, now):
    do(ports, director, panel.invite, manager.tenant, now=now)
    do(ports, director, panel.invite, manager.tenant, now=now)
    do(ports, director, panel.decide, manager.tenant, _S.UNDER_REVIEW, now=now)
    do(ports, director, panel.decide, manager.tenant, _S.ON_PANEL, now=now)

    with ports.session(manager) as session:
        moves = panel.list_moves(session, manager, director.tenant)
        told = session.scalars(text("select kind from notices order by id")).all()
    assert [one.state for one in moves] == [_S.ON_PANEL, _S.UNDER_REVIEW, _S.CANDIDATE]
    assert told == ["panel.invited", "panel.reviewed", "panel.joined"]


def test_an_agency_declines_and_may_be_asked_again(ports, director, manager, now):
    do(ports, director, panel.invite, manager.tenant, now=now)
    with pytest.raises(PanelReasonMissing):
        do(ports, manager, panel.decline, director.tenant, reason=" ", now=now)
    for _press in range(2):
        do(ports, manager, panel.decline, director.tenant, reason="Sin capacidad", now=now)

    with pytest.raises(KeptOut):
        do(ports, director, panel.bring_in, manager.tenant, now=now)
    do(ports, director, panel.invite, manager.tenant, now=now)
    assert state(ports, director, manager.tenant) is _S.CANDIDATE


def test_whoever_declined_or_was_removed_is_read_no_more(ports, director, manager, now):
    """A creditor that invites everybody, or has removed an agency, keeps nobody's people and accounts by it."""
    do(ports, director, panel.invite, manager.tenant, now=now)
    with ports.session(director) as session:
        assert filing.get_file(session, director, manager.tenant).agency_id == manager.tenant
    do(ports, manager, panel.decline, director.tenant, reason="Sin capacidad", now=now)
    for read in (filing.get_file, people.principals_of, documents.documents_of, accounts.accounts_of):
        with ports.session(director) as session, pytest.raises(NotFound):
            read(session, director, manager.tenant)


@pytest.mark.parametrize("to", [_S.SUSPENDED, _S.REMOVED])
def test_who_keeps_an_agency_out_says_why(ports, director, manager, now, to):
    do(ports, director, panel.bring_in, manager.tenant, now=now)

    with pytest.raises(PanelReasonMissing):
        do(ports, director, panel.decide, manager.tenant, to, now=now)
    do(ports, director, panel.decide, manager.tenant, to, reason="Quejas", now=now)
    assert state(ports, manager, director.tenant) is to


def test_a_suspension_stops_what_is_new_and_a_new_mandate_does_not_end_it(ports, director, manager, now):
    do(ports, director, panel.bring_in, manager.tenant, now=now)
    do(ports, director, panel.decide, manager.tenant, _S.SUSPENDED, reason="Quejas", now=now)

    with ports.session(director) as session:
        found = eligibility.unfit(
            session,
            [manager.tenant],
            creditor_id=director.tenant,
            service=OfferedService.COLLECT,
            country="CO",
            cases={},
        )
        assert panel.on_panel(session, director) == set()
    assert found == {manager.tenant: (Unfit.PANEL,)}
    with pytest.raises(KeptOut):
        do(ports, director, panel.bring_in, manager.tenant, now=now)
    do(ports, director, panel.decide, manager.tenant, _S.ON_PANEL, now=now)
    with ports.session(director) as session:
        assert panel.on_panel(session, director) == {manager.tenant}


def test_only_the_two_of_them_decide(world, ports, director, manager, now):
    do(ports, director, panel.invite, manager.tenant, now=now)

    with pytest.raises(NotFound):
        do(ports, world.actor(Role.MANAGER, organisation=1), panel.decline, director.tenant, reason="x", now=now)
    with pytest.raises(NotFound):
        other = world.actor(Role.DIRECTOR, organisation=1)
        do(ports, other, panel.decide, manager.tenant, _S.ON_PANEL, now=now)
    for role in (Role.ANALYST, Role.COMPLIANCE, Role.FINANCE):
        with pytest.raises(Forbidden):
            do(ports, world.actor(role), panel.decide, manager.tenant, _S.ON_PANEL, now=now)
    with pytest.raises(Forbidden):
        do(ports, manager, panel.decide, manager.tenant, _S.ON_PANEL, now=now)


def test_an_agency_cannot_write_itself_onto_a_panel(ports, director, manager, now):
    do(ports, director, panel.invite, manager.tenant, now=now)

    with ports.session(manager) as session, pytest.raises(DBAPIError, match="a creditor decides"):
        session.execute(text("update panel_members set state = 'on_panel'"))
    with ports.session(director) as session, pytest.raises(DBAPIError, match="a creditor decides"):
        session.execute(text("update panel_members set state = 'declined'"))


def test_moves_are_not_edited(ports, director, manager, now):
    do(ports, director, panel.invite, manager.tenant, now=now)

    for statement in ("update panel_moves set reason = 'x'", "delete from panel_moves"):
        with ports.session(director) as session, pytest.raises(DBAPIError):
            session.execute(text(statement))


@pytest.mark.parametrize("begin", list(_S))
def test_each_side_has_its_own_moves(begin):
    for side in (Side.CREDITOR, Side.AGENCY):
        for to in _S:
            if MOVES.get((begin, to)) is side:
                check(begin, to, side)
                assert to in open_moves(begin, side)
            else:
                with pytest.raises(PanelMovedOn):
                    check(begin, to, side)


@pytest.mark.parametrize(
    ("left", "kinds"),
    [(61, []), (60, ["credential.expiring"]), (7, ["credential.expiring"]), (-1, ["credential.expired"])],
)
def test_both_sides_are_warned_once_per_step(ports, director, manager, now, left, kinds):
    do(ports, director, panel.bring_in, manager.tenant, now=now)
    until = now.date() + timedelta(days=left)
    licence = filing.Credential(CredentialKind.LICENCE, "CO", "RNBD", "1", "SIC", until)
    do(ports, manager, filing.add_credential, licence, now=now)

    for _run in range(2):
        do(ports, manager, expiries.warn, now=now)

    for actor in (director, manager):
        with ports.session(actor) as session:
            told = session.scalars(text("select kind from notices where kind like 'credential%'")).all()
        assert told == kinds
    with ports.session(director) as session:
        lapsed = expiries.lapsed(session, director, [manager.tenant], now.date())
    assert lapsed == ({manager.tenant} if left < 0 else set())


def test_every_step_is_told_on_its_day(ports, director, manager, now):
    do(ports, director, panel.bring_in, manager.tenant, now=now)
    licence = filing.Credential(CredentialKind.LICENCE, "CO", "RNBD", "1", "SIC", now.date() + timedelta(days=60))
    do(ports, manager, filing.add_credential, licence, now=now)

    for days in (0, 1, 30, 31, 53, 60, 61, 62):
        do(ports, manager, expiries.warn, now=now + timedelta(days=days))

    with ports.session(director) as session:
        told = session.scalars(text("select kind from notices where kind like 'credential%' order by id")).all()
    assert told == ["credential.expiring"] * 3 + ["credential.expired"]


def test_a_creditor_reads_a_file_from_the_invitation_on_and_no_document_of_a_person(ports, director, manager, now):
    standings.introduce(ports, manager, "Ficha", now=now)
    with ports.session(director) as session, pytest.raises(NotFound):
        people.principals_of(session, director, manager.tenant)
    do(ports, director, panel.invite, manager.tenant, now=now)

    with ports.session(director) as session:
        [one] = people.principals_of(session, director, manager.tenant)
    assert (one.name, one.document_end) == ("Ficha Perla", "678")
    for column in ("document", "seal"):
        with ports.session(director) as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(f"select {column} from principals"))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " "}, people.PrincipalUnnamed),
        ({"document": ""}, people.PrincipalUnnamed),
        ({"share_bp": 10_001}, people.SharesTooLarge),
    ],
)
def test_a_principal_that_does_not_fit_is_refused(ports, manager, now, changes, refusal):
    told = people.PrincipalFacts(
        **{"name": "Ana", "role": "partner", "document_type": "CC", "document": "1", **changes}
    )

    with pytest.raises(refusal):
        do(ports, manager, people.add_principal, told, now=now)
