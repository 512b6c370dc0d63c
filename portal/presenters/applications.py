"""What the pages of applications show, to the applicant and to the operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agencies.applications import content
from agencies.applications.content import Content, Missing
from agencies.applications.lifecycle import ENDED, WRITABLE
from agencies.applications.models import Application, ApplicationFile, ApplicationState, ApplicationStep
from agencies.applications.reviewing import ApplicationPage
from agencies.applications.sections import DOCUMENT_NAMES, Section, sections
from agencies.kernel.errors import msg
from agencies.organisations.countries import shown_tax_number
from agencies.standing.fields import AskedField, FieldKind
from portal.filters import basis_points, day, money, number
from portal.i18n import country_name, say
from portal.presenters.people import KIND_NAMES

__all__ = ["DOCUMENT_NAMES", "KIND_NAMES", "STATES", "TONES", "draft_page", "part_page", "review_page"]

STATES: dict[ApplicationState, str] = {
    ApplicationState.UNCONFIRMED: msg("Address not confirmed"),
    ApplicationState.DRAFT: msg("Draft"),
    ApplicationState.SUBMITTED: msg("Application handed in"),
    ApplicationState.UNDER_REVIEW: msg("Being reviewed"),
    ApplicationState.MORE_ASKED: msg("More was asked for"),
    ApplicationState.APPROVED: msg("Approved"),
    ApplicationState.DECLINED: msg("Declined"),
    ApplicationState.WITHDRAWN: msg("Withdrawn by the applicant"),
    ApplicationState.EXPIRED: msg("Expired"),
}
TONES: dict[ApplicationState, str] = {
    ApplicationState.UNCONFIRMED: "neutral",
    ApplicationState.DRAFT: "neutral",
    ApplicationState.SUBMITTED: "waiting",
    ApplicationState.UNDER_REVIEW: "working",
    ApplicationState.MORE_ASKED: "waiting",
    ApplicationState.APPROVED: "good",
    ApplicationState.DECLINED: "bad",
    ApplicationState.WITHDRAWN: "neutral",
    ApplicationState.EXPIRED: "neutral",
}
#: Fields of which only the end is shown.
_COVERED = {("principals", "document"), ("bank", "number")}


@dataclass(frozen=True)
class Line:
    """A question with its answer in words."""

    label: str
    answer: str


@dataclass(frozen=True)
class Row:
    """One row of a list: what it is called, the rest of it, and the name it is taken off by."""

    name: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Part:
    """One part of an application, filled in or not."""

    code: str
    title: str
    lead: str
    is_list: bool
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    #: How many things are still missing in it.
    gaps: int


@dataclass(frozen=True)
class DraftPage:
    """An application as its applicant sees it."""

    row: Application
    parts: tuple[Part, ...]
    missing: tuple[Missing, ...]
    files: tuple[ApplicationFile, ...]
    steps: tuple[ApplicationStep, ...]
    is_writable: bool
    is_ended: bool
    #: What the operator has asked for, while it is asked.
    asked: str


@dataclass(frozen=True)
class PartPage:
    """One part, about to be filled in."""

    row: Application
    part: Part
    is_last: bool


def draft_page(
    row: Application, said: Content, files: Sequence[ApplicationFile], steps: Sequence[ApplicationStep]
) -> DraftPage:
    """The whole of an application for who fills it in."""
    missing = content.missing(row.kind, row.country, said, {one.kind for one in files})
    asked = next((one.message for one in steps if one.state is ApplicationState.MORE_ASKED), "")
    return DraftPage(
        row=row,
        parts=_parts(row, said, missing),
        missing=tuple(missing),
        files=tuple(files),
        steps=tuple(steps),
        is_writable=row.state in WRITABLE,
        is_ended=row.state in ENDED,
        asked=asked if row.state is ApplicationState.MORE_ASKED else "",
    )


def part_page(row: Application, section: Section, said: Content) -> PartPage:
    """One part with what is in it so far."""
    return PartPage(row, _part(section, said, row, []), after(row, section.code) is None)


def after(row: Application, code: str) -> str | None:
    """The part that follows one, or None after the last."""
    codes = [one.code for one in sections(row.kind, row.country)]
    at = codes.index(code) + 1
    return codes[at] if at < len(codes) else None


def review_page(page: ApplicationPage) -> tuple[Part, ...]:
    """Every part in words, for the operator."""
    return _parts(page.row, page.said, page.missing)


def tax_number(row: Application) -> str:
    """The tax number as people of the country write it."""
    return shown_tax_number(row.country, row.tax_id or "") or row.tax_id or "–"


def shares(said: Content) -> str:
    """What the shares of the principals come to."""
    return basis_points(sum(one.get("share_bp", 0) for one in said.get("principals", [])))


def _parts(row: Application, said: Content, missing: Sequence[Missing]) -> tuple[Part, ...]:
    return tuple(_part(one, said, row, missing) for one in sections(row.kind, row.country))


def _part(section: Section, said: Content, row: Application, missing: Sequence[Missing]) -> Part:
    known = said.get(section.code, [] if section.is_list else {})
    rows = known if section.is_list else []
    return Part(
        code=section.code,
        title=section.title,
        lead=section.lead,
        is_list=section.is_list,
        lines=() if section.is_list else _lines(section, known, row),
        rows=tuple(
            Row(one["row"], str(one.get("name") or one.get("title")), _lines(section, one, row)) for one in rows
        ),
        gaps=sum(one.section == section.code for one in missing),
    )


def _lines(section: Section, known: Mapping[str, Any], row: Application) -> tuple[Line, ...]:
    return tuple(
        Line(_label(one), told(one, known, is_covered=(section.code, one.name) in _COVERED, country=row.country))
        for one in section.fields
        if one.name in known
    )


def _label(one: AskedField) -> str:
    return f"{say(one.of_whom)}: {say(one.label)}" if one.of_whom else say(one.label)


def told(one: AskedField, known: Mapping[str, Any], *, is_covered: bool = False, country: str = "") -> str:
    """An answer in the reader's words."""
    value = known[one.name]
    if is_covered:
        return "•••• " + value[-4:]
    if one.name == "tax_id":
        return shown_tax_number(country, value) or str(value)
    match one.kind:
        case FieldKind.DATE:
            return day(date.fromisoformat(value))
        case FieldKind.INTEGER:
            return number(value)
        case FieldKind.PERCENT:
            return basis_points(value)
        case FieldKind.AMOUNT:
            return money(value, known["currency"])
        case FieldKind.CHOICE:
            return say(one.choices[value])
        case FieldKind.CHOICES:
            return ", ".join(say(one.choices[each]) for each in value)
        case FieldKind.COUNTRY:
            return country_name(value)
        case FieldKind.COUNTRIES:
            return ", ".join(country_name(each) for each in value)
        case _:
            return str(value)
