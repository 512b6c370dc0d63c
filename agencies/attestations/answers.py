"""What is filled into a template, checked against its fields; a draft may have gaps, a signature may not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from agencies.attestations.templates import FieldKind, Template, TemplateField
from agencies.kernel.errors import Invalid, msg

LONGEST = 4_000
_LARGEST = 10**9


class AnswerUnfit(Invalid):
    """An answer the field cannot hold."""

    text = msg("One of the answers does not fit its field. Look at it again.")


class DoneAnotherDay(Invalid):
    """What a recall asks for is done after it, and was done before somebody signs for it."""

    text = msg("The day on which it was done lies between the end of the recall (%(recalled_on)s) and today.")


def checked(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept: dates in ISO form, empty ones left out; raises `AnswerUnfit`."""
    known = {field.name: field for field in template.fields}
    if not set(given) <= set(known):
        raise AnswerUnfit
    return {name: _kept(known[name], value) for name, value in given.items() if value not in (None, "")}


def check_days(template: Template, answers: Mapping[str, Any], recalled_on: date, today: date) -> None:
    """Raise `DoneAnotherDay` when what follows the end of a recall is said to have been done before it or later on."""
    for field in template.fields:
        told = answers.get(field.name)
        if field.is_after_recall and told and not recalled_on <= date.fromisoformat(told) <= today:
            raise DoneAnotherDay(recalled_on=recalled_on)


def missing(template: Template, answers: Mapping[str, Any]) -> list[TemplateField]:
    """The fields that have to be filled in before anybody can sign."""
    return [field for field in template.fields if field.is_required and answers.get(field.name) in (None, "")]


def shown(field: TemplateField, value: Any, language: str) -> str:
    """An answer as it is read in a language."""
    if field.kind is FieldKind.CHOICE:
        return field.choices[value][language]
    return str(value)


def _kept(field: TemplateField, value: Any) -> str | int:
    match field.kind:
        case FieldKind.INTEGER:
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
                raise AnswerUnfit
            return value
        case FieldKind.DATE:
            return _day(value).isoformat()
        case FieldKind.CHOICE:
            if value not in field.choices:
                raise AnswerUnfit
            return str(value)
        case FieldKind.TEXT | FieldKind.PARAGRAPH:
            if not isinstance(value, str) or len(value) > LONGEST:
                raise AnswerUnfit
            return value.strip()


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as unreadable:
        raise AnswerUnfit from unreadable
