"""The conditions of a selection in words, and a selection as the address of the list that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agencies.kernel.errors import msg
from assignments.cases.selection import Mark, Reach, Selection
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
        "part": lambda _: selection.part.label if selection.part else "",
    }
    values = dict(selection.set_fields())
    return [(label, said.get(name, str)(values[name])) for name, label in LABELS.items() if name in values]
