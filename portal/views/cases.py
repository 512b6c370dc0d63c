"""Cases: the list with its filters and totals, and one case with its story."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases import queries
from assignments.cases.changes import list_adjustments, list_updates
from assignments.cases.listing import withheld
from assignments.cases.models import Case, CaseState
from assignments.contacts.queries import list_contacts
from assignments.flags.queries import facts_of, flags_of_case
from assignments.locates.desk import FindingRow, list_to_verify
from assignments.placements.history import moves_of_case
from assignments.placements.queries import PlacementRow, list_placements
from assignments.promises.queries import promises_of_case, statements_of
from assignments.reads.models import ReadKind
from assignments.reads.service import CONTACTS
from assignments.reports.creditor_payments import ReceivedByCreditor, list_received
from assignments.reports.queries import list_activities, list_payments, list_taken_back
from assignments.sla.enquiries import list_enquiries
from assignments.subjects.holds import holds_of
from portal.extensions import db
from portal.forms.activities import ActivityForm
from portal.forms.cases import CaseFilterForm
from portal.forms.enquiries import QuestionForm
from portal.forms.requests import HoldForm
from portal.identity import current_actor
from portal.presenters import casechanges, flags, lifecycle, locates, promises, recalls
from portal.presenters import cases as presenter
from portal.presenters.reads import PURPOSES
from portal.presenters.sla import SUBJECTS
from portal.security import requires
from portal.views import gates, paging
from portal.views.filtering import in_words, offer
from portal.views.seen import seen
from uploads.queries import find_staged_row, get_upload

blueprint = Blueprint("cases", __name__, url_prefix="/cases")


@blueprint.get("/")
@requires(Permission.CASE_VIEW)
def index() -> str:
    """The creditor's cases, or those an agency holds."""
    actor, form = current_actor(), CaseFilterForm(request.args)
    facets, currency = offer(form), home_currency(db.session, actor)
    # A filter that cannot be read selects nothing; the form says which field.
    is_readable = form.validate()
    selection = form.selection(currency) if is_readable else None
    page = queries.list_cases(db.session, actor, selection, after=paging.after(int)) if selection else None
    if page is not None:
        seen(ReadKind.LIST, ((row.creditor_id, row.id) for row in page.rows))
    out = withheld(db.session, actor, now=utc_now())
    return render_template(
        "cases/index.html",
        form=form,
        page=page,
        pages=paging.addresses(page) if page else {},
        totals=queries.totals(db.session, actor, selection) if selection else None,
        is_filtered=bool(selection and selection.to_dict()),
        chips=in_words(selection or queries.Selection(), facets, currency),
        may_download=not out.is_all and actor.may(Permission.CASE_EXPORT),
        may_take_full=not out.is_all and actor.may(Permission.CASE_EXPORT_FULL),
        withheld=gates.told(db.session, {actor.tenant: out.reasons} if out.reasons else {}),
        may_place=actor.may(Permission.PLACEMENT_PLAN),
        may_recall=actor.may(Permission.RECALL_MAKE),
        show=presenter,
    )


