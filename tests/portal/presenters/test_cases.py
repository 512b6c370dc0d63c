"""Cases as plain values: what is covered, a filter in words, and one story in order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

from assignments.cases.models import CaseState
from assignments.cases.queries import Selection
from assignments.contacts.models import ContactKind
from portal.presenters import cases
from uploads.models import UploadKind
from uploads.schemas.activities import ACTIVITIES, RESULTS
from uploads.schemas.registry import SCHEMAS


def test_a_selection_is_told_in_words_with_names_for_ids() -> None:
    names = cases.Names({5: "cartera.csv"}, {8: "Cobros"})
    chosen = Selection(portfolio_id=5, agency_id=9, state=CaseState.OPEN, min_minor=100, max_dpd=0)
    chips = cases.chips(chosen, names, lambda minor: f"COP {minor}", str.upper)
    assert [(chip.label, chip.value) for chip in chips] == [
        ("Portfolio", "cartera.csv"),
        ("State", "OPEN"),
        ("Agency", "–"),
        ("Balance from", "COP 100"),
        ("Days past due to", "0"),
    ]


def test_everything_selected_needs_no_words() -> None:
    assert cases.chips(Selection(), cases.Names({}, {}), str, str) == []


def test_a_story_runs_from_the_latest_to_the_first() -> None:
    placed = SimpleNamespace(placed_at=datetime(2026, 1, 12, 15, tzinfo=UTC))
    paid = SimpleNamespace(paid_on=date(2026, 2, 1))
    calls = [SimpleNamespace(happened_at=datetime(2026, 2, 1, hour, tzinfo=UTC)) for hour in (9, 14)]
    story = cases.timeline([placed], [paid], calls, lambda at: at.date())
    assert [event.payload for event in story] == [paid, calls[1], calls[0], placed]


def test_what_names_or_reaches_a_person_is_covered_in_the_source() -> None:
    upload = SimpleNamespace(filename="cartera.csv", kind=UploadKind.PORTFOLIO)
    row = {"account_ref": "A-1", "national_id": "52123456", "balance_total": 100, "phone": "300"}
    shown = {cell.label: cell.value for cell in cases.source(upload, 2, row).cells}
    assert shown == {"Account": "A-1", "Identity number": "••••", "Total balance": 100, "Phone": "••••"}
    assert {field.name for field in SCHEMAS[UploadKind.PORTFOLIO].fields} >= cases.PERSONAL


def test_every_result_and_channel_an_agency_may_report_has_words() -> None:
    assert set(cases.RESULTS) == set(RESULTS)
    assert set(cases.CHANNELS) == set(ACTIVITIES["channel"].choices)
    assert set(cases.STATES) == set(cases.TONES) == set(CaseState)
    assert set(cases.CONTACTS) == set(ContactKind)
