"""The pages on which a mandate is proposed, signed, declined and tried."""

from __future__ import annotations

import re

import pytest

from agencies.mandates import queries
from agencies.organisations.permissions import Role
from tests.portal.test_mandates import SIGNED, TODAY, address, listed, mandate, terms  # noqa: F401  the fixture too

FULL = {
    "line_rate-0": "30",
    "line_tier-0": "2",
    "line_rate-1": "9",
    "line_balance_from-1": "50.000",
    "line_product-1": "tarjeta",
    "line_debtor_type-1": "company",
    "band_from-0": "361",
    "band_rate-0": "25",
    "floor": "10",
    "cap": "9.000",
    "direct": "50",
    "discovery": "50",
    "recall_free_days": "10",
    "tail_days": "30",
    "plan_tail_days": "90",
    "bonus_from": "1.000.000",
    "bonus": "1",
    "settlement_discount": "15",
    "plan_months": "24",
    "instalment": "100",
    "approver": "finance",
    "exclusive_days": "60",
    "subcontracting": "forbidden",
}


@pytest.fixture
def waiting(world, sign_in) -> str:
    """The address of a mandate that waits for the agency."""
    return sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **FULL)).location


def digest_on(page: str) -> str:
    """What the form on a page would send."""
    found = re.search(r'name="digest"[^>]*value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def accept(client, there: str, **changed: str):
    digest = digest_on(client.get(f"{there}/accept").text)
    return client.post(f"{there}/accept", {"digest": digest, **SIGNED, **changed})


def row(world) -> queries.MandateRow:
    return listed(world, Role.DIRECTOR)[0]


def test_everything_that_was_typed_is_proposed_and_told_in_words(world, sign_in, waiting) -> None:
    sheet = row(world).terms
    assert [(one.tier, one.balance_from, one.age_from, one.rate_bp) for one in sheet.lines] == [
        (2, None, None, 3_000),
        (None, 5_000_000, None, 900),
        (None, None, 361, 2_500),
    ]
    page = sign_in(Role.MANAGER).get(waiting).text
    for words in (
        "asignación número 2: 30,00 %",
        "producto «tarjeta»",
        "deudas de empresas",
        "al menos COP 10,00",
        "más de COP 9.000,00",
        "50,00 % de la comisión",
        "10 días de asignado",
        "hasta 90 días después",
        "COP 1.000.000,00 o más",
        "hasta 24 meses",
        "COP 100,00",
        "el área financiera",
        "exclusiva: durante 60 días",
        "no subcontrata",
        "Espera respuesta",
    ):
        assert words in page, words


def test_an_agency_signs_and_the_mandate_is_in_force(world, sign_in, waiting) -> None:
    manager = sign_in(Role.MANAGER)
    assert accept(manager, waiting).status_code == 302
    assert row(world).is_agreed
    page = manager.get(waiting).text
    assert page.count("Ana Ruiz") == 2
    # A second press finds nothing that waits.
    assert manager.post(f"{waiting}/accept", {"digest": "00" * 32, **SIGNED}).status_code == 409


@pytest.mark.parametrize("missing", ["signer_name", "signer_position", "signed"])
def test_nothing_is_signed_without_name_position_and_tick(world, sign_in, waiting, missing) -> None:
    assert accept(sign_in(Role.MANAGER), waiting, **{missing: ""}).status_code == 400
    assert not row(world).is_agreed


def test_other_terms_than_those_on_the_page_are_not_signed(world, sign_in, waiting) -> None:
    manager = sign_in(Role.MANAGER)
    for digest in ("00" * 32, "no hexadecimal"):
        assert manager.post(f"{waiting}/accept", {"digest": digest, **SIGNED}).status_code == 409
    assert not row(world).is_agreed


def test_a_refusal_and_its_reason_are_seen_by_the_other_side(world, sign_in, waiting) -> None:
    manager = sign_in(Role.MANAGER)
    digest = digest_on(manager.get(f"{waiting}/decline").text)
    assert manager.post(f"{waiting}/decline", {"digest": digest, "reason": ""}).status_code == 400
    assert manager.post(f"{waiting}/decline", {"digest": digest, "reason": "Muy poco"}).status_code == 302
    page = sign_in(Role.DIRECTOR).get(waiting).text
    assert "Muy poco" in page
    assert "Sin acuerdo" in page


def test_an_agency_answers_with_its_own_terms_and_the_creditor_signs_them(world, sign_in, waiting) -> None:
    answer = {"commission": "21", "report_due_days": "5", "valid_from": TODAY.isoformat(), **SIGNED}
    assert sign_in(Role.MANAGER).post(f"{waiting}/amend", answer).status_code == 302
    assert accept(sign_in(Role.DIRECTOR), waiting).status_code == 302
    assert (row(world).version, row(world).commission_bp) == (2, 2_100)


def test_a_proposal_is_withdrawn_by_whoever_made_it(world, sign_in, waiting) -> None:
    director = sign_in(Role.DIRECTOR)
    digest = digest_on(director.get(waiting).text)
    assert sign_in(Role.MANAGER).post(f"{waiting}/withdraw", {"digest": digest}).status_code == 409
    assert director.post(f"{waiting}/withdraw", {"digest": digest}).status_code == 302
    assert row(world).proposal is None
    assert director.post(f"{waiting}/withdraw", {"digest": digest}).status_code == 409


def test_an_unsigned_mandate_is_not_offered_for_placing(world, sign_in, waiting) -> None:
    assert "Consumo 2026" not in sign_in(Role.DIRECTOR).get("/placements/new").text


def test_nobody_elses_mandate_is_found(world, sign_in, waiting) -> None:
    for stranger in (sign_in(Role.DIRECTOR, organisation=1), sign_in(Role.MANAGER, organisation=1)):
        for page in ("accept", "decline", "amend"):
            assert stranger.get(f"{waiting}/{page}").status_code == 404
        assert stranger.post(f"{waiting}/withdraw", {"digest": "00"}).status_code == 404


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AGENT])
def test_only_directors_and_managers_are_asked_to_sign(world, sign_in, waiting, role) -> None:
    person = sign_in(role)
    assert person.get(f"{waiting}/accept").status_code == 403
    assert person.post(f"{waiting}/decline", {"digest": "00", "reason": "No"}).status_code == 403


