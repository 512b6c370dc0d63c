"""The fourteen templates as dated data: wording in two languages, fields, evidence, validity, and what a lapse stops.

They live in `templates.json`, so that counsel can read and change them without reading code. A country may vary any
part of a template; a changed template is a new version with the date from which it is signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from agencies.kernel.errors import NotFound

LANGUAGES = ("en", "es")
_DATA = Path(__file__).with_name("templates.json")


class Act(StrEnum):
    """What a lapsed attestation can stop."""

    PLACE = "place"
    DOWNLOAD = "download"
    BID = "bid"
    ORDER_LOCATE = "order_locate"
    CLOSE_RECALL = "close_recall"


class Effect(StrEnum):
    """What it means when there is no valid one."""

    BLOCKS = "blocks"
    WARNS = "warns"
    #: It only shows in the comparison.
    SCORES = "scores"


class FieldKind(StrEnum):
    """What is filled in."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    INTEGER = "integer"
    DATE = "date"
    CHOICE = "choice"


#: A text in each of the `LANGUAGES`.
Texts = Mapping[str, str]


@dataclass(frozen=True)
class TemplateField:
    """One thing the agency fills in."""

    name: str
    kind: FieldKind
    label: Texts
    is_required: bool
    #: Value -> how it is called, for a choice.
    choices: Mapping[str, Texts]
    #: A day that does not lie before the end of the recall.
    is_after_recall: bool


@dataclass(frozen=True)
class Validity:
    """Until when it holds: the earliest of what is set, or for ever when nothing is."""

    months: int | None = None
    #: The answer that says it, such as the end of a contract.
    field: str | None = None
    #: The last day of a window that opens every first of January: what is signed in a year, in its window or after it,
    #: holds until that day of the next year.
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True)
class Template:
    """One template as it reads in one country from a date on."""

    code: str
    version: int
    country: str
    title: Texts
    statement: Texts
    evidence_hint: Texts
    needs_evidence: bool
    fields: tuple[TemplateField, ...]
    validity: Validity
    blocks: frozenset[Act]
    effect: Effect
    #: How much it counts in the score.
    weight: int
    #: Due once for every recall, not once for the relation.
    is_per_recall: bool


def words(name: str, language: str) -> str:
    """A word of the signed text in a language."""
    return str(_read()["words"][name][in_language(language)])


def in_language(language: str) -> str:
    """One of the languages attestations are worded in."""
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def templates(country: str, on: date) -> tuple[Template, ...]:
    """All templates as they read in a country on a date, in order of their codes."""
    newest: dict[str, dict[str, Any]] = {}
    for one in _read()["templates"]:
        known = newest.get(one["code"])
        if date.fromisoformat(one["valid_from"]) <= on and (known is None or one["version"] > known["version"]):
            newest[one["code"]] = one
    return tuple(_template(newest[code], country) for code in sorted(newest))


def get_template(code: str, country: str, on: date) -> Template:
    """The template in the version of a date; raises `NotFound`."""
    for one in templates(country, on):
        if one.code == code:
            return one
    raise NotFound


@cache
def template_as_signed(code: str, country: str, version: int) -> Template:
    """The template in a version that may have been replaced since; raises `NotFound`."""
    for one in _read()["templates"]:
        if (one["code"], one["version"]) == (code, version):
            return _template(one, country)
    raise NotFound


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return data


def _template(told: dict[str, Any], country: str) -> Template:
    one = {**told, **told.get("countries", {}).get(country, {})}
    validity = {name: value for name, value in one["validity"].items() if name != "forever"}
    return Template(
        code=one["code"],
        version=one["version"],
        country=country,
        title=one["title"],
        statement=one["statement"],
        evidence_hint=one["evidence"]["hint"],
        needs_evidence=one["evidence"]["required"],
        fields=tuple(_field(field) for field in one["fields"]),
        validity=Validity(**validity),
        blocks=frozenset(Act(act) for act in one["blocks"]),
        effect=Effect(one["effect"]),
        weight=one["weight"],
        is_per_recall=one.get("per") == "recall",
    )


def _field(told: dict[str, Any]) -> TemplateField:
    return TemplateField(
        name=told["name"],
        kind=FieldKind(told["kind"]),
        label=told["label"],
        is_required=told["required"],
        choices={choice["value"]: choice["label"] for choice in told.get("choices", [])},
        is_after_recall=told.get("after") == "recall",
    )
