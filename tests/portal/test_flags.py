"""The pages of flags: raised by both sides, decided on by the creditor, closed to whoever is not concerned."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.flags.models import Flag, FlagEnd
from tests import loop


@pytest.fixture
def placed(world):
    """Two debts of one person and one of another, with the first agency."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    cases = [loop.NewCase(f"MAR-{n}", 100_000 * n, debtor_ref="D1" if n < 3 else None) for n in (1, 2, 3)]
    loop.place_with(world.ports, creditor, agency, cases, now=utc_now())
    loop.acknowledge_all(world.ports, agency, now=utc_now())
    return world


def case_page(world, account: str) -> str:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        number = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
    return f"/cases/{world.ports.references.encode('case', number)}"


def flags(world) -> list[Flag]:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return list(session.scalars(select(Flag).order_by(Flag.id)))


def act(world, flag: Flag, what: str) -> str:
    return f"/flags/{world.ports.references.encode('flag', flag.id)}/{what}"


def told(world, *accounts: str, kind: str = "deceased") -> dict[str, str]:
    creditor = world.ports.references.encode("organisation", world.actor(Role.DIRECTOR).tenant)
    return {"creditor": creditor, "accounts": "\n".join(accounts), "kind": kind, "note": "Acta de defunción"}


def test_an_agent_says_that_somebody_died_and_the_creditor_confirms_it(placed, sign_in) -> None:
    agent, director = sign_in(Role.AGENT), sign_in(Role.DIRECTOR)
    page = agent.get(case_page(placed, "MAR-1")).text
    assert "/flags/new?case=" in page
    answer = agent.post("/flags/new", told(placed, "MAR-1"))
    assert answer.location == case_page(placed, "MAR-1")
    assert "No gestione este caso: La persona falleció" in agent.get(case_page(placed, "MAR-2")).text
    assert "Marcas informadas por agencias" in director.get("/").text
    assert "Acta de defunción" in director.get("/flags/?state=to_confirm").text
    director.post(act(placed, flags(placed)[0], "confirm"), {})
    assert "Marcas informadas por agencias" not in director.get("/").text
    assert flags(placed)[0].confirmed_at is not None


def test_the_director_lets_work_go_on_with_care_and_takes_the_flag_down(placed, sign_in) -> None:
    director, agent = sign_in(Role.DIRECTOR), sign_in(Role.AGENT)
    director.post("/flags/new", told(placed, "MAR-3", kind="vulnerable"))
    [flag] = flags(placed)
    director.post(act(placed, flag, "confirm"), {"care": "yes"})
    assert "Gestione este caso con especial cuidado" in agent.get(case_page(placed, "MAR-3")).text
    assert director.post(act(placed, flag, "lift"), {"reason": ""}).status_code == 400
    assert director.post(act(placed, flag, "lift"), {"reason": "Se recuperó"}).status_code == 302
    assert flags(placed)[0].ended_how is FlagEnd.LIFTED
    page = agent.get(case_page(placed, "MAR-3")).text
    assert "con especial cuidado" not in page
    assert "Se recuperó" not in page


def test_many_accounts_are_flagged_at_once_and_a_stranger_s_stops_all(placed, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    refused = director.post("/flags/new", told(placed, "MAR-1", "AJENA-9", kind="legal"))
    assert refused.status_code == 400
    assert "AJENA-9" in refused.text
    assert not flags(placed)
    director.post("/flags/new", told(placed, "MAR-1", "MAR-2", "MAR-3", kind="legal"))
    assert len(flags(placed)) == 3
    director.post("/flags/new", told(placed, "MAR-1", "MAR-2", "MAR-3", kind="legal"))
    assert len(flags(placed)) == 3


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR])
def test_who_only_looks_sees_the_flags_and_no_way_to_raise_one(placed, sign_in, role) -> None:
    sign_in(Role.DIRECTOR).post("/flags/new", told(placed, "MAR-1"))
    reader = sign_in(role)
    if reader.get("/cases/").status_code == 200:
        page = reader.get("/flags/")
        assert "MAR-1" in page.text
        assert "/flags/new" not in page.text
    assert reader.get("/flags/new").status_code == 403


def test_another_tenant_finds_no_flag_of_ours(placed, sign_in) -> None:
    sign_in(Role.DIRECTOR).post("/flags/new", told(placed, "MAR-1"))
    stranger = sign_in(Role.DIRECTOR, organisation=1)
    for what, form in (("confirm", {}), ("lift", {"reason": "no"})):
        assert stranger.post(act(placed, flags(placed)[0], what), form).status_code == 404
    assert "MAR-1" not in stranger.get("/flags/").text