@blueprint.get('/<ref("case"):case_id>')
@requires(Permission.CASE_VIEW)
def show(case_id: int) -> str:
    """One case: its balance, its debtor, where it came from, and all that happened on it."""
    actor = current_actor()
    detail = queries.get_case(db.session, actor, case_id)
    seen(ReadKind.PAGE, [(detail.case.creditor_id, case_id)], fields=CONTACTS)
    after = paging.after(datetime, int)
    activities = list_activities(db.session, actor, case_id, after=after)
    payments = list_payments(db.session, actor, case_id)
    received = list_received(db.session, actor, case_id)
    placements: tuple[PlacementRow, ...] = ()
    if actor.may(Permission.PLACEMENT_VIEW):
        placements = list_placements(db.session, actor, case_id=case_id).rows
    is_first = after is None
    contacts = list_contacts(db.session, actor, detail.debtor.id)
    return render_template(
        "cases/show.html",
        detail=detail,
        case=detail.case,
        back=recalls,
        source=_source(detail),
        findings=_findings(actor, case_id),
        may_locate=actor.may(Permission.LOCATE_ORDER) and detail.case.state is not CaseState.CLOSED,
        words=locates,
        contacts=contacts,
        covered=presenter.covered_fields(detail.debtor, contacts, detail.case.city),
        purposes=PURPOSES,
        placements=placements,
        moves=_moves(actor, case_id, placements) if is_first else [],
        paid_minor=casechanges.paid_minor(payments, received),
        timeline=presenter.timeline(
            placements if is_first else (),
            payments if is_first else (),
            activities.rows,
            lambda at: local_date(at, actor.time_zone),
            list_taken_back(db.session, actor, case_id) if is_first else (),
            _creditor_s_word(actor, detail.case, received) if is_first else (),
        ),
        pages=paging.addresses(activities),
        **_promises(actor, case_id),
        flagged=flags.told(facts_of(detail.case)),
        flags=flags_of_case(db.session, actor, detail.case),
        show_flags=flags,
        **_held_fast(actor, detail.debtor.id),
        enquiries=list_enquiries(db.session, actor, case_id=case_id).rows,
        activity_form=_activity_form(actor),
        question_form=QuestionForm().offer() if actor.may(Permission.ENQUIRY_ASK) else None,
        subjects=SUBJECTS,
        show=presenter,
    )


def _moves(actor: Actor, case_id: int, placements: tuple[PlacementRow, ...]) -> list[lifecycle.MoveLine]:
    """What became of the case's placements, move by move."""
    if not placements:
        return []
    return lifecycle.move_lines(moves_of_case(db.session, actor, case_id), placements, actor)


def _creditor_s_word(actor: Actor, case: Case, received: list[ReceivedByCreditor]) -> list[presenter.Event]:
    """What the creditor told of the case after it had handed it over."""
    return casechanges.events(
        list_adjustments(db.session, actor, case.id),
        list_updates(db.session, actor, case.id),
        received,
        case.currency,
        lambda at: local_date(at, actor.time_zone),
    )


def _activity_form(actor: Actor) -> ActivityForm | None:
    """The form for those who work cases."""
    if not actor.may(Permission.ACTIVITY_RECORD):
        return None
    return ActivityForm.fresh(utc_now(), actor.time_zone)


def _promises(actor: Actor, case_id: int) -> dict[str, Any]:
    """What was promised on the case, and all that was said of each promise."""
    found = promises_of_case(db.session, actor, case_id, today=local_date(utc_now(), actor.time_zone))
    said = statements_of(db.session, actor, [one.id for one in found])
    return {"promises": found, "said": promises.words(said), "show_promises": promises}


def _held_fast(actor: Actor, debtor_id: int) -> dict[str, Any]:
    """What holds the debtor's data fast, for those who answer for data protection."""
    if actor.side is not Side.CREDITOR or not actor.may(Permission.REQUEST_HANDLE):
        return {"hold_form": None}
    return {"hold_form": HoldForm(), "holds": holds_of(db.session, actor, debtor_id, now=utc_now())}


def _findings(actor: Actor, case_id: int) -> tuple[FindingRow, ...]:
    """What was found about the debtor, for the creditor's own people; no agency sees it here."""
    if actor.side is not Side.CREDITOR or not actor.may(Permission.LOCATE_VIEW):
        return ()
    return list_to_verify(db.session, actor, case_id=case_id).rows


def _source(detail: queries.CaseDetail) -> presenter.Source | None:
    """The row of the creditor's file the case was made from, while it is kept."""
    if detail.portfolio is None:
        return None
    upload = get_upload(db.session, current_actor(), detail.portfolio.upload_id)
    row = find_staged_row(db.session, current_actor(), upload, detail.case.line)
    return presenter.source(upload, detail.case.line, row or {})
