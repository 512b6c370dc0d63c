"""Drafts: the split as it is previewed, who stays together, and what is held back and why."""

from __future__ import annotations

from sqlalchemy import func, select, update

from agencies.kernel.session import transaction
from assignments.cases.models import Case, CaseState
from assignments.placements.preview import HELD_BACK, HeldBack, preview_of
from assignments.placements.queries import list_consignments
from tests.loop import NewCase, add_cases, draft, holders, place, place_with, some_cases


def test_a_draft_places_nothing_and_shows_the_split(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(23))
    wave = draft(ports, tenants.creditor, panel)
    preview = preview_of(wave)
    assert (preview.cases, preview.debtors, preview.currency) == (23, 23, "COP")
    assert preview.value_minor == 1_000 * sum(range(1, 24))
    assert [band.stratum for band in preview.bands] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert sum(one.value_minor for one in preview.agencies) == preview.value_minor
    for band in preview.bands:
        shares = [preview.cell(band.band, one.agency_id) for one in preview.agencies]
        assert sum(cell.cases for cell in shares) == band.cases
        assert abs(shares[0].cases - shares[1].cases) <= 1
    assert set(holders(ports, tenants.creditor).values()) == {None}
    with ports.session(tenants.agency) as session:
        assert list_consignments(session, tenants.agency).rows == ()
        assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_the_same_seed_gives_the_same_split_and_another_one_does_not(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(40))
    first, again, other = (draft(ports, tenants.creditor, panel, seed=seed) for seed in (5, 5, 6))
    assert first.digest == again.digest != other.digest
    assert preview_of(first) == preview_of(again)


def test_a_seed_is_drawn_where_none_is_given(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    assert len({draft(ports, tenants.creditor, panel, seed=None).seed for _ in range(4)}) > 1


def test_all_debts_of_a_debtor_go_to_one_agency(ports, tenants, panel):
    cases = [NewCase(f"A{n:05}", 1_000 * n, debtor_ref=f"D{n % 17}") for n in range(1, 120)]
    add_cases(ports, tenants.creditor, cases)
    preview = preview_of(place(ports, tenants.creditor, draft(ports, tenants.creditor, panel)))
    assert (preview.debtors, preview.cases) == (17, 119)
    with ports.session(tenants.creditor) as session:
        agencies = session.execute(select(func.count(func.distinct(Case.agency_id))).group_by(Case.debtor_id)).scalars()
        assert set(agencies) == {1}
    for band in preview.bands:
        shares = [preview.cell(band.band, one.agency_id).debtors for one in preview.agencies]
        assert abs(shares[0] - shares[1]) <= 1


def test_a_further_debt_follows_its_debtor(ports, tenants, panel):
    first = [NewCase(f"A{n:05}", 1_000 * n, debtor_ref=f"D{n}") for n in range(1, 31)]
    add_cases(ports, tenants.creditor, first)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    add_cases(ports, tenants.creditor, [NewCase(f"B{n:05}", 700, debtor_ref=f"D{n}") for n in range(1, 31)])
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, seed=99))
    assert sum(one.kept_debtors for one in preview_of(wave).agencies) == 30
    held = holders(ports, tenants.creditor)
    assert all(held[f"A{n:05}"] == held[f"B{n:05}"] for n in range(1, 31))


def test_every_case_that_takes_no_part_is_counted_with_its_reason(ports, tenants, panel):
    creditor = tenants.creditor
    place_with(
        ports, creditor, tenants.other_agency, [NewCase("ELSEWHERE", 10_000, debtor_ref="D1"), NewCase("TAKEN", 1)]
    )
    add_cases(
        ports,
        creditor,
        [
            NewCase("SIBLING", 5_000, debtor_ref="D1"),
            NewCase("DOLLARS", 5_000, currency="USD"),
            NewCase("PAID", 0),
            NewCase("CLOSED", 9_000),
            NewCase("GOOD", 8_000),
            NewCase("BETTER", 9_000),
        ],
    )
    with ports.session(creditor) as session, transaction(session):
        session.execute(update(Case).where(Case.account_ref == "CLOSED").values(state=CaseState.CLOSED))
    wave = draft(ports, creditor, panel[:1])
    preview = preview_of(wave)
    assert {one.reason: one.cases for one in preview.held_back} == {
        HeldBack.PLACED: 2,
        HeldBack.DEBTOR_ELSEWHERE: 1,
        HeldBack.OTHER_CURRENCY: 1,
        HeldBack.NOTHING_OWED: 1,
        HeldBack.CLOSED: 1,
    }
    assert (preview.cases, preview.held_back_cases) == (2, 6)
    place(ports, creditor, wave)
    held = holders(ports, creditor)
    assert {ref for ref, agency in held.items() if agency == tenants.agency.tenant} == {"GOOD", "BETTER"}


def test_every_reason_has_its_words():
    assert set(HELD_BACK) == set(HeldBack)
