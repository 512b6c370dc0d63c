"""Waves by a strategy: control, champion, limits, fit, former agencies, rest, families, what a placement keeps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from agencies.kernel.session import transaction
from agencies.standing import filing
from assignments.cases.models import Case
from assignments.placements import service
from assignments.placements.models import Placement
from assignments.placements.preview import HeldBack, preview_of
from assignments.placements.strategy import (
    ChampionUnfit,
    ControlOutOfRange,
    Fit,
    Key,
    Limit,
    LimitsOutOfRange,
    Method,
    SharesDoNotFit,
    Strategy,
)
from tests.loop import PLACED_AT, NewCase, add_cases, add_mandate, draft, holders, place, some_cases
from tests.recalling import NOW, recall

#: After the recall of `tests.recalling` has taken effect.
SECOND = NOW + timedelta(days=1)


def held_back(wave) -> dict[HeldBack, int]:
    return {one.reason: one.cases for one in preview_of(wave).held_back}


def placements(ports, creditor) -> list[Placement]:
    with ports.session(creditor) as session:
        return list(session.scalars(select(Placement).order_by(Placement.id)))


def file_states(ports, agency, *, capacity: int) -> None:
    """The agency states in its file how many cases of a creditor it can hold."""
    with ports.session(agency) as session, transaction(session):
        filing.keep_file(
            session,
            agency.tenant,
            filing.Statement(capacity=capacity),
            registers={},
            disclosures={},
            now=PLACED_AT,
        )


def label(ports, creditor, **columns: list[str | None]) -> None:
    """Give the cases, by their account, values in turn."""
    with ports.session(creditor) as session, transaction(session):
        accounts = session.scalars(select(Case.account_ref).order_by(Case.account_ref)).all()
        for number, account in enumerate(accounts):
            values = {name: of[number % len(of)] for name, of in columns.items()}
            session.execute(update(Case).where(Case.account_ref == account).values(**values))


def test_a_strategy_is_read_as_it_was_kept(tenants):
    agency, other = tenants.agency.tenant, tenants.other_agency.tenant
    kept = Strategy(
        Method.SHARES,
        shares={agency: 7_000, other: 3_000},
        control_bp=1_500,
        keys=(Key.BALANCE, Key.PRODUCT),
        limits={agency: Limit(cases=5), other: Limit(value_minor=10**12)},
        fits={other: Fit(("Libranza",), ("Antioquia",))},
        keeps_capacity=True,
        excludes_previous=True,
        cooling_days=30,
    )
    assert Strategy.from_dict(kept.to_dict()) == kept


@pytest.mark.parametrize(
    ("strategy", "refusal"),
    [
        (Strategy(Method.SHARES, shares={1: 10_000}), SharesDoNotFit),
        (Strategy(Method.SHARES, shares={1: 9_999, 2: 2}), SharesDoNotFit),
        (Strategy(Method.SHARES), SharesDoNotFit),
        (Strategy(Method.CHAMPION, champion_id=3, champion_bp=7_000), ChampionUnfit),
        (Strategy(Method.CHAMPION, champion_id=1, champion_bp=10_000), ChampionUnfit),
        (Strategy(control_bp=10_001), ControlOutOfRange),
        (Strategy(limits={1: Limit(cases=0)}), LimitsOutOfRange),
        (Strategy(cooling_days=-1), LimitsOutOfRange),
    ],
)
def test_a_strategy_that_does_not_fit_is_refused(strategy, refusal):
    with pytest.raises(refusal):
        strategy.check([1, 2])


def test_champion_and_challenger_keep_a_control_that_is_shared_equally(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(200))
    champion = tenants.agency.tenant
    strategy = Strategy(Method.CHAMPION, champion_id=champion, champion_bp=8_000, control_bp=2_000)
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, strategy=strategy))
    placed = placements(ports, tenants.creditor)
    arms = Counter((one.agency_id == champion, one.arm) for one in placed)
    assert arms == {(True, "control"): 20, (False, "control"): 20, (True, "strategy"): 128, (False, "strategy"): 32}
    for cell in preview_of(wave).cells:
        assert abs(cell.drawn_debtors - cell.target_debtors) < 1
    assert service.strategy_of(wave) == strategy


def test_strata_are_made_of_the_classes_that_were_chosen(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(120))
    label(ports, tenants.creditor, product=["Libranza", "Tarjeta", None], region=["Antioquia", "Bogotá"])
    strategy = Strategy(keys=(Key.BALANCE, Key.PRODUCT, Key.REGION), balance_bands=2)
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, strategy=strategy))
    names = [one.stratum for one in preview_of(wave).bands]
    assert names[:2] == ["1/2 · Libranza · Antioquia", "1/2 · Libranza · Bogotá"]
    assert len(names) == 12
    assert {one.stratum for one in placements(ports, tenants.creditor)} == set(names)
    for one in preview_of(wave).bands:
        counts = [cell.debtors for cell in preview_of(wave).cells if cell.band == one.band]
        assert max(counts) - min(counts) <= 1


def test_nobody_receives_more_than_its_limit_and_the_rest_waits(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(30))
    strategy = Strategy(limits={tenants.agency.tenant: Limit(cases=4), tenants.other_agency.tenant: Limit(cases=11)})
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, strategy=strategy))
    assert sorted(Counter(one.agency_id for one in placements(ports, tenants.creditor)).values()) == [4, 11]
    assert held_back(wave) == {HeldBack.NO_ROOM: 15}


def test_what_an_agency_holds_already_counts_towards_its_capacity(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[:1]))
    file_states(ports, tenants.agency, capacity=12)
    add_cases(ports, tenants.creditor, some_cases(20, start=11))
    wave = draft(ports, tenants.creditor, panel, strategy=Strategy(keeps_capacity=True))
    assert {one.agency_id: one.cases for one in preview_of(wave).agencies} == {
        tenants.agency.tenant: 2,
        tenants.other_agency.tenant: 18,
    }
    place(ports, tenants.creditor, wave)


def test_an_agency_receives_only_products_and_regions_it_takes(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(40))
    label(
        ports, tenants.creditor, product=["Libranza", "Tarjeta"], region=["Antioquia", "Antioquia", "Bogotá", "Bogotá"]
    )
    agency, other = tenants.agency.tenant, tenants.other_agency.tenant
    fits = {agency: Fit(products=("Libranza",)), other: Fit(regions=("Antioquia",))}
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, strategy=Strategy(fits=fits)))
    with ports.session(tenants.creditor) as session:
        found = Counter(map(tuple, session.execute(select(Case.agency_id, Case.product, Case.region))))
    assert held_back(wave) == {HeldBack.NOBODY_FITS: 10}
    assert found[None, "Tarjeta", "Bogotá"] == found[agency, "Libranza", "Bogotá"] == 10
    assert found[other, "Tarjeta", "Antioquia"] == 10
    assert (agency, "Tarjeta", "Antioquia") not in found


def test_a_second_placement_never_goes_to_an_agency_that_had_it_before(ports, tenants, panel):
    cases = [NewCase("ONE", 1_000, "D1"), NewCase("TWO", 2_000, "D1"), NewCase("THREE", 3_000)]
    add_cases(ports, tenants.creditor, cases)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[:1]))
    recall(ports, tenants.creditor, "ONE", "THREE")
    strategy = Strategy(excludes_previous=True, keys=(Key.TIER,))
    alone = draft(ports, tenants.creditor, panel[:1], strategy=strategy, now=SECOND)
    assert held_back(alone)[HeldBack.NOBODY_FITS] == 2
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[1:], strategy=strategy, now=SECOND), now=SECOND)
    placed = [(one.account_ref, one.tier, one.agency_id) for one in placements(ports, tenants.creditor)]
    assert placed[3:] == [("THREE", 2, tenants.other_agency.tenant)]
    assert {one[1] for one in placed[:3]} == {1}
    # The debtor's other case is still with the first agency, so its case went to nobody else.
    assert holders(ports, tenants.creditor)["ONE"] is None


def test_a_case_that_came_back_rests_as_long_as_it_was_said(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(6))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[:1]))
    with ports.session(tenants.creditor) as session:
        accounts = session.scalars(select(Case.account_ref)).all()
    recall(ports, tenants.creditor, *accounts[:3])
    add_cases(ports, tenants.creditor, some_cases(1, start=7))
    strategy = Strategy(cooling_days=30)
    early = draft(ports, tenants.creditor, panel[1:], strategy=strategy, now=NOW + timedelta(days=29))
    assert (held_back(early)[HeldBack.RESTING], preview_of(early).cases) == (3, 1)
    late = draft(ports, tenants.creditor, panel[1:], strategy=strategy, now=NOW + timedelta(days=30))
    assert (HeldBack.RESTING in held_back(late), preview_of(late).cases) == (False, 4)


def test_all_debts_of_a_debtor_go_together_in_the_stratum_of_the_largest(ports, tenants, panel):
    cases = [
        NewCase(f"{debtor}-{number}", 1_000 + 10 * debtor + number, f"D{debtor}")
        for debtor in range(30)
        for number in range(3)
    ]
    add_cases(ports, tenants.creditor, cases)
    label(ports, tenants.creditor, product=["A", "B", "C"])
    strategy = Strategy(
        Method.SHARES, shares={tenants.agency.tenant: 9_000, tenants.other_agency.tenant: 1_000}, keys=(Key.PRODUCT,)
    )
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, strategy=strategy))
    placed = placements(ports, tenants.creditor)
    together = {(one.account_ref.split("-")[0], one.agency_id, one.stratum) for one in placed}
    assert (len(placed), len(together), len({debtor for debtor, _, _ in together})) == (90, 30, 30)
    assert [one.stratum for one in preview_of(wave).bands] == ["C"]


def test_the_split_does_not_depend_on_what_ids_cases_and_agencies_have(ports, tenants):
    """As on another machine: another creditor with the same file and agencies of other ids in another order."""
    found = []
    for creditor, turned in ((tenants.creditor, False), (tenants.other_creditor, True)):
        cases = some_cases(60)
        add_cases(ports, creditor, cases[::-1] if turned else cases)
        agencies = [tenants.agency, tenants.other_agency]
        mandates = [add_mandate(ports, creditor, one) for one in (agencies[::-1] if turned else agencies)]
        place(ports, creditor, draft(ports, creditor, mandates, seed=4, strategy=Strategy(keys=(Key.BALANCE, Key.AGE))))
        found.append({one.account_ref: (one.agency_id, one.arm, one.stratum) for one in placements(ports, creditor)})
    assert found[0] == found[1]
    assert len(found[0]) == 60


def test_too_many_strata_are_refused(ports, tenants, panel, monkeypatch):
    monkeypatch.setattr("assignments.placements.strata.MAX_STRATA", 3)
    add_cases(ports, tenants.creditor, some_cases(20))
    with pytest.raises(Exception, match="strata"):
        draft(ports, tenants.creditor, panel, strategy=Strategy(balance_bands=4))


def test_a_limit_that_changes_what_is_placed_must_be_looked_at_again(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(20))
    wave = draft(ports, tenants.creditor, panel, strategy=Strategy(keeps_capacity=True))
    file_states(ports, tenants.agency, capacity=3)
    with pytest.raises(service.SelectionMoved):
        place(ports, tenants.creditor, wave)


def test_a_draft_from_before_strategies_is_drawn_by_its_bands_and_shares(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(20))
    shares = {tenants.agency.tenant: 7_500, tenants.other_agency.tenant: 2_500}
    wave = draft(ports, tenants.creditor, panel, bands=2, shares=shares)
    with ports.session(tenants.creditor) as session, transaction(session):
        old = session.merge(wave)
        expected, old.strategy = service.strategy_of(old), None
        assert service.strategy_of(old) == expected
    assert place(ports, tenants.creditor, wave).digest == wave.digest
