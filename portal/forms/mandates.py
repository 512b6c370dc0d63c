"""The terms of a mandate as they are typed, and a payment to try them on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wtforms import DateField, Field, FieldList, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import minor
from agencies.mandates.models import PAYING_GRADES, Clause, FeeClass, LocateGrade, ReportFrequency, Service
from agencies.mandates.terms import (
    MAX_DUE_DAYS,
    MAX_HOURS,
    MAX_TAIL_DAYS,
    RETURN_DAYS,
    AgeBand,
    Fee,
    Promise,
    TermSheet,
)
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, PercentField, ReferenceField, WholeNumberField
from portal.i18n import say
from portal.presenters.mandates import CLAUSES, FEE_CLASSES, FREQUENCIES, GRADES, SERVICES

#: As many age bands as a form has lines for.
BANDS = 6
MOST_DAYS = 10_000


class TermsForm(PortalForm):
    """What a version of a mandate says."""

    commission = PercentField(msg("Commission on each payment (%)"), [Optional()])
    band_from = FieldList(
        WholeNumberField(msg("From this many days past due"), [Optional(), NumberRange(1, MOST_DAYS)]),
        min_entries=BANDS,
        max_entries=BANDS,
    )
    band_rate = FieldList(PercentField(msg("Commission (%)"), [Optional()]), min_entries=BANDS, max_entries=BANDS)
    tail_days = WholeNumberField(
        msg("Days of commission after a case has gone back"), [Optional(), NumberRange(0, MAX_TAIL_DAYS)]
    )
    term_days = WholeNumberField(msg("Days until a case goes back"), [Optional(), NumberRange(*RETURN_DAYS)])
    no_work_days = WholeNumberField(msg("Days without work"), [Optional(), NumberRange(*RETURN_DAYS)])
    no_payment_days = WholeNumberField(msg("Days without a payment"), [Optional(), NumberRange(*RETURN_DAYS)])
    settlement_discount = PercentField(msg("Largest discount the agency may grant by itself (%)"), [Optional()])
    report_frequency = SelectField(msg("Reports"), filters=[lambda chosen: chosen or ReportFrequency.MONTHLY.value])
    report_due_days = WholeNumberField(
        msg("Business days to report after each period"), [InputRequired(), NumberRange(1, MAX_DUE_DAYS)], default=5
    )
    valid_from = DateField(msg("In force from"), [InputRequired()])

    #: An amendment is for the service its mandate has.
    agreed_service: Service = Service.COLLECT

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.report_frequency.choices = [(one.value, say(FREQUENCIES[one])) for one in ReportFrequency]

    @property
    def chosen_service(self) -> Service:
        """What the terms are for."""
        return self.agreed_service

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, and what belongs together."""
        is_sound = bool(super().validate(extra_validators))
        if self.chosen_service is Service.COLLECT and self.commission.data is None and not self.commission.errors:
            self.commission.errors = [msg("This field is required.")]
            is_sound = False
        for start, rate in self.bands:
            if (start.data is None) != (rate.data is None) and not start.errors and not rate.errors:
                missing, lines = (start, self.band_from) if start.data is None else (rate, self.band_rate)
                missing.errors = lines.errors = [msg("A band needs both a day and a commission.")]
                is_sound = False
        return is_sound

    @property
    def bands(self) -> list[tuple[WholeNumberField, PercentField]]:
        """The lines of the age bands."""
        return list(zip(self.band_from, self.band_rate, strict=True))

    @property
    def has_bands(self) -> bool:
        """Whether a line of the bands says anything, or is wrong."""
        return any(one.data is not None or one.errors for line in self.bands for one in line)

    @property
    def fees(self) -> list[tuple[str, list[Field]]]:
        """The lines of the locate fees: a grade in words with a field for each class."""
        return [
            (GRADES[grade], [self[fee_field(fee_class, grade)] for fee_class in FeeClass]) for grade in PAYING_GRADES
        ]

    @property
    def promises(self) -> list[tuple[str, Field | None, Field]]:
        """The lines of the service levels: a clause in words, its hours if it has any, its share."""
        return [
            (
                CLAUSES[clause],
                None if clause is Clause.REPORT_ON_TIME else self[f"hours_{clause}"],
                self[f"target_{clause}"],
            )
            for clause in Clause
        ]

    def terms(self, currency: str) -> TermSheet:
        """What was typed, amounts in minor units of the currency; what is not of the service is left out."""
        is_collect = self.chosen_service is Service.COLLECT
        return TermSheet(
            commission_bp=(self.commission.basis_points or 0) if is_collect else 0,
            report_due_days=self.report_due_days.data or 0,
            report_frequency=ReportFrequency(self.report_frequency.data),
            bands=tuple(self._bands()) if is_collect else (),
            fees=() if is_collect else tuple(self._fees(currency)),
            currency=None if is_collect else currency,
            promises=tuple(self._promises()),
            settlement_discount_bp=(self.settlement_discount.basis_points or 0) if is_collect else 0,
            tail_days=(self.tail_days.data or 0) if is_collect else 0,
            term_days=(self.term_days.data or 0) if is_collect else 0,
            no_work_days=(self.no_work_days.data or 0) if is_collect else 0,
            no_payment_days=(self.no_payment_days.data or 0) if is_collect else 0,
        )

    def values(self, currency: str) -> dict[str, Any]:
        """The terms as the service takes them."""
        return {"terms": self.terms(currency), "valid_from": self.valid_from.data}

    def _bands(self) -> Iterator[AgeBand]:
        for start, rate in self.bands:
            if start.data is not None and rate.basis_points is not None:
                yield AgeBand(start.data, rate.basis_points)

    def _fees(self, currency: str) -> Iterator[Fee]:
        for fee_class in FeeClass:
            for grade in PAYING_GRADES:
                typed = self[fee_field(fee_class, grade)].data
                if typed is not None:
                    yield Fee(fee_class, grade, minor(typed, currency))

    def _promises(self) -> Iterator[Promise]:
        for clause in Clause:
            share: Any = self[f"target_{clause}"]
            target = share.basis_points
            hours = 0 if clause is Clause.REPORT_ON_TIME else self[f"hours_{clause}"].data
            if target is not None and hours is not None:
                yield Promise(clause, hours, target)


def fee_field(fee_class: FeeClass, grade: LocateGrade) -> str:
    """The name of the field of one fee."""
    return f"fee_{fee_class}_{grade}"


for _class in FeeClass:
    for _grade in PAYING_GRADES:
        setattr(TermsForm, fee_field(_class, _grade), NumberField(FEE_CLASSES[_class], [Optional()]))
for _clause in Clause:
    if _clause is not Clause.REPORT_ON_TIME:
        _hours = WholeNumberField(msg("Business hours"), [Optional(), NumberRange(0, MAX_HOURS)])
        setattr(TermsForm, f"hours_{_clause}", _hours)
    setattr(TermsForm, f"target_{_clause}", PercentField(msg("Kept in (%)"), [Optional()]))


class MandateForm(TermsForm):
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


class TrialForm(PortalForm):
    """A payment to try the terms on."""

    payment = NumberField(msg("A payment of"), [InputRequired(), NumberRange(min=0)])
    age = WholeNumberField(msg("Days past due when placed"), [Optional(), NumberRange(0, MOST_DAYS)])
    gone = WholeNumberField(msg("Days since the case went back"), [Optional(), NumberRange(0, MOST_DAYS)])
