"""A lot as it is offered, a bid as it is typed, and the award as it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.kernel.errors import msg
from agencies.mandates.models import ReportFrequency
from agencies.mandates.settlement import Authority
from agencies.mandates.terms import CUSTOMARY_PROMISES, TermSheet
from assignments.marketplace.bids import Proposal
from assignments.marketplace.models import Bid, DeclineReason
from assignments.marketplace.queries import BidRow
from assignments.marketplace.service import Timetable
from assignments.marketplace.tape import AGE_STARTS
from portal.forms.base import PortalForm
from portal.forms.cases import SelectionForm
from portal.forms.fields import PercentField, ReferencesField, WholeNumberField, references
from portal.i18n import say
from portal.presenters.market import DECLINE_REASONS, FREQUENCIES

#: As browsers write a date with its hour.
_LOCAL = "%Y-%m-%dT%H:%M"
_WHOLE = [Optional(), NumberRange(1, 100_000_000)]
_TEXT = [Optional(), Length(max=1_000)]


class LotForm(SelectionForm):
    """Which cases, to whom, until when, on what terms."""

    name = StringField(msg("Name of the lot"), [InputRequired(), Length(max=80)])
    invited = ReferencesField(msg("Invited agencies"), kind="organisation", validators=[Optional()])
    bids_until = DateTimeLocalField(msg("Bids until"), [InputRequired()], format=_LOCAL)
    decision_until = DateTimeLocalField(msg("Decision until"), [InputRequired()], format=_LOCAL)
    is_split = BooleanField(msg("Several agencies may win a share each"))
    shows_bid_count = BooleanField(msg("Everybody may see how many bids there are before they close"))
    report_frequency = SelectField(msg("Reports"), default=ReportFrequency.MONTHLY.value)
    report_due_days = WholeNumberField(
        msg("Business days to report after each period"), [InputRequired(), NumberRange(1, 60)], default=5
    )
    tail_days = WholeNumberField(
        msg("Days of commission after a recall"), [InputRequired(), NumberRange(0, 365)], default=30
    )
    settlement = PercentField(msg("Largest discount the agency may grant (%)"), validators=[Optional()])
    reserve = PercentField(msg("Highest average commission you will pay (%)"), validators=[Optional()])

    def invite(self, agencies: Sequence[tuple[int, str]]) -> None:
        """Set who can be invited, and what the selects say in the reader's language."""
        self.invited.offer(agencies)
        self.report_frequency.choices = [(one.value, say(FREQUENCIES[one])) for one in ReportFrequency]

    def lot(self, currency: str, time_zone: str) -> dict[str, Any]:
        """What was chosen, as the service takes it; hours are those of the creditor's clock."""
        return {
            "name": self.name.data,
            "selection": self.selection(currency),
            "timetable": Timetable(_instant(self.bids_until, time_zone), _instant(self.decision_until, time_zone)),
            "terms": TermSheet(
                report_frequency=ReportFrequency(self.report_frequency.data),
                report_due_days=self.report_due_days.data or 0,
                authority=Authority(discount_bp=self.settlement.basis_points or 0),
                tail_days=self.tail_days.data or 0,
                promises=CUSTOMARY_PROMISES,
            ),
            "invited": self.invited.numbers,
            "is_split": self.is_split.data,
            "shows_bid_count": self.shows_bid_count.data,
            "reserve_bp": self.reserve.basis_points,
        }


