"""A sub-processor as it is typed, with its contract, and what a creditor says of it."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, FileField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from agencies.attestations.entries import LONGEST, Told
from agencies.attestations.subprocessors import Subprocessor
from agencies.kernel.errors import msg
from agencies.kernel.files import ACCEPTED
from portal.forms.attestations import ReasonForm
from portal.forms.base import PortalForm
from portal.i18n import countries_by_name


class EntryForm(PortalForm):
    """One entry of a list."""

    name = StringField(msg("Name"), [InputRequired(), Length(max=LONGEST)])
    country = SelectField(msg("Country"), [InputRequired()])
    tax_id = StringField(msg("Tax number"), [InputRequired(), Length(max=40)])
    service = StringField(msg("Service"), [InputRequired(), Length(max=LONGEST)])
    data_kinds = StringField(msg("Kinds of data"), [InputRequired(), Length(max=LONGEST)])
    hosting = StringField(msg("Place of hosting"), [InputRequired(), Length(max=LONGEST)])
    authorised_on = DateField(msg("Date of the written authorisation"), [Optional()])
    contract = FileField(msg("Contract"), render_kw={"accept": ACCEPTED})

    def offer(self, home: str) -> EntryForm:
        """Set the countries; the reader's own is chosen first."""
        self.country.choices = countries_by_name()
        if self.country.data is None:
            self.country.data = home
        return self

    @property
    def told(self) -> Told:
        """What was typed, as the service takes it."""
        return Told(
            self.name.data or "",
            self.country.data or "",
            self.tax_id.data or "",
            self.service.data or "",
            self.data_kinds.data or "",
            self.hosting.data or "",
            self.authorised_on.data,
        )

    @property
    def has_contract(self) -> bool:
        """Whether a file was chosen."""
        return bool(getattr(self.contract.data, "filename", ""))


class ObjectionForm(ReasonForm):
    """Why a creditor objects."""

    #: Which entry it is about, so that the page shows the form again where it was.
    entry = HiddenField()


def entry_form(formdata: Any, entry: Subprocessor | None, home: str) -> EntryForm:
    """The form of an entry, with what it says already."""
    return EntryForm(formdata, obj=entry).offer(home)
