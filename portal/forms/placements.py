"""A wave of placements as it is planned, and the word that commits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from assignments.placements.rejecting import LONGEST_NOTE
from assignments.placements.rejections import RejectReason
from assignments.placements.returns import MOST_CASES
from assignments.placements.strategy import CONTROL_BP, MAX_COOLING_DAYS, Key, Limit, Method, Strategy
from portal.forms.base import PortalForm
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import (
    NumberField,
    PercentField,
    ReferenceField,
    ReferencesField,
    TickedField,
    WholeNumberField,
    references,
)
from portal.i18n import say
from portal.presenters.lifecycle import reject_choices
from portal.presenters.strategies import KEYS, METHODS

_MOST_CASES = 100_000_000
#: What stands in the form before anybody has changed it, where the address brings a filter along.
_AT_FIRST = {"keys": Key.BALANCE.value, "keeps_capacity": "y", "excludes_previous": "y"}


@dataclass(frozen=True)
class Partner:
    """A mandate that cases can be placed under."""

    mandate_id: int
    agency_id: int
    label: str


class PartForm(PortalForm):
    """What is said of one agency: its share, and how much it may receive at most."""

    mandate = HiddenField()
    share = PercentField(msg("Share (%)"), validators=[Optional(), NumberRange(0, 100)])
    cases = WholeNumberField(msg("At most cases"), validators=[Optional(), NumberRange(1, _MOST_CASES)])
    value = NumberField(msg("At most value"), validators=[Optional(), NumberRange(0)])


class WaveForm(CaseFilterForm):
    """Which cases, with whom, how shared, under what name."""

    name = StringField(msg("Name of the placement"), [InputRequired(), Length(max=80)])
    mandates = ReferencesField(
        msg("Mandates"), kind="mandate", validators=[InputRequired(msg("Choose at least one mandate."))]
    )
    method = SelectField(msg("How to share"), choices=[], default=Method.EQUAL.value)
    parts = FieldList(FormField(PartForm))
    champion = ReferenceField(msg("Champion"), kind="mandate", nothing=msg("Choose"), validators=[Optional()])
    champion_share = PercentField(
        msg("Share of the champion (%)"), validators=[Optional(), NumberRange(1, 99)], default=70
    )
    control = PercentField(
        msg("Control shared equally (%)"), validators=[Optional(), NumberRange(0, 100)], default=CONTROL_BP // 100
    )
    keys = TickedField(msg("Keep these classes even"), choices=[])
    bands = WholeNumberField(msg("Balance bands"), [InputRequired(), NumberRange(1, 20)], default=5)
    age_bands = WholeNumberField(msg("Bands of days past due"), [Optional(), NumberRange(1, 20)], default=3)
    excludes_previous = BooleanField(msg("Never to an agency that had a case of the debtor before"), default=True)
    keeps_capacity = BooleanField(msg("Not beyond the capacity an agency states in its file"), default=True)
    cooling_days = WholeNumberField(
        msg("Days a returned case rests"), [Optional(), NumberRange(0, MAX_COOLING_DAYS)], default=0
    )

    def offer_partners(self, partners: Iterable[Partner]) -> None:
        """Set whom cases can be shared among and how."""
        partners = list(partners)
        self.mandates.offer([(one.mandate_id, one.label) for one in partners])
        self.champion.offer([(one.mandate_id, one.label) for one in partners])
        self.method.choices = [(one.value, say(METHODS[one])) for one in METHODS]
        self.keys.choices = [(one.value, say(KEYS[one])) for one in KEYS]
        self._agencies = {one.mandate_id: one.agency_id for one in partners}
        told = {part.mandate.data: part for part in self.parts}
        self._lines: list[tuple[str, Any]] = []
        for one in partners:
            reference = references().encode("mandate", one.mandate_id)
            part = told.get(reference)
            if part is None:
                self.parts.append_entry({"mandate": reference})
                part = self.parts[-1]
            self._lines.append((one.label, part))

    @property
    def lines(self) -> list[tuple[str, Any]]:
        """The part of each mandate on offer, with its label."""
        return self._lines

    def plan(self, currency: str) -> dict[str, Any]:
        """What was chosen, as the service takes it."""
        return {
            "name": self.name.data,
            "selection": self.selection(currency),
            "mandate_ids": self.mandates.numbers,
            "strategy": self._strategy(currency),
        }

    def _strategy(self, currency: str) -> Strategy:
        method = Method(self.method.data)
        parts = self._parts()
        champion = self.champion.number
        return Strategy(
            method=method,
            shares=_shares(parts) if method is Method.SHARES else {},
            champion_id=None if champion is None or method is not Method.CHAMPION else self._agencies[champion],
            champion_bp=(self.champion_share.basis_points or 0) if method is Method.CHAMPION else 0,
            control_bp=0 if method is Method.EQUAL else self.control.basis_points or 0,
            keys=tuple(key for key in Key if key.value in (self.keys.data or ())) or (Key.BALANCE,),
            balance_bands=self.bands.data or 1,
            age_bands=self.age_bands.data or 1,
            limits=_limits(parts, currency),
            keeps_capacity=bool(self.keeps_capacity.data),
            excludes_previous=bool(self.excludes_previous.data),
            cooling_days=self.cooling_days.data or 0,
        )

    def _parts(self) -> dict[int, Any]:
        """What was said of each agency that takes part."""
        numbers = dict(zip(self.mandates.data or (), self.mandates.numbers, strict=True))
        return {
            self._agencies[numbers[part.mandate.data]]: part.form for part in self.parts if part.mandate.data in numbers
        }


class CommitForm(PortalForm):
    """The yes to exactly what was shown."""

    digest = HiddenField(validators=[InputRequired()])
    is_sure = BooleanField(
        msg("I have checked this split"), [InputRequired(msg("Tick the box to say that you have checked the split."))]
    )


class RejectionForm(PortalForm):
    """Why an agency does not take cases on, and which; none named means all that wait."""

    accounts = TextAreaField(msg("Accounts, one in each line"), [Optional(), Length(max=60 * MOST_CASES)])
    reason = SelectField(msg("Reason"), [InputRequired()])
    note = TextAreaField(msg("Note to the creditor"), [Optional(), Length(max=LONGEST_NOTE)])
    is_sure = BooleanField(
        msg("I know that our access to these cases ends at once"),
        [InputRequired(msg("Tick the box to say that you know it."))],
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reason.choices = [("", say(msg("Choose a reason"))), *reject_choices()]

    @property
    def named(self) -> list[str]:
        """The accounts that were typed."""
        return [line.strip() for line in (self.accounts.data or "").splitlines() if line.strip()]

    @property
    def values(self) -> dict[str, Any]:
        """Reason and note as the service takes them."""
        return {"reason": RejectReason(self.reason.data), "note": self.note.data}


def at_first(given: MultiDict[str, str]) -> MultiDict[str, str]:
    """What the address brings along, with what the form begins with otherwise."""
    missing = [(name, value) for name, value in _AT_FIRST.items() if name not in given]
    return MultiDict([*given.items(multi=True), *missing])


def _shares(parts: Mapping[int, Any]) -> dict[int, int]:
    return {agency: part.share.basis_points or 0 for agency, part in parts.items()}


def _limits(parts: Mapping[int, Any], currency: str) -> dict[int, Limit]:
    limits = {
        agency: Limit(part.cases.data, None if part.value.data is None else minor(part.value.data, currency))
        for agency, part in parts.items()
    }
    return {agency: limit for agency, limit in limits.items() if limit != Limit()}
