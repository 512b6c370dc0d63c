"""The terms of a version of a mandate as they are typed: sections of fields, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wtforms import DateField, Field, FieldList, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.kernel.money import BASIS, minor
from agencies.mandates.models import (
    PAYING_GRADES,
    Approver,
    Clause,
    DebtorType,
    FeeClass,
    LocateGrade,
    ReportFrequency,
    Service,
    Subcontracting,
)
from agencies.mandates.schedule import MAX_TIER, AgeBand, RateLine, by_age
from agencies.mandates.settlement import MAX_PLAN_MONTHS, Authority
from agencies.mandates.terms import (
    MAX_DUE_DAYS,
    MAX_EXCLUSIVE_DAYS,
    MAX_HOURS,
    MAX_PLAN_TAIL_DAYS,
    MAX_RECALL_FREE_DAYS,
    MAX_TAIL_DAYS,
    RETURN_DAYS,
    Fee,
    Limits,
    Promise,
    TermSheet,
)
from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, PercentField, WholeNumberField
from portal.i18n import say
from portal.presenters.mandates import CLAUSES, FREQUENCIES
from portal.presenters.terms_in_words import APPROVERS, FEE_CLASSES, GRADES

#: As many age bands as a form has lines for.
BANDS = 6
#: As many rate lines that ask for more than the age.
LINES = 6
MOST_DAYS = 10_000
WHO = {DebtorType.PERSON: msg("People"), DebtorType.COMPANY: msg("Companies")}
OTHERS_WORK = {
    Subcontracting.FORBIDDEN: msg("Not allowed"),
    Subcontracting.WITH_CONSENT: msg("Only with the creditor's consent"),
}


def _days(label: str, most: int) -> WholeNumberField:
    return WholeNumberField(label, [Optional(), NumberRange(0, most)])


def _amount(label: str) -> NumberField:
    return NumberField(label, [Optional(), NumberRange(min=0)])


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else text


def _minor(field: NumberField, currency: str) -> int | None:
    return None if field.data is None else minor(field.data, currency)


class EveryLine(FieldList):
    """As many entries as it has, each under its own number: what is left out of a request is empty, not skipped."""

    def _extract_indices(self, _prefix: str, _formdata: Any) -> Iterator[int]:
        return iter(range(self.min_entries))


def _lines(field: Field) -> FieldList:
    return EveryLine(field, min_entries=LINES, max_entries=LINES)


class TermsForm(PortalForm):
    """What a version of a mandate says."""

    commission = PercentField(msg("Commission on each payment (%)"), [Optional()])
    band_from = EveryLine(
        WholeNumberField(msg("From this many days past due"), [Optional(), NumberRange(1, MOST_DAYS)]),
        min_entries=BANDS,
        max_entries=BANDS,
    )
    band_rate = EveryLine(PercentField(msg("Commission (%)"), [Optional()]), min_entries=BANDS, max_entries=BANDS)
    line_rate = _lines(PercentField(msg("Commission (%)"), [Optional()]))
    line_tier = _lines(WholeNumberField(msg("Only placement number"), [Optional(), NumberRange(1, MAX_TIER)]))
    line_age_from = _lines(_days(msg("From days past due"), MOST_DAYS))
    line_age_to = _lines(_days(msg("To days past due"), MOST_DAYS))
    line_balance_from = _lines(_amount(msg("From balance")))
    line_balance_to = _lines(_amount(msg("To balance")))
    line_product = _lines(StringField(msg("Only product"), [Optional(), Length(max=120)], filters=[_stripped]))
    line_debtor_type = _lines(SelectField(msg("Only debts of"), filters=[lambda chosen: chosen or ""]))
    floor = _amount(msg("Least commission on a payment"))
    cap = _amount(msg("Most commission on a payment"))
    direct = PercentField(msg("Part due on what the creditor receives itself (%)"), [Optional()])
    discovery = PercentField(msg("Part due on what was paid before the placement (%)"), [Optional()])
    recall_free_days = _days(msg("Days in which a recall costs nothing"), MAX_RECALL_FREE_DAYS)
    tail_days = _days(msg("Days of commission after a case has gone back"), MAX_TAIL_DAYS)
    plan_tail_days = _days(msg("The same for instalments of a plan"), MAX_PLAN_TAIL_DAYS)
    term_days = WholeNumberField(msg("Days until a case goes back"), [Optional(), NumberRange(*RETURN_DAYS)])
    no_work_days = WholeNumberField(msg("Days without work"), [Optional(), NumberRange(*RETURN_DAYS)])
    no_payment_days = WholeNumberField(msg("Days without a payment"), [Optional(), NumberRange(*RETURN_DAYS)])
    bonus_from = _amount(msg("Collected in a month, from"))
    bonus = PercentField(msg("Bonus on it (%)"), [Optional()])
    plan_months = WholeNumberField(
        msg("Longest plan it may agree by itself (months)"), [Optional(), NumberRange(1, MAX_PLAN_MONTHS)]
    )
    instalment = _amount(msg("Smallest instalment"))
    approver = SelectField(msg("Who decides above it"), filters=[lambda chosen: chosen or Approver.DIRECTOR.value])
    exclusive_days = _days(msg("Days of exclusivity from each placement"), MAX_EXCLUSIVE_DAYS)
    subcontracting = SelectField(
        msg("Work done by others"), filters=[lambda chosen: chosen or Subcontracting.WITH_CONSENT.value]
    )
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
        self.approver.choices = [(one.value, say(APPROVERS[one])) for one in Approver]
        self.subcontracting.choices = [(one.value, say(OTHERS_WORK[one])) for one in Subcontracting]
        for one in self.line_debtor_type:
            one.choices = [("", say(msg("Everybody"))), *((who.value, say(words)) for who, words in WHO.items())]

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
        for line in self.lines:
            rate = line[-1]
            if rate.data is None and not rate.errors and any(one.data or one.errors for one in line[:-1]):
                rate.errors = self.line_rate.errors = [msg("A rate line needs a commission.")]
                is_sound = False
        if (self.bonus_from.data is None) != (not self.bonus.data) and not self.bonus.errors:
            self.bonus.errors = [msg("A bonus needs an amount to begin at and a percentage.")]
            is_sound = False
        return is_sound

    @property
    def lines(self) -> list[tuple[Any, ...]]:
        """The rate lines, each its conditions and its commission."""
        return list(
            zip(
                self.line_tier,
                self.line_age_from,
                self.line_age_to,
                self.line_balance_from,
                self.line_balance_to,
                self.line_product,
                self.line_debtor_type,
                self.line_rate,
                strict=True,
            )
        )

    @property
    def has_lines(self) -> bool:
        """Whether a rate line says anything, or is wrong."""
        return any(one.data or one.errors for line in self.lines for one in line)

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
            lines=(*self._rate_lines(currency), *by_age(self._bands())) if is_collect else (),
            limits=self._limits(currency) if is_collect else Limits(),
            fees=() if is_collect else tuple(self._fees(currency)),
            currency=currency,
            promises=tuple(self._promises()),
            authority=self._authority(currency) if is_collect else Authority(),
            tail_days=(self.tail_days.data or 0) if is_collect else 0,
            plan_tail_days=(self.plan_tail_days.data or 0) if is_collect else 0,
            term_days=(self.term_days.data or 0) if is_collect else 0,
            no_work_days=(self.no_work_days.data or 0) if is_collect else 0,
            no_payment_days=(self.no_payment_days.data or 0) if is_collect else 0,
            exclusive_days=self.exclusive_days.data or 0,
            subcontracting=Subcontracting(self.subcontracting.data),
        )

    def values(self, currency: str) -> dict[str, Any]:
        """The terms as the service takes them."""
        return {"terms": self.terms(currency), "valid_from": self.valid_from.data}

    def _limits(self, currency: str) -> Limits:
        direct, discovery = self.direct.basis_points, self.discovery.basis_points
        return Limits(
            floor_minor=_minor(self.floor, currency),
            cap_minor=_minor(self.cap, currency),
            direct_bp=BASIS if direct is None else direct,
            discovery_bp=BASIS if discovery is None else discovery,
            recall_free_days=self.recall_free_days.data or 0,
            bonus_from_minor=_minor(self.bonus_from, currency),
            bonus_bp=self.bonus.basis_points or 0,
        )

    def _authority(self, currency: str) -> Authority:
        return Authority(
            self.settlement_discount.basis_points or 0,
            self.plan_months.data,
            _minor(self.instalment, currency),
            Approver(self.approver.data),
        )

    def _rate_lines(self, currency: str) -> Iterator[RateLine]:
        for tier, age_from, age_to, balance_from, balance_to, product, who, rate in self.lines:
            if rate.basis_points is not None:
                yield RateLine(
                    rate.basis_points,
                    tier.data,
                    age_from.data,
                    age_to.data,
                    _minor(balance_from, currency),
                    _minor(balance_to, currency),
                    product.data or None,
                    DebtorType(who.data) if who.data else None,
                )

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
