"""What a person opposes or revokes has its effect at once: nobody sees it, asks for it or gets it, wherever it is."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from agencies.kernel.errors import NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.cases.reaching import EVERY, known_points
from assignments.contacts.queries import list_contacts
from assignments.contacts.revealing import place_of, reveal
from assignments.locates import handing_out
from assignments.locates.investigating import look
from assignments.locates.lifecycle import NotToBeReleased
from assignments.locates.revealing import fields
from assignments.manifests.handing import manifest
from assignments.placements.models import Consignment
from assignments.reads.models import Purpose
from assignments.subjects import dossier, handling, service, stopping
from assignments.subjects.models import Outcome, RequestKind
from tests import creditor_files, locating, loop
from tests.subjects import NOW, ask, debtor_of, do, identified, matched

FIRST, SECOND = "+573001110001", "+573001110002"


@pytest.fixture
def reached(ports, tenants):
    """The agency holds the case of a person with two telephones."""
    people = [loop.NewCase("T-1", 100_000, name="Tina Teléfonos", phones=(FIRST, SECOND))]
    loop.place_with(ports, tenants.creditor, tenants.agency, people)
    loop.acknowledge_all(ports, tenants.agency)
    return tenants


def revocation(ports, creditor, account: str = "T-1", *, kind=RequestKind.REVOCATION, key: str = "one"):
    return identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, kind, key=key), account))


def form_of(ports, creditor, number: str, account: str = "T-1") -> bytes:
    with ports.session(creditor) as session:
        points = list_contacts(session, creditor, debtor_of(ports, creditor, account))
        return next(one.form for one in points if one.value == number)


def numbers(ports, actor, account: str = "T-1") -> list[str]:
    with ports.session(actor) as session:
        person = session.scalars(select(Case.debtor_id).where(Case.account_ref == account)).one()
        return [one.value for one in list_contacts(session, actor, person)]


def handed_out(ports, agency) -> str:
    """Every manifest the agency can download."""
    with ports.session(agency) as session, transaction(session):
        ids = session.scalars(select(Consignment.id).order_by(Consignment.id)).all()
        pieces = [manifest(session, agency, one, ports.references, now=NOW) for one in ids]
        return b"".join(piece for one in pieces for piece in one).decode()


def test_a_telephone_that_was_revoked_is_neither_seen_nor_uncovered_nor_handed_out(ports, reached) -> None:
    creditor, agency = reached.creditor, reached.agency
    request, form = revocation(ports, creditor), form_of(ports, creditor, FIRST)
    with ports.session(agency) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "T-1")).one()
        points = list_contacts(session, agency, debtor_of(ports, creditor, "T-1"))
        place = next(place_of(one) for one in points if one.value == FIRST)
    assert FIRST in handed_out(ports, agency)
    assert do(ports, creditor, stopping.stop, request.id, forms=[form]) == 1
    for actor in (creditor, agency):
        assert numbers(ports, actor) == [SECOND]
    with ports.session(agency) as session, pytest.raises(NotFound):
        reveal(session, agency, case_id, place, Purpose.CALL, now=NOW)
    told = handed_out(ports, agency)
    assert FIRST not in told
    assert SECOND in told
    with ports.session(agency) as session:
        [notice] = session.scalars(select(Notice).where(Notice.kind == "contact.stopped"))
        assert notice.details["cases"] == 1
        assert FIRST not in str(notice.details)
    # Pressed again it changes nothing and tells nobody.
    assert do(ports, creditor, stopping.stop, request.id, forms=[form]) == 0


def test_a_revoked_telephone_does_not_come_back_with_a_later_file(ports, reached) -> None:
    creditor = reached.creditor
    do(ports, creditor, stopping.stop, revocation(ports, creditor).id, forms=[form_of(ports, creditor, FIRST)])
    header = f"{creditor_files.UPDATE},celular"
    creditor_files.update(ports, creditor, "T-1,900.00,COP,2026-03-11,300 111 0001", header=header)
    assert numbers(ports, reached.agency) == [SECOND]
    creditor_files.update(ports, creditor, "T-1,900.00,COP,2026-03-12,300 111 0003", header=header)
    assert numbers(ports, reached.agency) == [SECOND, "300 111 0003"]


def test_who_opposes_every_use_is_not_reached_by_what_comes_later_either(ports, reached) -> None:
    creditor = reached.creditor
    request = revocation(ports, creditor, kind=RequestKind.OPPOSITION)
    assert do(ports, creditor, stopping.stop, request.id, forms=[EVERY]) == 1
    header = f"{creditor_files.UPDATE},celular"
    creditor_files.update(ports, creditor, "T-1,900.00,COP,2026-03-11,300 111 0009", header=header)
    assert numbers(ports, reached.agency) == numbers(ports, creditor) == []
    assert "+57300111000" not in handed_out(ports, reached.agency)
    # What is compared with later files, and what the person is told is held, is still known.
    someone = debtor_of(ports, creditor, "T-1")
    with ports.session(creditor) as session:
        assert len(known_points(session, creditor.tenant, [someone], stopped=True)[someone]) == 3
    held = do(ports, creditor, dossier.gather, request.id)
    assert {one["authorisation"] for one in held["contacts"]} == {"revoked"}


def test_nothing_is_granted_to_who_opposes_before_it_is_done(ports, reached) -> None:
    creditor = reached.creditor
    request = revocation(ports, creditor)
    with pytest.raises(handling.NotDone):
        do(ports, creditor, handling.answer, request.id, outcome=Outcome.GRANTED, document="Sí")
    do(ports, creditor, stopping.stop, request.id, forms=[EVERY])
    do(ports, creditor, handling.answer, request.id, outcome=Outcome.GRANTED, document="Sí")


def test_nobody_stops_what_is_not_the_persons_or_before_it_is_known_who_asks(ports, reached) -> None:
    creditor = reached.creditor
    form = form_of(ports, creditor, FIRST)
    unknown = matched(ports, creditor, ask(ports, creditor, RequestKind.REVOCATION), "T-1")
    with pytest.raises(service.NotIdentified):
        do(ports, creditor, stopping.stop, unknown.id, forms=[form])
    stranger = revocation(ports, creditor, "A-0", key="two")
    access = revocation(ports, creditor, kind=RequestKind.ACCESS, key="three")
    for request, forms in ((stranger, [form]), (access, [form]), (identified(ports, creditor, unknown), [])):
        with pytest.raises(stopping.NothingToStop):
            do(ports, creditor, stopping.stop, request.id, forms=forms)
    assert numbers(ports, reached.agency) == [FIRST, SECOND]


def test_no_stranger_learns_what_somebody_is_not_reached_by(ports, reached) -> None:
    creditor = reached.creditor
    do(ports, creditor, stopping.stop, revocation(ports, creditor).id, forms=[EVERY])
    known = {"c": creditor.tenant, "d": [debtor_of(ports, creditor, "T-1")]}
    for actor, seen in (
        (creditor, 1), (reached.agency, 1), (reached.other_agency, 0), (reached.other_creditor, 0)
    ):  # fmt: skip
        with ports.session(actor) as session:
            assert len(session.execute(text("select * from stopped_contacts(:c, :d)"), known).all()) == seen


def test_whoever_looks_for_the_person_gets_no_revoked_telephone_and_releases_none(ports, tenants) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    loop.add_cases(ports, creditor, [loop.NewCase("L-1", 70_000, name="Perdida", phones=(FIRST, SECOND))])
    mandate = locating.locate_mandate(ports, creditor, agency)
    batch = locating.order(
        ports, creditor, mandate, locating.People(Selection(search="L-")), due_on=locating.soon(), now=ports.now()
    )
    [order] = locating.take_on(ports, agency, batch)
    assert FIRST in orders_file(ports, agency, batch)
    request = revocation(ports, creditor, "L-1")
    do(ports, creditor, stopping.stop, request.id, forms=[form_of(ports, creditor, FIRST, "L-1")])
    told = orders_file(ports, agency, batch)
    assert FIRST not in told
    assert SECOND in told
    with ports.session(agency) as session:
        shown = {one.text for _place, one in fields(look(session, agency, order.id, now=ports.now()))}
    assert SECOND in shown
    assert FIRST not in shown
    [found] = locating.find(ports, agency, order.id, [locating.phone("300 111 0007")], now=ports.now())
    do(ports, creditor, stopping.stop, request.id, forms=[EVERY])
    locating.grade(ports, creditor, found, now=ports.now())
    locating.allow(ports, creditor, found, now=ports.now())
    with pytest.raises(NotToBeReleased):
        locating.release(ports, creditor, found, now=ports.now())


def orders_file(ports, agency, batch) -> str:
    with ports.session(agency) as session, transaction(session):
        return b"".join(handing_out.orders_file(session, agency, batch.id, now=ports.now())).decode()
