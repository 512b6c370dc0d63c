"""What a creditor decides and does about an incident, and what it hands to an authority."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.incidents import handling
from portal.extensions import db
from portal.forms.attestations import ReasonForm
from portal.forms.base import PortalForm
from portal.forms.incidents import AssessForm, ToldForm, countries
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.security import requires, steps_up
from portal.views import incident_pages
from portal.views.downloads import XLSX, csv_file, saved_file
from portal.views.incidents import blueprint
from portal.views.second_person import may_take_two

_ONE = '/<ref("incident"):incident_id>'
handler = requires(Permission.INCIDENT_HANDLE)


@blueprint.post(f"{_ONE}/assess")
@handler
def assess(incident_id: int) -> Response | tuple[str, int]:
    """Decide whom to tell, with reasons."""
    form = AssessForm(request.form)
    verb = partial(
        handling.assess,
        tells_authority=bool(form.authority.data),
        tells_people=bool(form.people.data),
        reasons=form.reasons.data or "",
    )
    return _done(incident_id, form, verb, "assess", _("The assessment is recorded with its reasons."))


@blueprint.post(f"{_ONE}/authority")
@handler
def authority(incident_id: int) -> Response | tuple[str, int]:
    """Record that an authority was told."""
    form, zone = ToldForm(request.form).offer(countries()), current_actor().time_zone

    def verb(*subject: Any, now: Any) -> Any:
        told: dict[str, Any] = {
            "country": form.country.data or "",
            "at": form.told_at(zone),
            "reference": form.reference.data or "",
        }
        return handling.tell_authority(*subject, **told, now=now)

    return _done(incident_id, form, verb, "authority", _("It is recorded that the authority was told."))


@blueprint.post(f"{_ONE}/people")
@handler
def people(incident_id: int) -> Response | tuple[str, int]:
    """Record that the people were told."""
    form, zone = ToldForm(request.form).offer([]), current_actor().time_zone

    def verb(*subject: Any, now: Any) -> Any:
        told: dict[str, Any] = {"at": form.told_at(zone), "how": form.reference.data or ""}
        told["scope_no"] = form.scope.data
        return handling.tell_people(*subject, **told, now=now)

    return _done(incident_id, form, verb, "people", _("It is recorded that the people were told."))


@blueprint.post(f"{_ONE}/close")
@handler
def close(incident_id: int) -> Response | tuple[str, int]:
    """Close what is decided and told."""
    form = ReasonForm(request.form)
    verb = partial(handling.close, note=form.reason.data or "")
    return _done(incident_id, form, verb, "close", _("The incident is closed."))


@blueprint.get(f"{_ONE}/people.csv")
@handler
@steps_up
@may_take_two
def people_csv(incident_id: int) -> Response:
    """Everybody it touches, for the authority, as CSV."""
    return csv_file(partial(incident_pages.people_csv, incident_id), "titulares.csv")


@blueprint.get(f"{_ONE}/people.xlsx")
@handler
@steps_up
@may_take_two
def people_xlsx(incident_id: int) -> Response:
    """Everybody it touches, for the authority, as a workbook."""
    return saved_file(partial(incident_pages.people_xlsx, incident_id), "titulares.xlsx", XLSX)


@blueprint.get(f"{_ONE}/print")
@handler
@steps_up
@may_take_two
def printed(incident_id: int) -> str:
    """The whole report on a page for paper."""
    return incident_pages.printed(incident_id)


@blueprint.post(f"{_ONE}/people.csv")
@blueprint.post(f"{_ONE}/people.xlsx")
@blueprint.post(f"{_ONE}/print")
@handler
def ask_for_people(incident_id: int) -> Response:
    """Ask a second person to let the people of an incident go."""
    return incident_pages.ask_for_people(incident_id)


def _done(
    incident_id: int, form: PortalForm, verb: Callable[..., Any], name: str, words: str
) -> Response | tuple[str, int]:
    if form.validate():
        try:
            with transaction(db.session):
                verb(db.session, current_actor(), incident_id, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(words, "success")
            return redirect(url_for("incidents.show", incident_id=incident_id), code=303)
    return incident_pages.incident(incident_id, **{name: form}), form.refused_with
