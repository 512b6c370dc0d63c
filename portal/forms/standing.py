"""What an agency says of itself, and its licences and policies, as they are typed."""

from __future__ import annotations

from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.applications.sections import PRODUCT_NAMES
from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT, exponent
from agencies.standing.filing import Credential, Statement
from agencies.standing.models import CredentialKind, OfferedService, Product
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, TickedField, WholeNumberField
from portal.i18n import country_name, say
from portal.presenters.agency_files import KINDS, SERVICES

#: Whoever needs longer than three days does not report.
MOST_NOTICE_HOURS = 72


class BoxesField(TickedField):
    """Several of a few, as boxes to tick."""


class StatementForm(PortalForm):
    """What the agency can do."""

    services = BoxesField(msg("Services offered"), [Optional()])
    countries = BoxesField(msg("Countries covered"), [Optional()])
    regions = StringField(msg("Regions or cities covered"), [Optional(), Length(max=500)])
    capacity = WholeNumberField(msg("Capacity: cases at a time for one creditor"), [Optional(), NumberRange(1, 10**9)])
    products = BoxesField(msg("Products worked"), [Optional()])
    complaints_contact = StringField(msg("Contact for complaints"), [Optional(), Length(max=200)])
    second_complaints_contact = StringField(msg("Second contact for complaints"), [Optional(), Length(max=200)])
    incidents_contact = StringField(msg("Contact for security incidents"), [Optional(), Length(max=200)])
    notice_hours = WholeNumberField(
        msg("Hours within which you report an incident"), [Optional(), NumberRange(1, MOST_NOTICE_HOURS)]
    )

    def offer(self) -> StatementForm:
        """Set what can be ticked."""
        self.services.choices = [(one.value, say(SERVICES[one])) for one in OfferedService]
        self.countries.choices = _countries()
        self.products.choices = [(one.value, say(words)) for one, words in PRODUCT_NAMES.items()]
        return self

    @property
    def statement(self) -> Statement:
        """What was typed, as the service takes it."""
        return Statement(
            services=tuple(OfferedService(one) for one in self.services.data or ()),
            countries=tuple(self.countries.data or ()),
            regions=self.regions.data or "",
            capacity=self.capacity.data,
            complaints_contact=self.complaints_contact.data or "",
            incidents_contact=self.incidents_contact.data or "",
            second_complaints_contact=self.second_complaints_contact.data or "",
            notice_hours=self.notice_hours.data,
            products=tuple(Product(one) for one in self.products.data or ()),
        )


class CredentialForm(PortalForm):
    """A licence or a policy."""

    kind = SelectField(msg("Kind"), [InputRequired()])
    country = SelectField(msg("Country"), [InputRequired()])
    title = StringField(msg("What it is"), [InputRequired(), Length(max=120)])
    number = StringField(msg("Number"), [InputRequired(), Length(max=60)])
    issuer = StringField(msg("Issued by"), [InputRequired(), Length(max=120)])
    valid_until = DateField(msg("Valid until"), [Optional()])
    limit = NumberField(msg("Limit of cover"), [Optional()])
    currency = SelectField(msg("Currency of the limit"), [Optional()])

    def offer(self, country: str, currency: str) -> CredentialForm:
        """Set what can be chosen, with the agency's own country and currency first."""
        self.kind.choices = [(one.value, say(KINDS[one])) for one in CredentialKind]
        self.country.choices = sorted(_countries(), key=lambda one: one[0] != country)
        self.currency.choices = [(code, code) for code in sorted(EXPONENT, key=lambda code: (code != currency, code))]
        return self

    @property
    def credential(self) -> Credential:
        """What was typed, as the service takes it."""
        limit, currency = self.limit.data, self.currency.data or None
        return Credential(
            kind=CredentialKind(self.kind.data),
            country=self.country.data,
            title=self.title.data or "",
            number=self.number.data or "",
            issuer=self.issuer.data or "",
            valid_until=self.valid_until.data,
            limit_minor=int(limit * 10 ** exponent(currency)) if limit is not None and currency else None,
            currency=currency if limit is not None else None,
        )


def _countries() -> list[tuple[str, str]]:
    return [(code, country_name(code)) for code in COUNTRIES]
