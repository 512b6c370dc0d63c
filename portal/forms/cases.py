"""The filter that selects cases: the same fields for looking and for placing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from assignments.cases.models import CaseState, ReturnCode
from assignments.cases.queries import Facets, Selection
from assignments.cases.selection import Mark, Part, Reach
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, ReferenceField, WholeNumberField, references
from portal.i18n import say
from portal.presenters.cases import STATES
from portal.presenters.recalls import CODES
from portal.presenters.selections import DOCUMENT, LABELS, MARKS, PERSON_TYPES, REACHES

ANY = msg("Any")
_WHOLE = [Optional(), NumberRange(0, 36_500)]


class SelectionForm(PortalForm):
    """Which cases; every field left empty lets everything through."""

    portfolio = ReferenceField(msg("Portfolio"), kind="portfolio", nothing=ANY, validators=[Optional()])
    product = SelectField(msg("Product"), validators=[Optional()])
    region = SelectField(msg("Region"), validators=[Optional()])
    segment = SelectField(msg("Segment"), validators=[Optional()])
    min_balance = NumberField(msg("Balance from"), validators=[Optional()])
    max_balance = NumberField(msg("Balance to"), validators=[Optional()])
    min_dpd = WholeNumberField(msg("Days past due from"), validators=_WHOLE)
    max_dpd = WholeNumberField(msg("Days past due to"), validators=_WHOLE)

    def offer(self, facets: Facets) -> None:
        """Set what can be chosen from what the cases hold."""
        self.portfolio.offer(facets.portfolios)
        for field, values in (
            (self.product, facets.products),
            (self.region, facets.regions),
            (self.segment, facets.segments),
        ):
            field.choices = [("", say(ANY)), *((value, value) for value in values)]

    def selection(self, currency: str) -> Selection:
        """What was chosen, amounts in minor units of the currency."""
        return Selection(**self._values(currency))

    def _values(self, currency: str) -> dict[str, Any]:
        least, most = self.min_balance.data, self.max_balance.data
        return {
            "portfolio_id": self.portfolio.number,
            "product": self.product.data or None,
            "region": self.region.data or None,
            "segment": self.segment.data or None,
            "min_minor": None if least is None else minor(least, currency),
            "max_minor": None if most is None else minor(most, currency),
            "min_dpd": self.min_dpd.data,
            "max_dpd": self.max_dpd.data,
        }


class CaseFilterForm(SelectionForm):
    """The filter of the list and of a wave: everything a case can be chosen by."""

    search = StringField(msg("Account"), validators=[Optional(), Length(max=60)])
    state = SelectField(msg("State"), validators=[Optional()])
    agency = ReferenceField(msg("Agency"), kind="organisation", nothing=ANY, validators=[Optional()])
    currency = SelectField(LABELS["currency"], validators=[Optional()])
    stage = StringField(LABELS["stage"], validators=[Optional(), Length(max=60)])
    city = StringField(LABELS["city"], validators=[Optional(), Length(max=60)])
    person_type = SelectField(LABELS["person_type"], validators=[Optional()])
    document = SelectField(LABELS["has_document"], validators=[Optional()])
    min_age = WholeNumberField(LABELS["min_age"], validators=_WHOLE)
    max_age = WholeNumberField(LABELS["max_age"], validators=_WHOLE)
    min_unpaid = WholeNumberField(LABELS["min_unpaid"], validators=_WHOLE)
    max_unpaid = WholeNumberField(LABELS["max_unpaid"], validators=_WHOLE)
    reach = SelectField(LABELS["reach"], validators=[Optional()])
    mark = SelectField(LABELS["mark"], validators=[Optional()])
    return_code = SelectField(LABELS["return_code"], validators=[Optional()])
    min_placed = WholeNumberField(LABELS["min_placed"], validators=_WHOLE)
    max_placed = WholeNumberField(LABELS["max_placed"], validators=_WHOLE)
    placed_with = ReferenceField(LABELS["placed_with"], kind="organisation", nothing=ANY, validators=[Optional()])
    min_debts = WholeNumberField(LABELS["min_debts"], validators=_WHOLE)
    max_debts = WholeNumberField(LABELS["max_debts"], validators=_WHOLE)
    min_debtor = NumberField(LABELS["min_debtor_minor"], validators=[Optional()])
    max_debtor = NumberField(LABELS["max_debtor_minor"], validators=[Optional()])
    #: The rule whose micro-segment it is narrowed to; whoever offers the choices looks the part up.
    micro = HiddenField(validators=[Optional(), Length(max=40)])
    part: Part | None = None
    #: Whether it may look for an account, which is no condition to be kept.
    asks_account: ClassVar[bool] = True
    is_creditor = True

    def offer(self, facets: Facets) -> None:
        """Set what can be chosen from what the cases hold."""
        super().offer(facets)
        self.is_creditor = facets.is_creditor
        self.agency.offer(facets.agencies)
        self.placed_with.offer(facets.agencies)
        for field, options in (
            (self.state, _said(STATES)),
            (self.currency, [(one, one) for one in facets.currencies]),
            (self.person_type, _said(PERSON_TYPES)),
            (self.document, [(_YES, say(DOCUMENT[True])), (_NO, say(DOCUMENT[False]))]),
            (self.reach, _said(REACHES)),
            (self.mark, _said(MARKS)),
            (self.return_code, _said(CODES)),
        ):
            field.choices = [("", say(ANY)), *options]

    @property
    def main(self) -> list[Any]:
        """The fields that are always shown, of those that have something to choose."""
        account = ("search",) if self.asks_account else ()
        names = ("portfolio", "product", "region", "segment", "state", "agency")
        amounts = ("min_balance", "max_balance", "min_dpd", "max_dpd")
        return self._offered(*account, *names, *amounts)

    @property
    def rule_id(self) -> int | None:
        """The rule whose micro-segment is asked for; raises `NotFound` for what is no reference of one."""
        return references().decode("micro", self.micro.data) if self.micro.data else None

    @property
    def more(self) -> list[Any]:
        """The others, which a reader unfolds."""
        return self._offered(*_MORE)

    @property
    def asks_more(self) -> bool:
        """Whether one of the others is set or wrong, so that they are to be seen."""
        return any(self[name].data not in {None, ""} or self[name].errors for name in _MORE)

    def _offered(self, *names: str) -> list[Any]:
        """What means something to the reader: an agency has no portfolios, and a choice has two things to choose."""
        fields = [self[name] for name in names if self.is_creditor or name not in _CREDITOR_S_OWN]
        return [
            one for one in fields if not isinstance(one, SelectField) or len(list(one.choices or ())) > _fewest(one)
        ]

    def _values(self, currency: str) -> dict[str, Any]:
        least, most = self.min_debtor.data, self.max_debtor.data
        return {
            **super()._values(currency),
            **{name: self[name].data for name in _NUMBERS},
            **{name: self[name].data or None for name in ("search", "currency", "stage", "city", "person_type")},
            "state": _code(CaseState, self.state),
            "return_code": _code(ReturnCode, self.return_code),
            "reach": _code(Reach, self.reach),
            "mark": _code(Mark, self.mark),
            "agency_id": self.agency.number,
            "placed_with": self.placed_with.number,
            "has_document": self.document.data == _YES if self.document.data else None,
            "part": self.part,
            "min_debtor_minor": None if least is None else minor(least, currency),
            "max_debtor_minor": None if most is None else minor(most, currency),
        }


_YES, _NO = "yes", "no"
_MORE = (
    *("currency", "stage", "city", "person_type", "document", "min_age", "max_age", "min_unpaid", "max_unpaid"),
    *("reach", "mark", "return_code", "min_placed", "max_placed", "placed_with", "min_debts", "max_debts"),
    *("min_debtor", "max_debtor"),
)
_NUMBERS = tuple(name for name in _MORE if name.startswith(("min_", "max_")) and not name.endswith("_debtor"))
_CREDITOR_S_OWN = {"portfolio", "agency", "min_age", "max_age", "min_placed", "max_placed", "placed_with"}


def _said(texts: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(str(code), say(text)) for code, text in texts.items()]


def _code(codes: type[StrEnum], field: SelectField) -> StrEnum | None:
    return codes(field.data) if field.data else None


def _fewest(field: SelectField) -> int:
    """One currency is no choice; of anything else there is also the case that has none."""
    return 2 if field.name == "currency" else 1
