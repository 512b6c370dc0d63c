"""A question about a case, and its answer."""

from __future__ import annotations

from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from agencies.kernel.errors import msg
from assignments.sla.enquiries import LONGEST
from assignments.sla.models import EnquirySubject
from portal.forms.base import PortalForm
from portal.i18n import say
from portal.presenters.sla import SUBJECTS


class QuestionForm(PortalForm):
    """What the agency needs to know."""

    subject = SelectField(msg("About"), [DataRequired()])
    question = TextAreaField(msg("Your question"), [DataRequired(), Length(max=LONGEST)])

    def offer(self) -> QuestionForm:
        """Set the subjects, in the reader's language."""
        self.subject.choices = [(one.value, say(SUBJECTS[one])) for one in EnquirySubject]
        return self


class AnswerForm(PortalForm):
    """What the creditor says to it."""

    answer = TextAreaField(msg("Your answer"), [DataRequired(), Length(max=LONGEST)])
