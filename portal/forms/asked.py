"""Questions that are data (`AskedField`) as a form; what was typed comes back as the domain keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT, exponent
from agencies.standing.fields import LONGEST_PARAGRAPH, LONGEST_TEXT, AskedField, FieldKind
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, PercentField, Wanted, WholeNumberField
from portal.forms.standing import BoxesField
from portal.i18n import country_name, say

CHOOSE = msg("Choose")
_PREFIX = "answer_"
_K = FieldKind


class AskedForm(PortalForm):
    """Some questions; gaps are allowed where the form is a draft."""

    asked: ClassVar[tuple[AskedField, ...]] = ()

    @property
    def questions(self) -> list[tuple[Any, str]]:
        """The fields in their order, each with its hint."""
        return [(self[_PREFIX + one.name], say(one.hint) if one.hint else "") for one in self.asked]

    @property
    def answers(self) -> dict[str, Any]:
        """What was typed, by the name of the question."""
        typed = {one.name: self._answer(one) for one in self.asked}
        return {name: value for name, value in typed.items() if value not in (None, "", [])}

    def _answer(self, one: AskedField) -> Any:
        field = self[_PREFIX + one.name]
        if isinstance(field, PercentField):
            return field.basis_points
        if one.kind is _K.AMOUNT:
            currency = self[_PREFIX + "currency"].data
            return _minor(field.data, currency) if currency else field.data
        if one.kind is _K.CURRENCY and "limit" in (known := {other.name for other in self.asked}):
            # A currency without an amount is what the list began with and says nothing.
            return field.data if known and self[_PREFIX + "limit"].data is not None else None
        return field.data


def asked_form(
    asked: Iterable[AskedField], formdata: Any = None, known: Mapping[str, Any] | None = None, *, is_draft: bool = True
) -> AskedForm:
    """The form of some questions, with what is known already; `is_draft` lets required ones be empty."""
    fields = tuple(asked)
    made = type("Asked", (AskedForm,), {_PREFIX + one.name: _field(one, is_draft) for one in fields})
    made.asked = fields  # type: ignore[attr-defined]
    values = {_PREFIX + one.name: _value(one, (known or {}).get(one.name), known or {}) for one in fields}
    form: AskedForm = made(formdata, data={name: value for name, value in values.items() if value is not None})
    return form


def _field(one: AskedField, is_draft: bool) -> Any:
    # A draft is kept with gaps; what a row of a list must have is asked at once.
    rules: list[Any] = [InputRequired() if one.is_required and not is_draft else Optional()]
    if one.is_required:
        rules.insert(0, Wanted())
    match one.kind:
        case _K.TEXT | _K.EMAIL:
            return StringField(one.label, [*rules, Length(max=LONGEST_TEXT)])
        case _K.PARAGRAPH:
            return TextAreaField(one.label, [*rules, Length(max=LONGEST_PARAGRAPH)], render_kw={"rows": 3})
        case _K.DATE:
            return DateField(one.label, rules)
        case _K.INTEGER:
            return WholeNumberField(one.label, [*rules, NumberRange(0, 10**9)])
        case _K.PERCENT:
            return PercentField(one.label, [*rules, NumberRange(0, 100)])
        case _K.AMOUNT:
            return NumberField(one.label, rules)
        case _K.CHOICES | _K.COUNTRIES:
            return BoxesField(one.label, rules, choices=_choices(one))
        case _K.CHOICE | _K.COUNTRY | _K.CURRENCY:
            return SelectField(one.label, rules, choices=[("", say(CHOOSE)), *_choices(one)])


def _choices(one: AskedField) -> list[tuple[str, str]]:
    if one.kind in {_K.COUNTRY, _K.COUNTRIES}:
        return [(code, country_name(code)) for code in COUNTRIES]
    if one.kind is _K.CURRENCY:
        return [(code, code) for code in sorted(EXPONENT)]
    return [(str(value), say(words)) for value, words in one.choices.items()]


def _value(one: AskedField, value: Any, known: Mapping[str, Any]) -> Any:
    if value is None:
        return None
    if one.kind is _K.DATE:
        return date.fromisoformat(value)
    if one.kind is _K.PERCENT:
        return Decimal(value) / 100
    if one.kind is _K.AMOUNT and known.get("currency"):
        return Decimal(value) / 10 ** exponent(known["currency"])
    return value


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else int(amount * 10 ** exponent(currency))
