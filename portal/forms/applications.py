"""Beginning an application, going on with one, sending documents along, and what an operator says about it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from agencies.applications.sections import DOCUMENT_NAMES
from agencies.kernel.errors import msg
from agencies.kernel.files import ACCEPTED
from agencies.organisations.countries import COUNTRIES
from agencies.organisations.models import OrganisationKind
from agencies.standing.models import DocumentKind
from portal.forms.attestations import NO_FILE
from portal.forms.base import PortalForm
from portal.forms.fields import Wanted
from portal.i18n import LANGUAGE_NAMES, country_name, language, say

#: What somebody can apply as, in their own words.
APPLIES_AS = {
    OrganisationKind.AGENCY: msg("A collection or locating agency"),
    OrganisationKind.CREDITOR: msg("A creditor who places cases"),
}


class LinkForm(PortalForm):
    """To which address a new link goes, for which of two applications."""

    kind = SelectField(msg("You apply as"), [InputRequired()], id="again-kind")
    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)], id="again-email")

    def offer(self) -> Any:
        """Set what can be chosen."""
        self.kind.choices = [(kind.value, say(words)) for kind, words in APPLIES_AS.items()]
        return self


class ApplyForm(LinkForm):
    """Who applies, and from where."""

    kind = SelectField(msg("You apply as"), [InputRequired()])
    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)])
    country = SelectField(msg("Country"), [InputRequired()])
    language = SelectField(msg("Language"), [InputRequired()])

    def offer(self) -> Any:
        """Set what can be chosen."""
        super().offer()
        self.country.choices = [(code, country_name(code)) for code in COUNTRIES]
        self.language.choices = list(LANGUAGE_NAMES.items())
        if not self.language.raw_data:
            self.language.data = language()
        return self


class DocumentForm(PortalForm):
    """One file, and what it shows."""

    kind = SelectField(msg("What it shows"), [InputRequired()])
    file = FileField(msg("File"), [Wanted()], render_kw={"accept": ACCEPTED})

    def offer(self) -> DocumentForm:
        """Set what can be chosen."""
        self.kind.choices = [(kind.value, say(words)) for kind, words in DOCUMENT_NAMES.items()]
        return self

    def validate_file(self, field: FileField) -> None:
        """A file must have been chosen."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError(say(NO_FILE))

    @property
    def document_kind(self) -> DocumentKind:
        """What the file shows."""
        return DocumentKind(self.kind.data)


class SubmitForm(PortalForm):
    """That what is handed in is true."""

    is_true = BooleanField(msg("What this application says is true and complete, and I may say it for the company."))

    def validate_is_true(self, field: BooleanField) -> None:
        """Nobody hands in what nobody answers for."""
        if not field.data:
            raise ValidationError(say(msg("Tick this to hand the application in.")))


class MessageForm(PortalForm):
    """What the operator tells an applicant."""

    message = TextAreaField(msg("Message to the applicant"), [InputRequired(), Length(max=2_000)])
