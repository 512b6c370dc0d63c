"""A creditor's own template as it is typed, in both languages, and the day from which it is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import BooleanField, DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from agencies.attestations.authoring import HIGHEST_WEIGHT, LONGEST_VALIDITY, STOPPABLE, Wording
from agencies.attestations.models import CreditorTemplate
from agencies.attestations.templates import Act
from agencies.kernel.errors import msg
from portal.forms.base import PortalForm
from portal.forms.fields import WholeNumberField
from portal.forms.standing import BoxesField
from portal.i18n import say
from portal.presenters.attestations import ACTS

_TEXT = [InputRequired(), Length(max=4_000)]
_SHORT = [InputRequired(), Length(max=200)]


class TemplateForm(PortalForm):
    """The wording, what proves it, how long it holds and what its lapse stops."""

    title_es = StringField(msg("Title in Spanish"), _SHORT)
    title_en = StringField(msg("Title in English"), _SHORT)
    statement_es = TextAreaField(msg("What is declared, in Spanish"), _TEXT, render_kw={"rows": 5})
    statement_en = TextAreaField(msg("What is declared, in English"), _TEXT, render_kw={"rows": 5})
    hint_es = StringField(msg("What proves it, in Spanish"), _SHORT)
    hint_en = StringField(msg("What proves it, in English"), _SHORT)
    questions_es = TextAreaField(
        msg("Questions in Spanish, one per line"), [Optional(), Length(max=1_000)], render_kw={"rows": 3}
    )
    questions_en = TextAreaField(
        msg("Questions in English, one per line"), [Optional(), Length(max=1_000)], render_kw={"rows": 3}
    )
    needs_evidence = BooleanField(msg("Evidence has to be attached"), default=True)
    months = WholeNumberField(msg("Holds for, months"), [InputRequired(), NumberRange(1, LONGEST_VALIDITY)], default=12)
    weight = WholeNumberField(msg("Weight in the score"), [InputRequired(), NumberRange(0, HIGHEST_WEIGHT)], default=1)
    blocks = BoxesField(msg("A lapse stops"), [Optional()])
    renews = BooleanField(msg("What was signed by an earlier version has to be renewed on the day"), default=True)

    def offer(self) -> TemplateForm:
        """Set what can be stopped."""
        self.blocks.choices = [(act.value, say(ACTS[act])) for act in STOPPABLE]
        return self

    @property
    def wording(self) -> Wording:
        """What was typed, as the service takes it; a question without its other language is refused there."""
        spanish, english = _lines(self.questions_es.data), _lines(self.questions_en.data)
        count = max(len(spanish), len(english))
        return Wording(
            title={"es": self.title_es.data or "", "en": self.title_en.data or ""},
            statement={"es": self.statement_es.data or "", "en": self.statement_en.data or ""},
            hint={"es": self.hint_es.data or "", "en": self.hint_en.data or ""},
            questions=[{"es": _at(spanish, at), "en": _at(english, at)} for at in range(count)],
            needs_evidence=bool(self.needs_evidence.data),
            months=self.months.data or 0,
            blocks=frozenset(Act(one) for one in self.blocks.data or ()),
            weight=self.weight.data or 0,
            renews=bool(self.renews.data),
        )


class PublishForm(PortalForm):
    """The day from which it is asked for."""

    valid_from = DateField(msg("Asked for from"), [InputRequired()])

    @property
    def day(self) -> date:
        """What was typed."""
        return self.valid_from.data or date.min


class RetireForm(PortalForm):
    """The day from which it is asked for no more."""

    retired_on = DateField(msg("Asked for no more from"), [InputRequired()])

    @property
    def day(self) -> date:
        """What was typed."""
        return self.retired_on.data or date.min


def template_form(formdata: Any, row: CreditorTemplate | None = None) -> TemplateForm:
    """The form of a template, with what a version of it says already."""
    if row is None:
        return TemplateForm(formdata).offer()
    body = row.body
    known: dict[str, Any] = {
        "needs_evidence": body["evidence"]["required"],
        "months": body["validity"]["months"],
        "weight": body["weight"],
        "blocks": body["blocks"],
        "renews": body["renews"],
    }
    for code in ("es", "en"):
        known |= {
            f"title_{code}": body["title"][code],
            f"statement_{code}": body["statement"][code],
            f"hint_{code}": body["evidence"]["hint"][code],
            f"questions_{code}": "\n".join(field["label"][code] for field in body["fields"]),
        }
    return TemplateForm(formdata, data=known).offer()


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _at(lines: list[str], at: int) -> str:
    return lines[at] if at < len(lines) else ""
