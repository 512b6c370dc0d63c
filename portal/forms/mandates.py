"""The terms of a mandate as they are typed."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from agencies.kernel.errors import msg
from agencies.mandates.terms import TermSheet
from portal.forms.base import PortalForm
from portal.forms.fields import PercentField, ReferenceField


class TermsForm(PortalForm):
    """What a version of a mandate says."""

    commission = PercentField(msg("Commission on each payment (%)"), [InputRequired()])
    report_due_days = IntegerField(
        msg("Business days to report after each month"), [InputRequired(), NumberRange(1, 60)], default=5
    )
    valid_from = DateField(msg("In force from"), [InputRequired()])

    @property
    def values(self) -> dict[str, Any]:
        """The terms as the service takes them."""
        return {
            "terms": TermSheet(
                commission_bp=self.commission.basis_points or 0, report_due_days=self.report_due_days.data or 0
            ),
            "valid_from": self.valid_from.data,
        }


class MandateForm(TermsForm):
    """A new mandate."""

    agency = ReferenceField(
        msg("Agency"), kind="organisation", nothing=msg("Choose an agency"), validators=[InputRequired()]
    )
    name = StringField(msg("Name of the mandate"), [InputRequired(), Length(max=80)])

    @property
    def values(self) -> dict[str, Any]:
        """Agency, name and terms as the service takes them."""
        return {"agency_id": self.agency.number, "name": self.name.data, **super().values}
