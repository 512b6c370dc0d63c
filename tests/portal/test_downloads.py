"""The address of a file opens it to whoever may have it at that moment, and to nobody else who holds the address."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.cases.models import Portfolio
from assignments.placements.models import Consignment
from portal.views.downloads import LINK_SECONDS
from tests import files, loop
from uploads.stores.port import LONGEST_LINK_SECONDS

PORTFOLIO = (
    b"obligacion,tipo documento,cedula,nombre,saldo total,celular\nA-1,CC,1098765431,Ana Uno,100000,3159998877\n"
)
SECRET = b"3159998877"


@pytest.fixture
def addresses(world) -> dict[str, tuple[str, Role]]:
    """Files with a debtor's phone in them, and who may have each."""
    ports, creditor, agency = world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    upload = files.checked(ports, world.actor(Role.ANALYST), PORTFOLIO)
    files.apply(ports, world.actor(Role.ANALYST), upload.id)
    loop.place(ports, creditor, loop.draft(ports, creditor, [loop.add_mandate(ports, creditor, agency)]))
    loop.acknowledge_all(ports, agency)
    with ports.session(creditor) as session:
        assert session.scalars(select(Portfolio.upload_id)).one() == upload.id
        consignment = session.scalars(select(Consignment.id)).one()
    encode = ports.references.encode
    return {
        "manifest": (f"/placements/consignments/{encode('consignment', consignment)}/manifest.csv", Role.MANAGER),
        "original": (f"/uploads/{encode('upload', upload.id)}/original", Role.ANALYST),
    }


@pytest.mark.parametrize("name", ["manifest", "original"])
def test_an_address_is_asked_for_by_its_user_each_time_and_refused_to_every_other(addresses, sign_in, browser, name):
    address, owner = addresses[name]
    mine = sign_in(owner)
    assert [SECRET in mine.get(address).data for _ in range(2)] == [True, True]

    for role in Role:
        for organisation in (0, 1) if role is not Role.OPERATOR else (0,):
            if (role, organisation) in {(owner, 0), (Role.DIRECTOR, 0)}:
                continue
            answer = sign_in(role, organisation=organisation).get(address)
            assert answer.status_code in {403, 404}, (role, organisation)
            assert SECRET not in answer.data
    nobody = browser.get(address)
    assert nobody.status_code == 303
    assert "/sign-in" in nobody.location


def test_a_session_that_was_ended_takes_the_address_with_it(addresses, sign_in):
    address, owner = addresses["manifest"]
    mine = sign_in(owner)
    assert mine.get(address).status_code == 200
    mine.post("/sign-out")

    assert mine.get(address).status_code == 303


def test_a_link_of_the_store_lives_no_longer_than_a_click():
    assert LINK_SECONDS <= LONGEST_LINK_SECONDS <= 300
