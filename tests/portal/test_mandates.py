"""The pages of mandates: made, amended and ended by the creditor's director, read by both sides."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import local_date, utc_now
from agencies.mandates import queries
from agencies.mandates.models import Mandate
from agencies.mandates.terms import TermSheet
from agencies.organisations.permissions import Role
from tests import agreed

TODAY = local_date(utc_now(), "America/Bogota")
SIGNED = {"signer_name": "Ana Ruiz", "signer_position": "Directora", "signed": "y"}


def terms(world, **changed: object) -> dict[str, object]:
    agency = world.ports.references.encode("organisation", world.agencies[0].id)
    return {
        "agency": agency,
        "name": "Consumo 2026",
        "commission": "18,5",
        "report_due_days": "5",
        "valid_from": TODAY.isoformat(),
        **SIGNED,
        **changed,
    }


@pytest.fixture
def mandate(world) -> Mandate:
    director = world.actor(Role.DIRECTOR)
    return agreed.make(
        world.ports,
        director,
        world.actor(Role.MANAGER),
        name="Consumo 2026",
        terms=TermSheet(commission_bp=1850, report_due_days=5),
        valid_from=TODAY,
        now=utc_now(),
    )


def address(world, mandate: Mandate, tail: str = "") -> str:
    return f"/mandates/{world.ports.references.encode('mandate', mandate.id)}{tail}"


def listed(world, role: Role, number: int = 0) -> list[queries.MandateRow]:
    actor = world.actor(role, organisation=number)
    with world.ports.session(actor) as session:
        return queries.list_mandates(session, actor)


def test_a_director_makes_a_mandate_and_both_sides_see_it(world, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    answer = director.post("/mandates/new", terms(world))
    assert answer.status_code == 302
    page = director.get(answer.location).text
    assert "Consumo 2026" in page
    assert "18,50 %" in page
    assert [row.commission_bp for row in listed(world, Role.DIRECTOR)] == [1850]
    assert "Consumo 2026" in sign_in(Role.MANAGER).get("/mandates/").text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "Consumo"),
        ("commission", "18.5", "18.5"),
        ("commission", "mucho", "mucho"),
        ("commission", "101", "101"),
        ("report_due_days", "0", "0"),
        ("report_due_days", "61", "61"),
        ("valid_from", "ayer", "ayer"),
        ("agency", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "18,5"),
    ],
)
def test_what_cannot_be_a_mandate_is_refused_and_what_was_typed_is_kept(world, sign_in, field, typed, said) -> None:
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **{field: typed}))
    assert answer.status_code == 400
    assert re.search(r'class="(field-error|notice notice-error)"', answer.text)
    kept = "Consumo 2026" if field != "name" else "18,5"
    assert f'value="{kept}"' in answer.text
    assert field in {"agency", "name"} or f'value="{typed}"' in answer.text
    assert listed(world, Role.DIRECTOR) == []


def test_two_mandates_cannot_have_one_name(world, sign_in, mandate) -> None:
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world))
    assert answer.status_code == 409
    assert "Consumo 2026" in answer.text
    assert len(listed(world, Role.DIRECTOR)) == 1


def test_new_terms_are_a_new_version_and_the_old_one_stays(world, sign_in, mandate) -> None:
    director = sign_in(Role.DIRECTOR)
    later = (TODAY + timedelta(days=10)).isoformat()
    form = {"commission": "15", "report_due_days": "8", "valid_from": later, **SIGNED}
    assert director.post(address(world, mandate, "/amend"), form).status_code == 302
    [row] = listed(world, Role.DIRECTOR)
    assert [(one.version, one.commission_bp) for one in row.versions] == [(2, 1500), (1, 1850)]
    page = director.get(address(world, mandate)).text
    assert "15,00 %" in page
    assert "18,50 %" in page


def test_new_terms_may_not_begin_before_the_present_ones(world, sign_in, mandate) -> None:
    earlier = (TODAY - timedelta(days=10)).isoformat()
    form = {"commission": "15", "report_due_days": "8", "valid_from": earlier, **SIGNED}
    answer = sign_in(Role.DIRECTOR).post(address(world, mandate, "/amend"), form)
    assert answer.status_code == 400
    assert f'value="{earlier}"' in answer.text
    assert len(listed(world, Role.DIRECTOR)[0].versions) == 1


def test_an_ended_mandate_is_ended_once_and_not_amended(world, sign_in, mandate) -> None:
    director = sign_in(Role.DIRECTOR)
    assert director.post(address(world, mandate, "/end")).status_code == 302
    assert listed(world, Role.DIRECTOR)[0].state == "ended"
    assert director.post(address(world, mandate, "/end")).status_code == 409
    form = {"commission": "15", "report_due_days": "8", "valid_from": TODAY.isoformat(), **SIGNED}
    assert director.post(address(world, mandate, "/amend"), form).status_code == 409
    assert address(world, mandate, "/amend") not in director.get(address(world, mandate)).text


def test_nobody_else_sees_or_changes_a_mandate(world, sign_in, mandate) -> None:
    for stranger in (sign_in(Role.DIRECTOR, organisation=1), sign_in(Role.MANAGER, organisation=1)):
        assert stranger.get(address(world, mandate)).status_code == 404
        assert "Consumo 2026" not in stranger.get("/mandates/").text
    stranger = sign_in(Role.DIRECTOR, organisation=1)
    assert stranger.post(address(world, mandate, "/end")).status_code == 404
    assert listed(world, Role.DIRECTOR)[0].state == "in_force"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.MANAGER])
def test_only_a_director_makes_and_changes_mandates(world, sign_in, mandate, role) -> None:
    person = sign_in(role)
    assert person.get(address(world, mandate)).status_code == 200
    assert person.get("/mandates/new").status_code == 403
    assert person.post("/mandates/new", terms(world)).status_code == 403
    assert person.post(address(world, mandate, "/end")).status_code == 403
    assert "/mandates/new" not in person.get("/mandates/").text


def test_an_empty_list_says_what_to_do_next(world, sign_in) -> None:
    assert "/mandates/new" in sign_in(Role.DIRECTOR).get("/mandates/").text
    assert "empty-state" in sign_in(Role.MANAGER).get("/mandates/").text


def test_the_form_for_a_new_mandate_proposes_what_the_trade_is_used_to(sign_in, world) -> None:
    page = sign_in(Role.DIRECTOR).get("/mandates/new").text
    for name, value in (
        ("hours_acknowledge", "48"),
        ("hours_first_activity", "72"),
        ("target_report_on_time", "95,00"),
    ):
        assert re.search(f'name="{name}"[^>]*value="{value}"', page), name


BANDED = {
    "band_from-0": "91",
    "band_rate-0": "20",
    "band_from-1": "361",
    "band_rate-1": "35,5",
    "tail_days": "30",
    "settlement_discount": "12,5",
    "report_frequency": "fortnightly",
    "hours_acknowledge": "48",
    "target_acknowledge": "95",
}


def test_terms_with_bands_are_kept_and_told_in_words_to_both_sides(world, sign_in) -> None:
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **BANDED))
    assert answer.status_code == 302
    [row] = listed(world, Role.DIRECTOR)
    sheet = row.terms
    assert [(one.age_from, one.age_to, one.rate_bp) for one in sheet.lines] == [(91, 360, 2000), (361, None, 3550)]
    assert (sheet.tail_days, sheet.authority.discount_bp, sheet.report_frequency) == (30, 1250, "fortnightly")
    assert [(one.clause, one.hours, one.target_bp) for one in sheet.promises] == [("acknowledge", 48, 9500)]
    page = sign_in(Role.MANAGER).get(answer.location).text
    for words in ("entre 91 y 360 días", "361 días o más", "35,50 %", "30 días", "12,50 %", "48 horas hábiles"):
        assert words in page, words


@pytest.mark.parametrize(
    ("payment", "age", "gone", "said"),
    [
        ("10.001", "", "", "1.850,19"),
        ("10.000", "90", "", "1.850,00"),
        ("10.000", "91", "", "2.000,00"),
        ("10.000", "400", "30", "3.550,00"),
        ("10.000", "400", "31", "COP 0,00"),
    ],
)
def test_a_payment_is_tried_on_the_terms(world, sign_in, payment, age, gone, said) -> None:
    director = sign_in(Role.DIRECTOR)
    there = director.post("/mandates/new", terms(world, **BANDED)).location
    page = director.get(f"{there}?payment={payment}&age={age}&gone={gone}").text
    assert re.search(f'role="status"><strong>[^<]*{re.escape(said)}</strong>', page)


@pytest.mark.parametrize("payment", ["", "mucho", "-5", "1e400"])
def test_what_is_no_payment_is_not_tried(world, sign_in, mandate, payment) -> None:
    answer = sign_in(Role.DIRECTOR).get(address(world, mandate, f"?payment={payment}"))
    assert answer.status_code == 200
    assert 'role="status"><strong>' not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"band_from-0": "91"},
        {"band_rate-0": "20"},
        {"band_from-0": "91", "band_rate-0": "20", "band_from-1": "91", "band_rate-1": "21"},
        {"band_from-0": "0", "band_rate-0": "20"},
        {"band_from-0": "91", "band_rate-0": "101"},
        {"tail_days": "366"},
        {"settlement_discount": "101"},
        {"report_frequency": "daily"},
        {"service": "sell"},
        {"commission": ""},
    ],
)
def test_terms_that_cannot_be_are_refused(world, sign_in, wrong) -> None:
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **wrong))
    assert answer.status_code == 400
    assert re.search(r'class="(field-error|notice notice-error)"', answer.text)
    assert listed(world, Role.DIRECTOR) == []


def test_a_mandate_to_locate_has_fees_and_no_commission(world, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    fees = {"service": "locate", "commission": "", "fee_standard_verified_with_debtor": "12.000"}
    there = director.post("/mandates/new", terms(world, **fees)).location
    [row] = listed(world, Role.DIRECTOR)
    assert (row.service, row.terms.commission_bp, row.terms.lines) == ("locate", 0, ())
    assert [(one.fee_class, one.grade, one.amount_minor) for one in row.terms.fees] == [
        ("standard", "verified_with_debtor", 1_200_000)
    ]
    page = director.get(there).text
    assert "12.000,00" in page
    assert 'id="trial"' not in page
    assert "12.000,00" in director.get(f"{there}/amend").text
