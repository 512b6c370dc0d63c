"""A refusal shown on the form it answers, so that nothing typed is lost."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, DomainError, Invalid
from portal.errors import status_of
from portal.forms.base import PortalForm
from portal.i18n import refusal

#: What the sender can mend on the form; not found and not allowed keep their own pages.
REFUSALS = (Conflict, Invalid)


def refuse(form: PortalForm, error: DomainError) -> None:
    """Put the refusal on the form, with the status it would have on a page of its own."""
    form.form_errors.append(refusal(error))
    form.refused_with = status_of(error)


class RefusalForm(PortalForm):
    """A form without fields, for a button whose press may be refused."""
