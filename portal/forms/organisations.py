"""Registering an organisation and inviting people."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from agencies.kernel.errors import msg
from agencies.organisations.countries import COUNTRIES
from agencies.organisations.models import OrganisationKind
from agencies.organisations.permissions import Role
from portal.filters import role_name
from portal.forms.base import PortalForm
from portal.i18n import LANGUAGE_NAMES, country_name, say
from portal.presenters.people import KIND_NAMES

#: Who comes in first, and invites the others.
FIRST_ROLE = {OrganisationKind.CREDITOR: Role.DIRECTOR, OrganisationKind.AGENCY: Role.MANAGER}


class OrganisationForm(PortalForm):
    """A creditor or an agency, and the person who comes in first."""

    kind = SelectField(msg("Kind"))
    name = StringField(msg("Name on screens"), [DataRequired(), Length(max=80)])
    legal_name = StringField(msg("Legal name"), [DataRequired(), Length(max=160)])
    country = SelectField(msg("Country"))
    tax_id = StringField(msg("Tax number"), [DataRequired(), Length(max=30)])
    language = SelectField(msg("Language"))
    email = StringField(msg("E-mail of the first user"), [DataRequired(), Length(max=254)])

    def offer(self) -> OrganisationForm:
        """Set what can be chosen, in the reader's language."""
        self.kind.choices = [(kind.value, say(KIND_NAMES[kind])) for kind in FIRST_ROLE]
        self.country.choices = [(code, country_name(code)) for code in COUNTRIES]
        self.language.choices = list(LANGUAGE_NAMES.items())
        return self


class InvitationForm(PortalForm):
    """Whom to invite, and as what."""

    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)])
    name = StringField(msg("Name"), [Length(max=120)])
    #: Nothing is chosen beforehand: a slip must not make a director.
    role = SelectField(msg("Role"), [DataRequired()])

    def offer(self, roles: list[Role]) -> InvitationForm:
        """Set the roles of the organisation's side."""
        self.role.choices = [("", say(msg("Choose"))), *((role.value, role_name(role)) for role in roles)]
        return self
