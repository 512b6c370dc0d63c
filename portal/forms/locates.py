"""Whom to look for and on what terms, what was found, and what the creditor says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from agencies.kernel.errors import msg
from agencies.kernel.files import ACCEPTED
from agencies.mandates.models import FeeClass, LocateGrade
from assignments.cases.models import ReturnCode
from assignments.contacts.models import Authorisation
from assignments.locates.investigating import NewFinding
from assignments.locates.models import Confidence, FindingKind, LocatePurpose, SourceClass, VerificationMethod
from assignments.locates.people import People
from portal.forms.base import PortalForm
from portal.forms.cases import ANY, SelectionForm
from portal.forms.fields import ReferenceField, WholeNumberField, references
from portal.i18n import say
from portal.presenters import locates as words

CHOOSE = msg("Choose")


def _choices(codes: type[StrEnum], texts: dict[Any, str]) -> list[tuple[str, str]]:
    return [(code.value, say(texts[code])) for code in codes if code in texts]


class OrderForm(SelectionForm):
    """A filter over cases, or one case, and the order's terms."""

    return_code = SelectField(msg("Given back as"), validators=[Optional()])
    case = HiddenField(validators=[Optional(), Length(max=40)])
    mandate = ReferenceField(msg("Mandate"), kind="mandate", nothing=CHOOSE, validators=[InputRequired()])
    fee_class = SelectField(msg("Fee class"), [InputRequired()], default=FeeClass.STANDARD.value)
    due_on = DateField(msg("Due on"), [InputRequired()])
    name = StringField(msg("Name of the order"), [InputRequired(), Length(max=80)])
    purpose = SelectField(msg("Purpose"), [InputRequired()])
    legal_basis = StringField(msg("What the purpose stands on"), [InputRequired(), Length(max=300)])
    exclusions = TextAreaField(msg("What may not be used"), [Optional(), Length(max=1000)])
    is_certified = BooleanField(msg("I certify the purpose and that these people's data may be used for it"))
    #: How many were shown, so that no others are ordered.
    expected = WholeNumberField(validators=[Optional()])

    def offer_terms(self, facets: Any, mandates: Sequence[tuple[int, str]]) -> None:
        """Set what can be chosen."""
        self.offer(facets)
        self.return_code.choices = [("", say(ANY)), (ReturnCode.UNTRACEABLE.value, say(words.UNTRACEABLE))]
        self.mandate.offer(mandates, chosen=mandates[0][0] if len(mandates) == 1 else None)
        self.fee_class.choices = _choices(FeeClass, words.FEE_CLASSES)
        self.purpose.choices = _choices(LocatePurpose, words.PURPOSES)

    @property
    def case_id(self) -> int | None:
        """The one case to be ordered, if it is one."""
        return references().decode("case", self.case.data) if self.case.data else None

    def people(self, currency: str) -> People:
        """Whom to look for."""
        return People(self.selection(currency), self.case_id)

    @property
    def chosen_class(self) -> FeeClass:
        """The fee class."""
        return FeeClass(self.fee_class.data)

    def terms(self) -> dict[str, Any]:
        """The order's terms as the service takes them."""
        return {
            "name": self.name.data,
            "mandate_id": self.mandate.number,
            "purpose": LocatePurpose(self.purpose.data),
            "legal_basis": self.legal_basis.data,
            "exclusions": self.exclusions.data,
            "is_certified": self.is_certified.data,
            "fee_class": self.chosen_class,
            "due_on": self.due_on.data,
            "expected_orders": self.expected.data,
        }

    def _values(self, currency: str) -> dict[str, Any]:
        code = ReturnCode(self.return_code.data) if self.return_code.data else None
        return {**super()._values(currency), "return_code": code}


class FindingForm(PortalForm):
    """One finding as an investigator types it."""

    kind = SelectField(msg("What it is"), [InputRequired()], default=FindingKind.PHONE.value)
    value = StringField(msg("What was found"), [InputRequired(), Length(max=300)])
    source_class = SelectField(msg("Kind of source"), [InputRequired()])
    source_ref = StringField(msg("Source"), [InputRequired(), Length(max=200)])
    found_on = DateField(msg("Seen on"), [InputRequired()])
    evidence = StringField(msg("Why it is this person's"), [Optional(), Length(max=500)])
    confidence = SelectField(msg("Confidence"), [InputRequired()], default=Confidence.MEDIUM.value)
    file = FileField(msg("File of evidence"), [Optional()], render_kw={"accept": ACCEPTED})

    def offer(self, today: date) -> FindingForm:
        """Set what can be chosen; what was seen was mostly seen today."""
        self.kind.choices = _choices(FindingKind, words.KINDS)
        self.source_class.choices = [("", say(CHOOSE)), *_choices(SourceClass, words.SOURCES)]
        self.confidence.choices = _choices(Confidence, words.CONFIDENCES)
        if not self.found_on.raw_data:
            self.found_on.data = today
        return self

    def found(self, file: Any) -> NewFinding:
        """The finding as the service takes it."""
        return NewFinding(
            kind=FindingKind(self.kind.data),
            raw=self.value.data or "",
            source_class=SourceClass(self.source_class.data),
            source_ref=self.source_ref.data or "",
            found_on=self.found_on.data or date.min,
            evidence=self.evidence.data,
            confidence=Confidence(self.confidence.data),
            file=file,
        )


class HandInForm(PortalForm):
    """The word with which an order is handed in."""

    searched = StringField(msg("Sources searched"), [InputRequired(), Length(max=500)])
    is_nothing_found = BooleanField(msg("Nothing was found"))


class GradeForm(PortalForm):
    """Whether a finding is correct."""

    grade = RadioField(msg("Is it correct?"), [InputRequired()])
    method = SelectField(msg("Verified by"), [InputRequired()])
    note = StringField(msg("Note"), [Optional(), Length(max=500)])

    def offer(self, *, is_known: bool) -> GradeForm:
        """Set what can be chosen; what the creditor knew before is a duplicate unless somebody says otherwise."""
        self.grade.choices = _choices(LocateGrade, words.GRADES)
        self.method.choices = [("", say(CHOOSE)), *_choices(VerificationMethod, words.METHODS)]
        if is_known and not self.grade.raw_data:
            self.grade.data = LocateGrade.DUPLICATE_OF_KNOWN.value
            self.method.data = VerificationMethod.COMPARISON.value
        return self

    def values(self) -> dict[str, Any]:
        """The grade as the service takes it."""
        method = VerificationMethod(self.method.data)
        return {"grade": LocateGrade(self.grade.data), "method": method, "note": self.note.data}


class AuthorisationForm(PortalForm):
    """Whether a finding may be used."""

    authorisation = RadioField(msg("May it be used?"), [InputRequired()])
    note = StringField(msg("On what it stands"), [Optional(), Length(max=500)])

    def offer(self, present: Authorisation) -> AuthorisationForm:
        """Set what can be chosen and how it stands."""
        self.authorisation.choices = _choices(Authorisation, words.AUTHORISATIONS)
        if not self.authorisation.raw_data:
            self.authorisation.data = present.value
        return self

    def values(self) -> dict[str, Any]:
        """The word as the service takes it."""
        return {"authorisation": Authorisation(self.authorisation.data), "note": self.note.data}