@pytest.mark.parametrize(
    ("typed", "earned", "said"),
    [
        ("age=400", "2.500,00", "La línea 3 aplica"),
        ("age=10", "1.850,00", "Ninguna línea aplica"),
        ("tier=2", "3.000,00", "La línea 1 aplica"),
        ("balance=60.000&product=tarjeta&debtor_type=company", "900,00", "La línea 2 aplica"),
        ("balance=60.000&product=libranza&debtor_type=company", "1.850,00", "este producto es otro"),
        ("age=400&receiver=creditor", "1.250,00", "pagó directamente al acreedor"),
        ("age=400&is_before=y", "1.250,00", "antes de la asignación"),
        ("placed=15&gone=6", "0,00", "dentro de los 10 días de asignado"),
        ("placed=50&gone=31", "0,00", "termina 30 días después"),
        ("placed=90&gone=60&is_plan=y", "1.850,00", "acuerdo de pago anterior"),
    ],
)
def test_a_payment_is_priced_step_by_step(world, sign_in, waiting, typed, earned, said) -> None:
    page = sign_in(Role.MANAGER).get(f"{waiting}?payment=10.000&{typed}").text
    assert re.search(rf'role="status"><strong>COP {re.escape(earned)}</strong>', page)
    assert said in page


def test_the_trial_shows_the_taxes_with_their_sources_and_what_is_paid(world, sign_in, waiting) -> None:
    page = sign_in(Role.MANAGER).get(f"{waiting}?payment=10.000&age=400").text
    # 2,500.00 and 19 % on it, less 11 % of it and 15 % of the tax.
    for words in ("475,00", "-275,00", "-71,25", "2.628,75", "Estatuto Tributario, art. 468", "deben confirmar"):
        assert words in page, words
    individual = sign_in(Role.MANAGER).get(f"{waiting}?payment=10.000&age=400&payee=individual").text
    assert "-250,00" in individual


def test_a_line_that_could_never_apply_is_refused_with_a_sentence(world, sign_in) -> None:
    never = {"line_rate-0": "10", "line_age_from-0": "91", "line_rate-1": "20", "line_age_from-1": "361"}
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **never))
    assert answer.status_code == 400
    assert "nunca aplicaría" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"line_tier-0": "2"},
        {"bonus": "5"},
        {"bonus_from": "5"},
        {"floor": "9", "cap": "8"},
        {"plan_months": "0"},
        {"approver": "nadie"},
        {"subcontracting": "siempre"},
        {"signed": ""},
        {"signer_name": ""},
    ],
)
def test_terms_that_cannot_be_are_refused(world, sign_in, wrong) -> None:
    answer = sign_in(Role.DIRECTOR).post("/mandates/new", terms(world, **wrong))
    assert answer.status_code == 400
    assert listed(world, Role.DIRECTOR) == []
