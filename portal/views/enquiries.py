"""Questions of agencies about their cases, and the creditor's answers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.cases.queries import get_case
from assignments.reads.models import ReadKind
from assignments.sla import enquiries
from assignments.sla.models import EnquirySubject
from portal.extensions import db
from portal.forms.enquiries import AnswerForm, QuestionForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import sla as presenter
from portal.security import requires
from portal.views import paging
from portal.views.seen import seen

blueprint = Blueprint("enquiries", __name__)

_SHOWN = {"open": True, "answered": False}


@blueprint.get("/enquiries/")
@requires(Permission.ENQUIRY_ASK, Permission.ENQUIRY_ANSWER)
def index() -> str:
    """All questions, or those that wait for an answer."""
    chosen = request.args.get("show", "")
    is_open = _SHOWN.get(chosen)
    page = enquiries.list_enquiries(db.session, current_actor(), is_open=is_open, after=paging.after(int))
    return render_template(
        "enquiries/index.html",
        page=page,
        pages=paging.addresses(page),
        chosen=chosen if chosen in _SHOWN else "",
        show=presenter,
    )


@blueprint.route('/enquiries/<ref("enquiry"):enquiry_id>', methods=["GET", "POST"])
@requires(Permission.ENQUIRY_ASK, Permission.ENQUIRY_ANSWER)
def show(enquiry_id: int) -> str | Response | tuple[str, int]:
    """One question; the creditor answers it here."""
    actor, form = current_actor(), AnswerForm(request.form)
    row = enquiries.get_enquiry(db.session, actor, enquiry_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                enquiries.answer(db.session, actor, enquiry_id, text=str(form.answer.data), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your answer is with the agency. The case's clock runs again."), "success")
            return redirect(url_for(".show", enquiry_id=enquiry_id), code=303)
    seen(ReadKind.PAGE, [(row.creditor_id, row.case_id)], fields=("words",))
    may_answer = actor.may(Permission.ENQUIRY_ANSWER) and row.answered_at is None
    page = render_template("enquiries/show.html", row=row, form=form, may_answer=may_answer, show=presenter)
    return page, form.refused_with if form.errors else 200


@blueprint.post('/cases/<ref("case"):case_id>/enquiries')
@requires(Permission.ENQUIRY_ASK)
def ask(case_id: int) -> Response | tuple[str, int]:
    """Ask the creditor about a case."""
    actor, form = current_actor(), QuestionForm(request.form).offer()
    if form.validate():
        subject = EnquirySubject(form.subject.data)
        try:
            with transaction(db.session):
                enquiries.ask(
                    db.session, actor, case_id, subject=subject, question=str(form.question.data), now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The question is with the creditor. Meanwhile the case's clock stands still."), "success")
            return redirect(url_for("cases.show", case_id=case_id), code=303)
    case = get_case(db.session, actor, case_id).case
    return render_template("enquiries/new.html", form=form, case=case), form.refused_with
