"""What is filled into an attestation, signed and said about it; the fields of a template are its own data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms import DateField, FileField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from agencies.attestations.answers import LONGEST
from agencies.attestations.models import SignerRole
from agencies.attestations.templates import FieldKind, Template, TemplateField
from agencies.kernel.errors import msg
from agencies.kernel.files import ACCEPTED
from portal.forms.base import PortalForm
from portal.forms.fields import Wanted, WholeNumberField
from portal.i18n import say
from portal.presenters.attestations import SIGNER_ROLES, text

CHOOSE = msg("Choose")
NO_FILE = msg("Choose a file first.")
_PREFIX = "answer_"


class FillForm(PortalForm):
    """A template's fields and the date of the evidence; gaps are allowed until somebody signs."""

    evidence_on = DateField(msg("Date of the evidence"), [Optional()])

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in, by field of the template."""
        return {name.removeprefix(_PREFIX): field.data for name, field in self._fields.items() if _PREFIX in name}

    @property
    def questions(self) -> list[Any]:
        """The template's own fields, in its order."""
        return [field for name, field in self._fields.items() if name.startswith(_PREFIX)]


class DayForm(PortalForm):
    """As of which day something is shown."""

    on = DateField(msg("As of"), [Optional()])


class EvidenceForm(PortalForm):
    """One file of evidence."""

    file = FileField(msg("File of evidence"), [Wanted()], render_kw={"accept": ACCEPTED})

    def validate_file(self, field: FileField) -> None:
        """A file must have been chosen."""
        if not getattr(field.data, "filename", ""):
            raise ValidationError(say(NO_FILE))


class ReadForm(PortalForm):
    """What is said about a text that was on the page, so that nothing else is signed or judged."""

    text_sha256 = HiddenField(validators=[InputRequired(), Length(min=64, max=64)])

    def validate_text_sha256(self, field: HiddenField) -> None:
        """A digest is what the page sent along."""
        try:
            bytes.fromhex(field.data or "")
        except ValueError as unreadable:
            raise ValidationError("") from unreadable

    @property
    def digest(self) -> bytes:
        """What the page showed."""
        return bytes.fromhex(self.text_sha256.data or "")


class SignForm(ReadForm):
    """Who signs the text on the page."""

    signer_name = StringField(msg("Full name of whoever signs"), [InputRequired(), Length(max=120)])
    signer_id = StringField(msg("Identity number"), [InputRequired(), Length(max=40)])
    signer_role = SelectField(msg("Signs as"), [InputRequired()])
    #: The language the text was in.
    language = HiddenField(validators=[InputRequired(), Length(max=5)])

    def offer(self) -> SignForm:
        """Set who may sign."""
        self.signer_role.choices = [(role.value, say(words)) for role, words in SIGNER_ROLES.items()]
        return self

    @property
    def role(self) -> SignerRole:
        """As whom they sign."""
        return SignerRole(self.signer_role.data)


class ReasonForm(PortalForm):
    """Why something is refused or ended."""

    reason = TextAreaField(msg("Reason"), [InputRequired(), Length(max=1_000)])

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is told."""
        return {"reason": self.reason.data or ""}


class RejectForm(ReadForm, ReasonForm):
    """Why a text that was read is sent back."""

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is told."""
        return {**super().said, "text_sha256": self.digest}


def fill_form(template: Template, formdata: Any, known: Mapping[str, Any], evidence_on: date | None) -> FillForm:
    """The form of a template, with what is known already."""
    fields = {f"{_PREFIX}{field.name}": _field(field) for field in template.fields}
    made = type("TemplateForm", (FillForm,), fields)
    values = {f"{_PREFIX}{field.name}": _value(field, known.get(field.name)) for field in template.fields}
    form: FillForm = made(formdata, data={**values, "evidence_on": evidence_on})
    form.evidence_on.flags.wanted = template.needs_evidence
    return form


def _field(field: TemplateField) -> Any:
    label = text(field.label)
    rules: list[Any] = [Wanted(), Optional()] if field.is_required else [Optional()]
    match field.kind:
        case FieldKind.TEXT:
            return StringField(label, [*rules, Length(max=200)])
        case FieldKind.PARAGRAPH:
            return TextAreaField(label, [*rules, Length(max=LONGEST)], render_kw={"rows": 3})
        case FieldKind.INTEGER:
            return WholeNumberField(label, [*rules, NumberRange(0, 10**9)])
        case FieldKind.DATE:
            return DateField(label, rules)
        case FieldKind.CHOICE:
            choices = [("", say(CHOOSE)), *((value, text(texts)) for value, texts in field.choices.items())]
            return SelectField(label, rules, choices=choices)


def _value(field: TemplateField, value: Any) -> Any:
    return date.fromisoformat(value) if field.kind is FieldKind.DATE and value else value