class BidForm(PortalForm):
    """What an agency offers for a lot."""

    commission = PercentField(msg("Up to 90 days past due, or unknown (%)"), [InputRequired()])
    from_91 = PercentField(msg("From 91 days (%)"), validators=[Optional()])
    from_181 = PercentField(msg("From 181 days (%)"), validators=[Optional()])
    from_361 = PercentField(msg("From 361 days (%)"), validators=[Optional()])
    from_721 = PercentField(msg("From 721 days (%)"), validators=[Optional()])
    capacity = WholeNumberField(msg("Cases you can take at most"), validators=_WHOLE)
    starts_on = DateField(msg("You can begin on"), [InputRequired()])
    first_contact_hours = WholeNumberField(msg("First contact within so many business hours"), validators=_WHOLE)
    promise_6 = PercentField(msg("Recovery you expect within 6 months (%)"), validators=[Optional()])
    promise_12 = PercentField(msg("Recovery you expect within 12 months (%)"), validators=[Optional()])
    basis = TextAreaField(msg("What you base this on"), _TEXT)
    subcontractors = StringField(msg("Subcontractors you would use"), _TEXT)
    data_country = StringField(msg("Countries where the data would be kept"), [InputRequired(), Length(max=200)])
    conflicts = StringField(msg("Conflicts of interest"), _TEXT)
    note = TextAreaField(msg("Anything else the creditor should know"), _TEXT)
    valid_until = DateField(msg("The bid is valid until"), [InputRequired()])

    @property
    def proposal(self) -> Proposal:
        """The bid as the service takes it."""
        priced = {start: getattr(self, f"from_{start}").basis_points for start in AGE_STARTS}
        return Proposal(
            commission_bp=self.commission.basis_points or 0,
            bands={start: rate for start, rate in priced.items() if rate is not None},
            starts_on=cast(date, self.starts_on.data),
            valid_until=cast(date, self.valid_until.data),
            capacity=self.capacity.data,
            first_contact_hours=self.first_contact_hours.data,
            promise_6_bp=self.promise_6.basis_points,
            promise_12_bp=self.promise_12.basis_points,
            basis=self.basis.data or "",
            subcontractors=self.subcontractors.data or "",
            data_country=self.data_country.data or "",
            conflicts=self.conflicts.data or "",
            note=self.note.data or "",
        )


class DecisionForm(PortalForm):
    """Who wins how much, why the others do not, and the yes to exactly the split that was shown."""

    digest = HiddenField(validators=[InputRequired()])
    is_sure = BooleanField(
        msg("I have checked this award"), [InputRequired(msg("Tick the box to say that you have checked the award."))]
    )

    def __init__(self, *args: Any, rows: Sequence[BidRow] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def share(self, row: BidRow) -> Any:
        """The field of a bidder's share."""
        return self[f"share_{_ref(row)}"]

    def reason(self, row: BidRow) -> Any:
        """The field of the reason a bidder is given if it does not win."""
        return self[f"reason_{_ref(row)}"]

    @property
    def shares(self) -> dict[int, int]:
        """The winners and what each gets, in ten-thousandths."""
        typed = {row.agency_id: self.share(row).basis_points for row in self.rows}
        return {agency_id: share for agency_id, share in typed.items() if share}

    @property
    def reasons(self) -> dict[int, DeclineReason]:
        """Why each bidder does not win, should it not."""
        return {row.agency_id: DeclineReason(self.reason(row).data) for row in self.rows}


def decision_form(formdata: Mapping[str, Any], rows: Sequence[BidRow]) -> DecisionForm:
    """The form of an award with a share and a reason for each of its bids."""
    fields: dict[str, Any] = {}
    for row in rows:
        fields[f"share_{_ref(row)}"] = PercentField(row.agency_name, validators=[Optional()])
        fields[f"reason_{_ref(row)}"] = SelectField(row.agency_name, choices=[], default=DeclineReason.RETURN.value)
    kind = type("DecisionForm", (DecisionForm,), fields)
    form: DecisionForm = kind(formdata, rows=rows)
    for row in rows:
        form.reason(row).choices = [(one.value, say(DECLINE_REASONS[one])) for one in DeclineReason]
    return form


def as_typed(bid: Bid) -> dict[str, Any]:
    """A bid as the first values of the form that changes it."""
    kept = {name: value for name, value in vars(bid).items() if not name.startswith("_")}
    percents = {
        "commission": bid.commission_bp,
        "promise_6": bid.promise_6_bp,
        "promise_12": bid.promise_12_bp,
        **{f"from_{start}": rate for start, rate in bid.bands},
    }
    return kept | {name: None if value is None else _percent(value) for name, value in percents.items()}


def _percent(basis_points: int) -> Decimal:
    return Decimal(basis_points) / 100


def _ref(row: BidRow) -> str:
    return references().encode("organisation", row.agency_id)


def _instant(field: DateTimeLocalField, time_zone: str) -> datetime:
    local = cast(datetime, field.data)
    return local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
