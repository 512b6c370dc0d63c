"""Two debtors that may be one person on the page: compared, decided once, and by nobody else."""

from __future__ import annotations

import re

import pytest

from agencies.organisations.permissions import Role
from portal.jobs import tasks
from tests import files
from uploads.options import Options

HEADER = "obligacion;tipo documento;cedula;nombre;fecha nacimiento;saldo total;celular\n"
ROWS = (
    "A-1;CC;52123456;Rosa Elena <b>Quintana</b>;1981-04-07;100,00;3001234567\n"
    "B-1;;;Quintana b Rosa Elena b;1981-04-07;400,00;3001234567\n"
)


@pytest.fixture
def pair(world) -> None:
    analyst = world.actor(Role.ANALYST)
    upload = files.checked(world.ports, analyst, (HEADER + ROWS).encode(), options=Options(decimal=","))
    files.apply(world.ports, analyst, upload.id)
    tasks.perform_due(world.ports)


def addresses(page: str, verb: str) -> list[str]:
    return sorted(set(re.findall(rf'action="(/debtors/matches/[a-z2-7]{{26}}/{verb})"', page)))


def test_a_pair_is_shown_with_its_reasons_and_decided_by_a_person(pair, sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    assert "Debtors that may be one person" in analyst.get("/").text
    page = analyst.get("/debtors/matches/").text
    assert "the same telephone number" in page
    assert "the same date of birth" in page
    assert "52123456" not in page
    assert "<b>Quintana" not in page
    [address] = addresses(page, "merge")
    kept = re.findall(r'name="keep" value="([a-z2-7]{26})"', page)
    assert len(kept) == 2
    assert analyst.post(address, {"keep": kept[0]}).status_code == 303
    again = analyst.post(address, {"keep": kept[0]})
    assert again.status_code == 409
    assert "meanwhile" in again.text
    assert "Kept" in analyst.get("/debtors/matches/?state=merged").text
    assert "Nothing to decide" in analyst.get("/debtors/matches/").text
    assert "Debtors that may be one person" not in analyst.get("/").text


def test_two_persons_stay_two(pair, sign_in) -> None:
    analyst = sign_in(Role.ANALYST, language="en")
    [address] = addresses(analyst.get("/debtors/matches/").text, "dismiss")
    assert analyst.post(address).status_code == 303
    assert analyst.post(address).status_code == 409
    assert "Two persons" in analyst.get("/debtors/matches/?state=dismissed").text


def test_what_is_to_be_kept_must_be_one_of_the_two(pair, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    [address] = addresses(analyst.get("/debtors/matches/").text, "merge")
    assert analyst.post(address, {"keep": "a" * 26}).status_code == 404
    assert analyst.post(address).status_code == 404


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.MANAGER, Role.AGENT, Role.OPERATOR])
def test_nobody_else_sees_them(pair, sign_in, role) -> None:
    assert sign_in(role).get("/debtors/matches/").status_code in {403, 404}
