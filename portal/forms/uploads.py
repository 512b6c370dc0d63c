"""Saying what the columns of a file are, how its cells are written, and what its codes mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import FieldList, HiddenField, SelectField
from wtforms.validators import InputRequired, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.mapping import meant
from portal.presenters.uploads import DATE_ORDERS, DECIMALS
from uploads.mapping.proposals import Proposal
from uploads.options import Options
from uploads.schemas.fields import Schema

NOT_USED = msg("Not used")
CHOOSE = msg("Choose")
MISSING = msg("Say which column holds: %(fields)s.")
TWICE = msg("%(field)s is chosen for more than one column. Keep one of them.")
NOT_NEEDED = msg("No row looked at needs it; one that does is turned away")
ROWS_NAME_IT = msg("%(currency)s, as the rows say; one that names no currency is turned away")
EACH_ITS_OWN = msg("Each column its own way (%(columns)s); all others: %(rest)s")
#: What stands in a select where nobody said anything, and before what holds for the columns that differ from no other.
ASSUMED, BY_COLUMN = "assumed", "by-column:"
OPEN = msg("The values of the file do not tell how to read its amounts or dates. Please choose.")
OPTIONS = ("date_order", "decimal", "currency")
#: Before the field and the value in the name of a select: code:result:NC01.
CODE = "code:"


class MappingForm(PortalForm):
    """What each column is, and how amounts and dates are written."""

    columns = FieldList(SelectField(validators=[Optional()]))
    date_order = SelectField(msg("Dates are written"), [InputRequired()])
    decimal = SelectField(msg("Amounts are written"), [InputRequired()])
    currency = SelectField(msg("Currency"), [InputRequired()])
    #: What stood in each select when the page was made: what is otherwise now was chosen by hand, and stays.
    date_order_was, decimal_was, currency_was, by_hand = HiddenField(), HiddenField(), HiddenField(), HiddenField()

    def __init__(self, formdata: Any, schema: Schema, proposal: Proposal) -> None:
        settled = proposal.options
        guessed = {
            "columns": [guess.field or "" for guess in proposal.columns],
            **(stand := {name: _chosen(name, settled) for name in OPTIONS}),
            **{f"{name}_was": value or "" for name, value in stand.items()},
        }
        super().__init__(formdata and _anew(_of_width(formdata, len(proposal.columns)), stand), data=guessed)
        self._schema, self._proposal = schema, proposal
        self._codes = codes_of(formdata) if formdata else {}
        labels = {field.name: say(field.label) for field in schema.fields}
        for entry in self.columns:
            entry.choices = [("", say(NOT_USED)), *labels.items()]
        self.date_order.choices = _asked("date_order", DATE_ORDERS, settled, labels)
        self.decimal.choices = _asked("decimal", DECIMALS, settled, labels)
        self.currency.choices = [(code, code) for code in EXPONENT]
        if "currency" in settled.assumed:
            self.currency.choices.insert(0, (ASSUMED, say(ROWS_NAME_IT, {"currency": settled.currency})))

    def validate(self, extra_validators: Any = None) -> bool:
        """Every needed field has a column and no field has two; told by their names on the page."""
        is_valid = super().validate(extra_validators)
        used = Counter(self.mapping.values())
        missing = [say(field.label) for field in self._schema.required if not used[field.name]]
        if missing:
            self.form_errors.append(say(MISSING, {"fields": ", ".join(missing)}))
        twice = [say(field.label) for field in self._schema.fields if used[field.name] > 1]
        self.form_errors.extend(say(TWICE, {"field": label}) for label in twice)
        if self.date_order.errors or self.decimal.errors:
            self.form_errors.append(say(OPEN))
        return is_valid and not missing and not twice

    @property
    def unsaid(self) -> set[str]:
        """The options that must be chosen and are not."""
        return {name for name in OPTIONS if not self[name].data}

    @property
    def mapping(self) -> dict[int, str]:
        """Column position -> field, of the columns that are used."""
        return {position: entry.data for position, entry in enumerate(self.columns) if entry.data}

    @property
    def options(self) -> Options:
        """How the cells are to be read, and what was said of codes; what was left as it was assumed is not said."""
        said: dict[str, Any] = {}
        by_field: dict[str, dict[str, str]] = {}
        for name in ("date_order", "decimal", "currency"):
            chosen = getattr(self, name).data
            is_by_column = bool(chosen) and chosen.startswith(BY_COLUMN)
            rest = chosen.removeprefix(BY_COLUMN) if chosen else None
            # Where the columns settle all, they do so anew, because another column may be meant by now.
            is_said = chosen != ASSUMED and not (is_by_column and getattr(self._proposal.options, name))
            said[name] = rest if is_said else None
            if is_by_column and is_said:
                for field, value in _otherwise(name, self._proposal.options).items():
                    if self._is_as_proposed(field):
                        by_field.setdefault(field, {})[name] = value
        return Options(**said, codes=self._codes, by_field=by_field)

    def _is_as_proposed(self, field: str) -> bool:
        """Whether the field's column is the one whose cells were looked at."""
        return {at for at, one in self.mapping.items() if one == field} == {
            at for at, one in self._proposal.mapping.items() if one == field
        }


