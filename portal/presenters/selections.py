"""The conditions of a selection in words, and a selection as the address of the list that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.money import exponent, major
from assignments.cases.selection import Mark, Part, Reach, Selection
from portal.filters import number
from portal.presenters.recalls import CODES

PERSON_TYPES = {"person": msg("Person"), "company": msg("Company")}
DOCUMENT = {True: msg("Known"), False: msg("Not known")}
REACHES = {
    Reach.PHONE: msg("By telephone"),
    Reach.EMAIL: msg("By e-mail"),
    Reach.ADDRESS: msg("At an address"),
    Reach.ANY: msg("In any way"),
    Reach.NONE: msg("In no way"),
}
MARKS = {
    Mark.HELD: msg("On hold by the creditor"),
    Mark.CLAIM: msg("Claim of the debtor in process"),
    Mark.FREE: msg("Neither on hold nor with a claim"),
}
#: Label of each further condition, by its field; the same words stand over the fields of the filter.
LABELS = {
    "currency": msg("Currency"),
    "stage": msg("Stage"),
    "city": msg("City"),
    "person_type": msg("Type of person"),
    "has_document": msg("Identity document"),
    "min_age": msg("Days past due today from"),
    "max_age": msg("Days past due today to"),
    "min_unpaid": msg("Days since the last payment from"),
    "max_unpaid": msg("Days since the last payment to"),
    "reach": msg("Can be reached"),
    "mark": msg("Marks"),
    "return_code": msg("Given back as"),
    "min_placed": msg("Times placed before from"),
    "max_placed": msg("Times placed before to"),
    "placed_with": msg("Placed before with"),
    "min_debts": msg("Debts of the debtor from"),
    "max_debts": msg("Debts of the debtor to"),
    "min_debtor_minor": msg("Balance of all debts of the debtor from"),
    "max_debtor_minor": msg("Balance of all debts of the debtor to"),
    "part": msg("Micro-segment"),
}


#: What no rule of a decision table takes.
OTHERWISE = msg("Otherwise")


def part_name(part: Part, say: Callable[[str], str]) -> str:
    """What a micro-segment is called."""
    return part.label or say(OTHERWISE)


def further(
    selection: Selection, agencies: Mapping[int, str], money: Callable[[int], str], say: Callable[[str], str]
) -> list[tuple[str, str]]:
    """The conditions of a selection beyond the plain ones, each as its label and its value."""
    said: dict[str, Callable[[object], str]] = {
        "person_type": lambda value: say(PERSON_TYPES[str(value)]),
        "has_document": lambda value: say(DOCUMENT[bool(value)]),
        "reach": lambda value: say(REACHES[Reach(str(value))]),
        "mark": lambda value: say(MARKS[Mark(str(value))]),
        "return_code": lambda _: say(CODES[selection.return_code]) if selection.return_code else "",
        "placed_with": lambda _: agencies.get(selection.placed_with or 0, "–"),
        "min_debtor_minor": lambda _: money(selection.min_debtor_minor or 0),
        "max_debtor_minor": lambda _: money(selection.max_debtor_minor or 0),
        "part": lambda _: part_name(selection.part, say) if selection.part else "",
    }
    values = dict(selection.set_fields())
    return [(label, said.get(name, str)(values[name])) for name, label in LABELS.items() if name in values]


#: Field of a selection -> the argument of the address, where the two are not called alike.
_NAMES = {
    "portfolio_id": "portfolio",
    "agency_id": "agency",
    "has_document": "document",
    "min_minor": "min_balance",
    "max_minor": "max_balance",
    "min_debtor_minor": "min_debtor",
    "max_debtor_minor": "max_debtor",
    "part": "micro",
}
_KINDS = {"portfolio_id": "portfolio", "agency_id": "organisation", "placed_with": "organisation"}


def arguments(selection: Selection, currency: str, encode: Callable[[str, int], str]) -> dict[str, str]:
    """A selection as the list's filter takes it from an address, in the reader's way of writing amounts."""
    return {_NAMES.get(name, name): _argument(name, value, currency, encode) for name, value in selection.set_fields()}


def _argument(name: str, value: Any, currency: str, encode: Callable[[str, int], str]) -> str:
    if isinstance(value, Part):
        return encode("micro", value.rule_id)
    if name in _KINDS:
        return encode(_KINDS[name], value)
    if name.endswith("_minor"):
        return number(major(value, currency), exponent(currency))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
