"""A mandate as it is proposed, signed and declined, and a payment to try its terms on."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from agencies.mandates.models import Service
from agencies.mandates.pricing import PaymentFacts
from agencies.mandates.schedule import MAX_TIER, CaseFacts
from agencies.mandates.signing import MAX_REASON, MAX_WORDS, Signer
from agencies.mandates.taxes import Payee
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, ReferenceField, WholeNumberField
from portal.forms.terms import MOST_DAYS, WHO, TermsForm
from portal.i18n import say
from portal.presenters.mandates import SERVICES
from portal.presenters.priced import PAYEES, RECEIVERS, Receiver


class SignerFields(PortalForm):
    """Who signs, in which office, and the tick that says so."""

    signer_name = StringField(msg("Full name of whoever signs"), [InputRequired(), Length(max=MAX_WORDS)])
    signer_position = StringField(msg("Position"), [InputRequired(), Length(max=MAX_WORDS)])
    signed = BooleanField(msg("I sign these terms for my organisation and may do so."), [InputRequired()])

    @property
    def signer(self) -> Signer:
        """Who signs."""
        return Signer(self.signer_name.data or "", self.signer_position.data or "")


class ProposalForm(TermsForm, SignerFields):
    """New terms, signed by the side that proposes them."""

    def values(self, currency: str) -> dict[str, Any]:
        """The terms and the signature as the service takes them."""
        return {**super().values(currency), "signer": self.signer}


class MandateForm(ProposalForm):
    """A new mandate."""

    agency = ReferenceField(
        msg("Agency"), kind="organisation", nothing=msg("Choose an agency"), validators=[InputRequired()]
    )
    name = StringField(msg("Name of the mandate"), [InputRequired(), Length(max=80)])
    service = SelectField(msg("Service"), filters=[lambda chosen: chosen or Service.COLLECT.value])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.service.choices = [(one.value, say(SERVICES[one])) for one in Service]

    @property
    def chosen_service(self) -> Service:
        """What the agency is asked to do."""
        return Service.LOCATE if self.service.data == Service.LOCATE.value else Service.COLLECT

    def values(self, currency: str) -> dict[str, Any]:
        """Agency, name, service and terms as the service takes them."""
        named = {"agency_id": self.agency.number, "name": self.name.data, "service": self.chosen_service}
        return {**named, **super().values(currency)}


class _ReadForm(PortalForm):
    """An answer to the terms that were read."""

    digest = HiddenField(validators=[InputRequired()])

    @property
    def digest_read(self) -> bytes:
        """The digest of what was read; what is none fits no terms."""
        try:
            return bytes.fromhex(self.digest.data or "")
        except ValueError:
            return b""


class AcceptForm(_ReadForm, SignerFields):
    """The other side's signature."""


class DeclineForm(_ReadForm):
    """Why the other side does not sign."""

    reason = TextAreaField(msg("Why, and what you would sign instead"), [InputRequired(), Length(max=MAX_REASON)])


class WithdrawForm(_ReadForm):
    """A proposal is taken back."""


class TrialForm(PortalForm):
    """A payment to try the terms on."""

    payment = NumberField(msg("A payment of"), [InputRequired(), NumberRange(min=0)])
    receiver = SelectField(msg("Received by"), filters=[lambda chosen: chosen or Receiver.AGENCY.value])
    age = WholeNumberField(msg("Days past due when placed"), [Optional(), NumberRange(0, MOST_DAYS)])
    balance = NumberField(msg("Balance when placed"), [Optional(), NumberRange(min=0)])
    tier = WholeNumberField(msg("Placement number"), [Optional(), NumberRange(1, MAX_TIER)])
    product = StringField(msg("Product"), [Optional(), Length(max=120)])
    debtor_type = SelectField(msg("Debtor"), filters=[lambda chosen: chosen or ""])
    placed = WholeNumberField(msg("Days from the placement to the payment"), [Optional(), NumberRange(0, MOST_DAYS)])
    gone = WholeNumberField(msg("Days since the case went back"), [Optional(), NumberRange(0, MOST_DAYS)])
    payee = SelectField(msg("The agency is"), filters=[lambda chosen: chosen or Payee.COMPANY.value])
    day = DateField(msg("Day of the invoice"), [Optional()])
    is_plan = BooleanField(msg("Instalment of a plan agreed before the case went back"))
    is_before = BooleanField(msg("Paid before the placement"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.receiver.choices = [(one.value, say(words)) for one, words in RECEIVERS.items()]
        self.payee.choices = [(one.value, say(words)) for one, words in PAYEES.items()]
        who = [(one.value, say(words)) for one, words in WHO.items()]
        self.debtor_type.choices = [("", say(msg("Not known"))), *who]

    def facts(self, currency: str) -> PaymentFacts:
        """What was typed, as the price is asked for; amounts are of the mandate's currency."""
        gone = self.gone.data
        # Long enough that no recall was too soon, where nobody says when the case was placed.
        placed = MOST_DAYS if self.placed.data is None else self.placed.data
        return PaymentFacts(
            amount_minor=0 if self.payment.data is None else minor(self.payment.data, currency),
            case=CaseFacts(
                age_days=self.age.data,
                balance_minor=0 if self.balance.data is None else minor(self.balance.data, currency),
                tier=self.tier.data or 1,
                product=(self.product.data or "").strip() or None,
                debtor_type=self.debtor_type.data or None,
            ),
            is_direct=self.receiver.data == Receiver.CREDITOR.value,
            days_since_placed=-1 if self.is_before.data else placed,
            days_since_gone=None if self.is_before.data else gone,
            is_of_plan=self.is_plan.data,
        )
