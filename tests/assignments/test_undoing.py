"""A file is taken back whole as long as nothing has come of it, by who may apply it, and never under anybody's feet."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import DomainError, Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments import intake
from assignments.cases.models import Case, CaseState, Debtor, Portfolio
from assignments.contacts.models import ContactPoint, DebtorContact
from assignments.matches.models import DebtorMatch, MatchState
from assignments.placements.models import Placement
from portal.ports import Ports
from tests import creditor_files, files, locating, loop, market
from tests.people import World
from uploads.checking.staging import STAGED
from uploads.lifecycle import CannotBeUndone, UploadMovedOn
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.rows import Loaded

HEADER = "obligacion;documento;nombre;saldo;celular;correo\n"
FIRST = HEADER + "A1;52123456;Ana Uno;1500,50;3001234567;ana@example.com\nA2;52123457;Beto Dos;250,00;3001234568;\n"
#: Ana owes another account, with another telephone.
SECOND = HEADER + "B1;52123456;Ana Uno;99,00;3009999999;\nB2;52123458;Caro Tres;10,00;3001234569;\n"


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def director(world: World) -> Actor:
    return world.actor(Role.DIRECTOR)


def applied(ports: Ports, actor: Actor, data: str) -> int:
    upload = files.checked(ports, actor, data.encode(), options=Options(decimal=","))
    files.apply(ports, actor, upload.id)
    return upload.id


def undo(ports: Ports, actor: Actor, upload_id: int) -> Upload:
    with ports.session(actor) as session, transaction(session):
        return intake.undo(session, actor, upload_id, utc_now())


def ask(ports: Ports, actor: Actor, upload_id: int) -> None:
    with ports.session(actor) as session, transaction(session):
        intake.ask_undo(session, actor, upload_id, now=utc_now())


def counts(ports: Ports, actor: Actor) -> dict[str, int]:
    with ports.session(actor) as session:
        return {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Portfolio, Case, Debtor, ContactPoint)
        }


def test_nothing_is_left_of_a_file_that_is_undone(ports: Ports, director: Actor) -> None:
    upload_id = applied(ports, director, FIRST)
    assert counts(ports, director)["cases"] == 2
    done = undo(ports, director, upload_id)
    assert (done.state, done.undone_by) == (UploadState.UNDONE, director.user_id)
    assert set(counts(ports, director).values()) == {0}
    staged = STAGED[UploadKind.PORTFOLIO]
    with ports.session(director) as session:
        assert session.scalar(select(func.count()).select_from(staged)) == 0
        body = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "upload.undone")).one()
    told = json.loads(body)["details"]
    assert (told["cases"], told["debtors"]) == (2, 2)


def test_the_same_bytes_may_be_sent_again(ports: Ports, director: Actor) -> None:
    first = applied(ports, director, FIRST)
    undo(ports, director, first)
    again = applied(ports, director, FIRST)
    assert again != first
    assert counts(ports, director)["cases"] == 2


def test_who_also_owes_what_another_file_brought_stays(ports: Ports, director: Actor) -> None:
    first, second = applied(ports, director, FIRST), applied(ports, director, SECOND)
    undo(ports, director, second)
    with ports.session(director) as session:
        assert session.scalars(select(Debtor.name).order_by(Debtor.name)).all() == ["Ana Uno", "Beto Dos"]
        assert session.scalars(select(Case.account_ref).order_by(Case.account_ref)).all() == ["A1", "A2"]
        assert "3009999999" not in [one.value for one in session.scalars(select(DebtorContact))]
    undo(ports, director, first)
    assert set(counts(ports, director).values()) == {0}


def test_a_debtor_of_the_earlier_file_keeps_the_case_of_the_later_one(ports: Ports, director: Actor) -> None:
    first = applied(ports, director, FIRST)
    applied(ports, director, SECOND)
    undo(ports, director, first)
    with ports.session(director) as session:
        assert session.scalars(select(Debtor.name).order_by(Debtor.name)).all() == ["Ana Uno", "Caro Tres"]
        assert session.scalars(select(Case.account_ref).order_by(Case.account_ref)).all() == ["B1", "B2"]


def test_a_likeness_that_nobody_acted_on_goes_with_its_debtors(ports: Ports, director: Actor) -> None:
    first = applied(ports, director, FIRST)
    second = applied(
        ports, director, HEADER.replace("documento", "cliente") + "C1;77;Ana Uno;5,00;3001234567;ana@example.com\n"
    )
    with ports.session(director) as session, transaction(session):
        one, other = session.scalars(select(Debtor.id).where(Debtor.name == "Ana Uno").order_by(Debtor.id)).all()
        known = select(func.count()).select_from(DebtorMatch)
        if not session.scalar(known):
            match = {"similarity_bp": 9_000, "reasons": {}, "state": MatchState.PROPOSED, "found_at": utc_now()}
            session.add(DebtorMatch(creditor_id=director.tenant, debtor_id=one, other_id=other, **match))
    undo(ports, director, second)
    with ports.session(director) as session:
        assert session.scalar(known) == 0
    undo(ports, director, first)
    assert set(counts(ports, director).values()) == {0}


def test_undone_twice_is_undone_once(ports: Ports, director: Actor) -> None:
    upload_id = applied(ports, director, FIRST)
    undo(ports, director, upload_id)
    assert undo(ports, director, upload_id).state is UploadState.UNDONE
    with ports.session(director) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "upload.undone")).all()
    assert len(events) == 1


def test_a_file_that_was_never_applied_is_not_undone(ports: Ports, director: Actor) -> None:
    upload = files.checked(ports, director, FIRST.encode(), options=Options(decimal=","))
    with pytest.raises(UploadMovedOn):
        undo(ports, director, upload.id)


def refused(ports: Ports, actor: Actor, upload_id: int) -> str:
    """Both ways of asking are refused, and nothing is gone."""
    before = counts(ports, actor)
    for way in (ask, undo):
        with pytest.raises(CannotBeUndone) as told:
            way(ports, actor, upload_id)
    assert counts(ports, actor) == before
    return str(told.value)


def upload_of(ports: Ports, actor: Actor) -> int:
    """The portfolio all cases are of, with its rows where an applied file leaves them."""
    with ports.session(actor) as session, transaction(session):
        upload = session.scalars(select(Upload).where(Upload.kind == UploadKind.PORTFOLIO).order_by(Upload.id)).first()
        assert upload is not None
        return upload.id


def test_placed_cases_are_not_taken_back_even_after_their_return(ports: Ports, world: World, director: Actor) -> None:
    agency = world.actor(Role.MANAGER)
    loop.place_with(ports, director, agency, [loop.NewCase("A1", 100_000), loop.NewCase("A2", 5_000)])
    assert "placed with an agency" in refused(ports, director, upload_of(ports, director))


def test_cases_listed_in_a_lot_are_not_taken_back(ports: Ports, world: World, director: Actor) -> None:
    market.attest(ports, director, [world.actor(Role.MANAGER)])
    market.add_portfolio(ports, director)
    market.offer(ports, director)
    assert "lot" in refused(ports, director, upload_of(ports, director))


def test_people_ordered_to_be_found_are_not_taken_back(ports: Ports, world: World, director: Actor) -> None:
    loop.add_cases(ports, director, [loop.NewCase("P1", 70_000, name="Pía Perdida")])
    mandate = locating.locate_mandate(ports, director, world.actor(Role.MANAGER))
    locating.order(ports, director, mandate)
    assert "ordered to be found" in refused(ports, director, upload_of(ports, director))


@pytest.mark.parametrize("way", [creditor_files.update, creditor_files.pay], ids=["an update", "payments"])
def test_cases_of_which_later_files_told_something_stay_even_when_those_were_undone(
    ports: Ports, director: Actor, way: Callable[..., tuple[Upload, Loaded]]
) -> None:
    loop.add_cases(ports, director, [loop.NewCase("A1", 100_000)])
    row = "A1,80.00,COP," if way is creditor_files.update else "A1,R1,2026-02-03,250.00,COP"
    later, _ = way(ports, director, row)
    creditor_files.undo(ports, director, later)
    assert "stays on record" in refused(ports, director, upload_of(ports, director))


def test_held_cases_are_not_taken_back(ports: Ports, director: Actor) -> None:
    upload_id = applied(ports, director, FIRST)
    with ports.session(director) as session, transaction(session):
        session.scalars(select(Case).limit(1)).one().state = CaseState.ON_HOLD
    with pytest.raises(CannotBeUndone):
        undo(ports, director, upload_id)
    assert counts(ports, director)["cases"] == 2


def test_reported_payments_are_corrected_and_not_undone(ports: Ports, world: World, director: Actor) -> None:
    agency = world.actor(Role.MANAGER)
    loop.place_with(ports, director, agency, [loop.NewCase("A1", 100_000)])
    loop.report_payments(ports, agency, director, [loop.paid("A1", 5_000)])
    with ports.session(agency) as session, transaction(session):
        upload = session.scalars(select(Upload).where(Upload.kind == UploadKind.PAYMENTS)).one()
        upload.state = UploadState.APPLIED
    with pytest.raises(CannotBeUndone, match="correction"):
        undo(ports, agency, upload.id)


@pytest.mark.parametrize(
    ("role", "organisation", "answer"),
    [
        (Role.FINANCE, 0, Forbidden),
        (Role.DIRECTOR, 1, NotFound),
        (Role.MANAGER, 0, NotFound),
    ],
)
def test_who_may_not_apply_may_not_undo(
    ports: Ports, world: World, director: Actor, role: Role, organisation: int, answer: type[DomainError]
) -> None:
    upload_id = applied(ports, director, FIRST)
    stranger = world.actor(role, organisation=organisation)
    for way in (ask, undo):
        with pytest.raises(answer):
            way(ports, stranger, upload_id)
    assert counts(ports, director)["cases"] == 2


def test_the_database_takes_back_nobody_else_s_cases(ports: Ports, world: World, director: Actor) -> None:
    upload_id = applied(ports, director, FIRST)
    statement = text("select undo_portfolio(:creditor, :file)")
    for stranger in (world.actor(Role.DIRECTOR, organisation=1), world.actor(Role.MANAGER)):
        with ports.session(stranger) as session, pytest.raises(DBAPIError):
            session.execute(statement, {"creditor": director.tenant, "file": upload_id})
    with ports.session(director) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text("delete from cases"))
    assert counts(ports, director)["cases"] == 2


@pytest.mark.parametrize("is_placing_first", [True, False])
def test_placing_and_undoing_at_once_leave_one_of_them(
    ports: Ports, world: World, director: Actor, is_placing_first: bool
) -> None:
    agency = world.actor(Role.MANAGER)
    upload_id = applied(ports, director, FIRST)
    mandate = loop.add_mandate(ports, director, agency)
    wave = loop.draft(ports, director, [mandate])
    ways = {"place": lambda: loop.place(ports, director, wave), "undo": lambda: undo(ports, director, upload_id)}
    order = ["place", "undo"] if is_placing_first else ["undo", "place"]
    outcome: dict[str, str] = {}

    def go(name: str, wait: float) -> None:
        threading.Event().wait(wait)
        try:
            ways[name]()
            outcome[name] = "done"
        except (DomainError, RuntimeError) as refusal:
            outcome[name] = type(refusal).__name__

    running = [threading.Thread(target=go, args=(name, 0.02 * at)) for at, name in enumerate(order)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    with ports.session(director) as session:
        cases = session.scalar(select(func.count()).select_from(Case))
        placed = session.scalar(select(func.count()).select_from(Placement))
    assert sorted(value == "done" for value in outcome.values()) == [False, True], outcome
    assert (cases, placed) == ((2, 2) if outcome["place"] == "done" else (0, 0))
