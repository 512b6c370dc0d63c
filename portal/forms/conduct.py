"""The filter of what was found against activities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from babel.dates import format_date
from wtforms import SelectField
from wtforms.validators import Optional

from agencies.kernel.errors import msg
from assignments.conduct.listing import ConductFilter
from assignments.conduct.models import Verdict
from portal.forms.base import PortalForm
from portal.forms.fields import ReferenceField
from portal.i18n import locale, say
from portal.presenters.conduct import CODES, UNKNOWNS, VERDICTS, code_name

ANY = msg("Any")
_LISTED = (Verdict.VIOLATION, Verdict.NOT_EVALUABLE)


class ConductFilterForm(PortalForm):
    """Which findings; every field left empty lets everything through."""

    verdict = SelectField(msg("Verdict"), validators=[Optional()])
    code = SelectField(msg("Rule"), validators=[Optional()])
    partner = ReferenceField(msg("Agency"), kind="organisation", nothing=ANY, validators=[Optional()])
    month = SelectField(msg("Month"), validators=[Optional()])

    def offer(self, partners: Iterable[tuple[int, str]], months: Iterable[date], *, is_creditor: bool) -> None:
        """Set what can be chosen."""
        anything = ("", say(ANY))
        self.verdict.choices = [anything, *((one.value, say(VERDICTS[one][0])) for one in _LISTED)]
        self.code.choices = [
            anything,
            *((code, f"{code} · {code_name(code)}") for code in CODES),
            *((code, code_name(code)) for code in UNKNOWNS),
        ]
        self.partner.offer(partners)
        if not is_creditor:
            self.partner.label.text = msg("Creditor")
        self.month.choices = [
            anything,
            *((f"{one:%Y-%m}", format_date(one, "LLLL y", locale=locale())) for one in months),
        ]

    def filter(self) -> ConductFilter:
        """What was chosen."""
        return ConductFilter(
            verdict=Verdict(self.verdict.data) if self.verdict.data else None,
            code=self.code.data or None,
            partner_id=self.partner.number,
            month=date.fromisoformat(f"{self.month.data}-01") if self.month.data else None,
        )
