"""What the pages of cases show: words for states and results, the filter in words, and the story of one case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import msg
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection
from assignments.contacts import masking
from assignments.contacts.models import ContactKind, DebtorContact
from assignments.contacts.revealing import BIRTH_DATE, DOCUMENT, place_of
from assignments.placements.queries import PlacementRow
from assignments.reports.models import Activity, Payment, ReceivedBy
from assignments.reports.queries import TakenBack
from portal.filters import NOTHING, instant
from portal.i18n import say
from portal.presenters import activities, placements, selections
from uploads.models import Upload
from uploads.schemas.fields import FieldType
from uploads.schemas.registry import SCHEMAS

STATES = {
    CaseState.OPEN: msg("Open"),
    CaseState.PLACED: msg("Placed"),
    CaseState.ON_HOLD: msg("On hold"),
    CaseState.CLOSED: msg("Closed"),
}
TONES = {
    CaseState.OPEN: "waiting",
    CaseState.PLACED: "working",
    CaseState.ON_HOLD: "bad",
    CaseState.CLOSED: "neutral",
}
PLACEMENT_STATES, PLACEMENT_TONES = placements.STATES, placements.TONES
CHANNELS, RESULTS = activities.CHANNELS, activities.RESULTS
PERSON_TYPES = selections.PERSON_TYPES
RECEIVED_BY = {ReceivedBy.AGENCY: msg("received by the agency"), ReceivedBy.CREDITOR: msg("paid to the creditor")}
CONTACTS = {ContactKind.PHONE: msg("Phone"), ContactKind.EMAIL: msg("E-mail"), ContactKind.ADDRESS: msg("Address")}
#: Fields of a source row that name or reach a person.
PERSONAL = frozenset(
    {"national_id", "full_name", "first_name", "last_name", "birth_date", "address", "phone", "phone_2", "email"}
)


#: The condition that may name somebody.
ACCOUNT = msg("Account")


@dataclass(frozen=True)
class Names:
    """Names of what a selection knows by id."""

    portfolios: Mapping[int, str]
    agencies: Mapping[int, str]


@dataclass(frozen=True)
class Chip:
    """One condition of a selection in words."""

    label: str
    value: str


@dataclass(frozen=True)
class Event:
    """One thing that happened on a case; the day alone where no hour is known."""

    day: date
    at: datetime | None
    kind: str
    payload: Any


def chips(selection: Selection, names: Names, money: Callable[[int], str], say: Callable[[str], str]) -> list[Chip]:
    """A selection as the conditions it is made of; none for everything."""
    found: list[tuple[str, str | None]] = [
        (msg("Portfolio"), _known(names.portfolios, selection.portfolio_id)),
        (msg("Product"), selection.product),
        (msg("Region"), selection.region),
        (msg("Segment"), selection.segment),
        (msg("State"), say(STATES[selection.state]) if selection.state else None),
        (msg("Agency"), _known(names.agencies, selection.agency_id)),
        (msg("Balance from"), None if selection.min_minor is None else money(selection.min_minor)),
        (msg("Balance to"), None if selection.max_minor is None else money(selection.max_minor)),
        (msg("Days past due from"), None if selection.min_dpd is None else str(selection.min_dpd)),
        (msg("Days past due to"), None if selection.max_dpd is None else str(selection.max_dpd)),
        (ACCOUNT, selection.search),
    ]
    plain = [Chip(label, value) for label, value in found if value is not None]
    return plain + [Chip(*one) for one in selections.further(selection, names.agencies, money, say)]


def components(case: Case) -> list[tuple[str, int]]:
    """What the balance was made of when it was handed over, as far as the creditor said."""
    parts = (
        (msg("Principal"), case.principal_minor),
        (msg("Interest"), case.interest_minor),
        (msg("Late interest"), case.late_interest_minor),
        (msg("Fees"), case.fees_minor),
    )
    return [(label, amount) for label, amount in parts if amount is not None]


def timeline(
    placed: Iterable[PlacementRow],
    payments: Iterable[Payment],
    activities: Iterable[Activity],
    local_day: Callable[[datetime], date],
    taken_back: Iterable[TakenBack] = (),
    others: Iterable[Event] = (),
) -> list[Event]:
    """Placements, payments, what was taken back of them, activities and others as one story, the latest first."""
    events = [Event(local_day(one.placed_at), one.placed_at, "placed", one) for one in placed]
    events += [Event(one.paid_on, None, "paid", one) for one in payments]
    events += [Event(local_day(one.at), one.at, "taken_back", one) for one in taken_back]
    events += [Event(local_day(one.happened_at), one.happened_at, "activity", one) for one in activities]
    return sorted([*events, *others], key=_order, reverse=True)


def _order(event: Event) -> tuple[date, float]:
    # A payment has no hour; it stands after what was done that day.
    return event.day, event.at.timestamp() if event.at else float("inf")


def _known(names: Mapping[int, str], number: int | None) -> str | None:
    return None if number is None else names.get(number, "–")


@dataclass(frozen=True)
class CoveredField:
    """One field of a person, covered, and what it is called when it is asked for in full."""

    label: str
    value: str
    place: str
    note: str = ""


@dataclass(frozen=True)
class Source:
    """The row of the file a case was made from; what names or reaches the debtor is covered."""

    upload: Upload
    line: int
    cells: tuple[SourceCell, ...]


@dataclass(frozen=True)
class SourceCell:
    """One field of the source row with its value as it was read."""

    label: str
    value: Any
    type: FieldType


def covered_fields(debtor: Debtor, points: Iterable[DebtorContact], city: str | None) -> list[CoveredField]:
    """Identity, date of birth and ways to reach a debtor, each covered."""
    number = f"{debtor.id_type or ''} {masking.document(debtor.id_number)}".strip()
    found = [CoveredField(msg("Identity"), number or NOTHING, DOCUMENT if debtor.id_number else "")]
    if debtor.birth_date:
        found.append(CoveredField(msg("Date of birth"), masking.COVER, BIRTH_DATE))
    return found + [
        CoveredField(
            CONTACTS[one.kind], masking.contact(one.kind, one.value, city), place_of(one), _released(one.released_at)
        )
        for one in points
    ]


def _released(at: datetime | None) -> str:
    return say(msg("found, released on %(when)s"), {"when": instant(at)}) if at else ""


def source(upload: Upload, line: int, row: Mapping[str, Any]) -> Source:
    """The source row with its fields by name, in the order of the schema."""
    cells = (
        SourceCell(
            field.label,
            masking.COVER if field.name in PERSONAL else row[field.name],
            FieldType.TEXT if field.name in PERSONAL else field.type,
        )
        for field in SCHEMAS[upload.kind].fields
        if field.name in row
    )
    return Source(upload, line, tuple(cells))
