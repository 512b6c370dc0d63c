"""The verification desk: each finding is graded, authorised, and released to whoever works the debtor."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel import audit
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.contacts.models import Authorisation
from assignments.ledger import fees
from assignments.locates import desk, verifying
from assignments.locates.revealing import is_in_the_open
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from assignments.reads.service import CaseKey
from portal.extensions import db
from portal.forms.locates import AuthorisationForm, GradeForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import locates as presenter
from portal.presenters.reads import PURPOSES
from portal.security import requires
from portal.views import choices, paging
from portal.views.downloads import kept_file, let_out
from portal.views.seen import seen

blueprint = Blueprint("findings", __name__, url_prefix="/findings")


@blueprint.get("/")
@requires(Permission.LOCATE_VERIFY)
def index() -> str:
    """What waits for a grade, or what has one."""
    chosen = "graded" if request.args.get("show") == "graded" else ""
    page = desk.list_to_verify(db.session, current_actor(), is_graded=bool(chosen), after=paging.after(int))
    seen(ReadKind.LIST, ((one.creditor_id, one.case_id) for one in page.rows), fields=("finding",))
    return _page("findings/index.html", page=page, pages=paging.addresses(page), chosen=chosen)


@blueprint.get('/<ref("finding"):finding_id>')
@requires(Permission.LOCATE_VIEW)
def show(finding_id: int) -> str:
    """One finding with both axes and all that was done with it."""
    return _shown(finding_id)


@blueprint.post('/<ref("finding"):finding_id>/grade')
@requires(Permission.LOCATE_VERIFY)
def grade(finding_id: int) -> Response | tuple[str, int]:
    """Say whether it is correct; what that earns is booked."""
    form = GradeForm(request.form).offer(is_known=False)
    if form.validate():
        try:
            with transaction(db.session):
                fees.accept(db.session, current_actor(), finding_id, **form.values(), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Graded."), "success")
            return redirect(url_for(".show", finding_id=finding_id), code=303)
    return _shown(finding_id, grading=form), form.refused_with


@blueprint.post('/<ref("finding"):finding_id>/authorisation')
@requires(Permission.LOCATE_VERIFY)
def authorise(finding_id: int) -> Response | tuple[str, int]:
    """Say whether it may be used; a no takes a released point back at once."""
    form = AuthorisationForm(request.form).offer(Authorisation.UNKNOWN)
    if form.validate():
        with transaction(db.session):
            verifying.set_authorisation(db.session, current_actor(), finding_id, **form.values(), now=utc_now())
        flash(_("Saved."), "success")
        return redirect(url_for(".show", finding_id=finding_id), code=303)
    return _shown(finding_id, authorising=form), form.refused_with


@blueprint.post('/<ref("finding"):finding_id>/release')
@requires(Permission.LOCATE_VERIFY)
def release(finding_id: int) -> Response:
    """Make it a contact point of whoever works the debtor."""
    with transaction(db.session):
        verifying.release(db.session, current_actor(), finding_id, now=utc_now())
    flash(_("Released. Whoever works the debtor sees it now."), "success")
    return redirect(url_for(".show", finding_id=finding_id), code=303)


@blueprint.get('/<ref("finding"):finding_id>/evidence')
@requires(Permission.LOCATE_VERIFY, Permission.LOCATE_WORK)
def evidence(finding_id: int) -> Response:
    """The file of evidence, to be saved and never shown in the browser."""
    actor = current_actor()
    with transaction(db.session):
        detail = desk.get_finding(db.session, actor, finding_id)
        finding = detail.finding
        if finding.file_key is None or not is_in_the_open(detail, actor):
            raise NotFound
        audit.record(db.session, actor, "finding.evidence_downloaded", now=utc_now(), finding_id=finding_id)
        what = (Subject.FINDING, finding_id)
        reads.note(
            db.session, actor, ReadKind.FINDING, _case_of(detail), fields=("evidence",), subject=what, now=utc_now()
        )
        key, name, kind = finding.file_key, finding.file_name, finding.file_type
        let_out(key)
    return kept_file(key, name or "file", kind or "application/octet-stream")


def _shown(finding_id: int, **given: object) -> str:
    actor = current_actor()
    detail = desk.get_finding(db.session, actor, finding_id)
    is_creditor = actor.side is Side.CREDITOR
    seen(ReadKind.FINDING, _case_of(detail), fields=("finding",), subject=(Subject.FINDING, finding_id))
    forms = {
        "grading": GradeForm().offer(is_known=detail.finding.is_known),
        "authorising": AuthorisationForm().offer(detail.finding.authorisation),
        **given,
    }
    return _page(
        "findings/show.html",
        detail=detail,
        finding=detail.finding,
        value=presenter.cover(detail.finding.kind, detail.finding.value),
        covered=presenter.covered_finding(detail.finding),
        purposes=PURPOSES,
        is_open=is_in_the_open(detail, actor),
        has_evidence=detail.finding.file_key is not None and is_in_the_open(detail, actor),
        may_verify=is_creditor and actor.may(Permission.LOCATE_VERIFY),
        may_release=presenter.may_release(detail, actor),
        people=choices.people(db.session, (one.by for one in detail.steps)) if is_creditor else {},
        **forms,
    )


def _case_of(detail: desk.FindingDetail) -> list[CaseKey]:
    return [(detail.order.creditor_id, detail.order.case_id)]


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
