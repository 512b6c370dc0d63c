"""A creditor's own templates as pages show them: each with its versions, what it asks and what its lapse stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agencies.attestations.models import CreditorTemplate
from agencies.attestations.templates import Act, in_language
from agencies.kernel.errors import msg
from portal.i18n import language, say
from portal.presenters.attestations import acts

STATES = {
    "draft": (msg("Draft"), "waiting"),
    "announced": (msg("Announced"), "working"),
    "in_force": (msg("In force"), "good"),
    "replaced": (msg("Replaced by a later version"), "neutral"),
    "retired": (msg("Withdrawn"), "neutral"),
}


@dataclass(frozen=True)
class VersionLine:
    """One version, ready to be shown."""

    id: int
    code: str
    version: int
    title: str
    state: str
    label: str
    tone: str
    valid_from: date | None
    retired_on: date | None
    stops: str
    months: int
    weight: int
    may_retire: bool


def version_lines(rows: Sequence[CreditorTemplate], today: date) -> list[VersionLine]:
    """Every version, by code, the newest first."""
    return [_line(row, rows, today) for row in rows]


def _line(row: CreditorTemplate, rows: Sequence[CreditorTemplate], today: date) -> VersionLine:
    state = _state(row, rows, today)
    label, tone = STATES[state]
    body = row.body
    return VersionLine(
        row.id,
        row.code,
        row.version,
        body["title"][in_language(language())],
        state,
        say(label),
        tone,
        row.valid_from,
        row.retired_on,
        acts(Act(one) for one in body["blocks"]) or say(msg("nothing, it only warns")),
        body["validity"]["months"],
        body["weight"],
        may_retire=state in {"announced", "in_force"} and row.retired_on is None,
    )


def _state(row: CreditorTemplate, rows: Sequence[CreditorTemplate], today: date) -> str:
    if row.published_at is None or row.valid_from is None:
        return "draft"
    if row.retired_on is not None and row.retired_on <= today:
        return "retired"
    if row.valid_from > today:
        return "announced"
    later = [
        one
        for one in rows
        if one.code == row.code and one.version > row.version and one.valid_from and one.valid_from <= today
    ]
    return "replaced" if later else "in_force"
