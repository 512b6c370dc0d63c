"""A principal and a bank account, as they are typed."""

from __future__ import annotations

from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.applications.sections import ACCOUNT_NAMES, PRINCIPAL_NAMES
from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT
from agencies.standing.accounts import Account, Holder
from agencies.standing.models import AccountKind, PrincipalRole
from agencies.standing.people import PrincipalFacts
from portal.forms.base import PortalForm
from portal.forms.fields import PercentField
from portal.i18n import say


class PrincipalForm(PortalForm):
    """Somebody who represents, directs or owns the agency."""

    name = StringField(msg("Full name"), [InputRequired(), Length(max=120)])
    role = SelectField(msg("Role"), [InputRequired()])
    document_type = StringField(msg("Kind of identity document"), [InputRequired(), Length(max=40)])
    document = StringField(msg("Number of the document"), [InputRequired(), Length(max=40)])
    share_bp = PercentField(msg("Share of the company, percent"), [Optional(), NumberRange(0, 100)])
    background_checked_on = DateField(msg("Background check made on"), [Optional()])
    is_exposed = BooleanField(msg("Politically exposed person"))

    def offer(self) -> PrincipalForm:
        """Set what can be chosen."""
        self.role.choices = [(role.value, say(words)) for role, words in PRINCIPAL_NAMES.items()]
        return self

    @property
    def facts(self) -> PrincipalFacts:
        """What was typed, as the service takes it."""
        return PrincipalFacts(
            name=self.name.data or "",
            role=PrincipalRole(self.role.data),
            document_type=self.document_type.data or "",
            document=self.document.data or "",
            share_bp=self.share_bp.basis_points,
            background_checked_on=self.background_checked_on.data,
            is_exposed=bool(self.is_exposed.data),
        )


class AccountForm(PortalForm):
    """The account an agency wants to be paid to."""

    bank = StringField(msg("Bank"), [InputRequired(), Length(max=120)])
    account_kind = SelectField(msg("Kind of account"), [InputRequired()])
    number = StringField(msg("Account number"), [InputRequired(), Length(max=40)])
    currency = SelectField(msg("Currency"), [InputRequired()])
    holder_name = StringField(msg("Name of the holder"), [InputRequired(), Length(max=160)])
    holder_tax_id = StringField(msg("Tax number of the holder"), [InputRequired(), Length(max=40)])

    def offer(self, home: tuple[str, str]) -> AccountForm:
        """Set what can be chosen, with the agency's own currency first."""
        self.account_kind.choices = [(kind.value, say(words)) for kind, words in ACCOUNT_NAMES.items()]
        self.currency.choices = [(code, code) for code in sorted(EXPONENT, key=lambda code: (code != home[1], code))]
        return self

    def account(self, country: str) -> Account:
        """What was typed, as the service takes it."""
        return Account(
            country=country,
            currency=self.currency.data,
            bank=self.bank.data or "",
            kind=AccountKind(self.account_kind.data),
            number=self.number.data or "",
            holder=Holder(self.holder_name.data or "", self.holder_tax_id.data or ""),
        )
