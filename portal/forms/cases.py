"""The filter that selects cases: the same fields for looking and for placing."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from assignments.cases.models import CaseState
from assignments.cases.queries import Facets, Selection
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, ReferenceField, WholeNumberField
from portal.i18n import say
from portal.presenters.cases import STATES

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
    """The filter of the list, which also looks by account, state and holder."""

    search = StringField(msg("Account"), validators=[Optional(), Length(max=60)])
    state = SelectField(msg("State"), validators=[Optional()])
    agency = ReferenceField(msg("Agency"), kind="organisation", nothing=ANY, validators=[Optional()])

    def offer(self, facets: Facets) -> None:
        """Set what can be chosen from what the cases hold."""
        super().offer(facets)
        self.state.choices = [("", say(ANY)), *((state.value, say(STATES[state])) for state in CaseState)]
        self.agency.offer(facets.agencies)

    def _values(self, currency: str) -> dict[str, Any]:
        return {
            **super()._values(currency),
            "search": self.search.data or None,
            "state": CaseState(self.state.data) if self.state.data else None,
            "agency_id": self.agency.number,
        }
