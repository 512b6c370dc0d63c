"""The fourteen templates as dated data: wording in two languages, fields, evidence, validity, and what a lapse stops.

They live in `templates.json`, so that counsel can read and change them without reading code. A country may vary any
part of a template; a changed template is a new version with the date from which it is signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
    #: It speaks of the list of sub-processors in one of its versions.
    has_list: bool = False
    #: Versions that what was signed before has to be renewed for, and the day from which.
    renewals: tuple[tuple[int, date], ...] = ()

    def replaced_on(self, version: int) -> date | None:
        """The day from which what was signed by a version holds no more, because a later one is in force."""
        return min((since for later, since in self.renewals if later > version), default=None)


def words(name: str, language: str) -> str:
    """A word of the signed text in a language."""
    return str(_read()["words"][name][in_language(language)])


def in_language(language: str) -> str:
    """One of the languages attestations are worded in."""
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def templates(country: str, on: date) -> tuple[Template, ...]:
    """All templates as they read in a country on a date, in order of their codes."""
    return in_force(_read()["templates"], country, on)


def in_force(told: Iterable[Mapping[str, Any]], country: str, on: date) -> tuple[Template, ...]:
    """Of templates as they are written down, all versions of each: how each reads on a date, in order of codes."""
    versions: dict[str, list[Mapping[str, Any]]] = {}
    for one in told:
        versions.setdefault(one["code"], []).append(one)
    found = {}
    for code in sorted(versions):
        begun = [one for one in versions[code] if date.fromisoformat(one["valid_from"]) <= on]
        if begun:
            found[code] = template_of(max(begun, key=lambda one: one["version"]), country, versions[code])
    return tuple(found.values())


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
            return template_of(one, country)
    raise NotFound


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return data


def template_of(told: Mapping[str, Any], country: str, versions: Iterable[Mapping[str, Any]] = ()) -> Template:
    """A template as it is written down, in a country; `versions` are all there are of it."""
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
        has_list=one.get("list") == "subprocessors",
        renewals=tuple(
            (later["version"], date.fromisoformat(later["valid_from"]))
            for later in versions
            # A version that only words the same thing better is signed when the old signature has run out.
            if later["version"] > 1 and later.get("renews", True)
        ),
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
