"""How each person an incident touches is named and reached: by what came first of each kind, wherever it stands."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select, text

from agencies.kernel.sealing import SealBroken
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.incidents.people import Subject, Touched, people
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads.options import Options

ROWS = """obligacion;tipo documento;cedula;nombre;saldo total;moneda;celular;telefono 2;correo
A1;CC;52123456;Ana;100;COP;3001233001;3001233002;ana@correo.example
A2;CC;52123457;Berta;100;COP;;6012345678;
B2;CC;52123457;Berta;100;COP;3001233003;;berta@correo.example
A3;CC;52123458;Carla;100;COP;;;
B3;CC;52123458;Carla;100;COP;nadie;;carla@correo.example
A4;;;Dora;100;COP;;;
"""


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    """Somebody whose portfolio tells of four people, of some in several rows."""
    actor = World(ports).actor(Role.ANALYST)
    upload = files.checked(ports, actor, ROWS.encode(), options=Options(decimal=","))
    files.apply(ports, actor, upload.id)
    return actor


def listed(ports: Ports, actor: Actor) -> dict[str | None, Subject]:
    """Everybody by name."""
    with ports.session(actor) as session:
        ids = session.scalars(select(Case.debtor_id).distinct().order_by(Case.debtor_id)).all()
        touched = [Touched(number, "CO", 1, "held") for number in ids]
        return {one.name: one for one in people(session, actor.tenant, touched)}


def test_each_is_reached_by_what_came_first_of_each_kind(ports: Ports, analyst: Actor) -> None:
    found = listed(ports, analyst)
    assert {name: (one.phone, one.email) for name, one in found.items()} == {
        "Ana": ("+573001233001", "ana@correo.example"),
        "Berta": ("+576012345678", "berta@correo.example"),
        "Carla": ("nadie", "carla@correo.example"),
        "Dora": (None, None),
    }
    assert {name: (one.id_type, one.id_number, one.accounts) for name, one in found.items()} == {
        "Ana": ("CC", "52123456", "A1"),
        "Berta": ("CC", "52123457", "A2 B2"),
        "Carla": ("CC", "52123458", "A3 B3"),
        "Dora": (None, None, "A4"),
    }


def test_what_was_copied_from_another_person_is_not_handed_out(ports: Ports, analyst: Actor, database) -> None:
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        copied = (
            "update contact_points p set sealed = d.sealed from debtors d where d.name = 'Ana' and p.kind = 'email'"
        )
        connection.execute(text(copied))
    engine.dispose()
    with pytest.raises(SealBroken):
        listed(ports, analyst)