def codes_of(given: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """What a form says of unknown values: field -> value -> code."""
    said: dict[str, dict[str, str]] = {}
    for name, code in given.items():
        field, _, written = name.removeprefix(CODE).partition(":")
        if name.startswith(CODE) and written:
            said.setdefault(field, {})[written] = code
    return {field: told for field, values in said.items() if (told := meant(values))}


def chosen_columns(given: Mapping[str, str]) -> dict[int, str]:
    """Column position -> field, as a form that was sent says it."""
    named = ((name.removeprefix("columns-"), field) for name, field in given.items() if name.startswith("columns-"))
    return {int(at): field for at, field in named if at.isascii() and at.isdigit() and len(at) < 6 and field}


def _anew(given: MultiDict[str, str], stand: Mapping[str, str | None]) -> MultiDict[str, str]:
    """The form with every option that nobody chose by hand as the columns chosen now have it."""
    by_hand = set(given.get("by_hand", "").split())
    for name in OPTIONS:
        was = given.get(f"{name}_was")
        if was is not None and name not in by_hand and given.get(name, "") == was:
            given[name] = stand[name] or ""
        elif was is not None:
            by_hand.add(name)
        if was is not None:
            given[f"{name}_was"] = given.get(name, "")
    given["by_hand"] = " ".join(sorted(by_hand & set(OPTIONS)))
    # What is empty was not sent: it must be chosen.
    return MultiDict({name: value for name, value in given.items() if value or name not in OPTIONS})


def _of_width(given: Mapping[str, str], width: int) -> MultiDict[str, str]:
    """The form with one entry per column of the file, whatever was sent."""
    rest = {name: value for name, value in given.items() if not name.startswith("columns-")}
    columns = {f"columns-{at}": given.get(f"columns-{at}", "") for at in range(width)}
    return MultiDict({**rest, **columns})


def _asked(name: str, choices: Mapping[str, str], settled: Options, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """The choices, with none of them taken for granted where the values do not tell; columns that differ first."""
    value, otherwise = getattr(settled, name), _otherwise(name, settled)
    offered = [(code, say(text)) for code, text in choices.items()]
    if otherwise:
        shown = "; ".join(f"{labels[field]}: {say(choices[own])}" for field, own in otherwise.items())
        told = [
            (BY_COLUMN + code, say(EACH_ITS_OWN, {"columns": shown, "rest": text}))
            for code, text in offered
            if value in {None, code}
        ]
        offered = [*told, *offered]
    elif name in settled.assumed:
        offered = [(ASSUMED, say(NOT_NEEDED)), *offered]
    return offered if value else [("", say(CHOOSE)), *offered]


def _chosen(name: str, settled: Options) -> str | None:
    """What a select stands at before anybody touches it."""
    value: str | None = getattr(settled, name)
    if name in settled.assumed:
        return ASSUMED
    return BY_COLUMN + value if value and _otherwise(name, settled) else value


def _otherwise(name: str, settled: Options) -> dict[str, str]:
    """The fields whose columns prove one option by themselves."""
    return {field: own[name] for field, own in settled.by_field.items() if name in own}
