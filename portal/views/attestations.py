"""Attestations: an agency makes, proves and signs them; a creditor reviews them and sees who stands how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.attestations import queries, reviewing, service, signing
from agencies.attestations.models import Attestation
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.placements.recall_queries import ended_recall
from portal.extensions import db
from portal.forms.attestations import (
    DayForm,
    EvidenceForm,
    FillForm,
    ReadForm,
    ReasonForm,
    RejectForm,
    SignForm,
    fill_form,
)
from portal.forms.base import PortalForm
from portal.forms.fields import references
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.i18n import language
from portal.identity import current_actor
from portal.presenters import attestations as presenter
from portal.presenters.standings import matrix, month_ends, relation_page, score_lines
from portal.security import requires, steps_up
from portal.views import choices, paging
from portal.views.register import asked_day

blueprint = Blueprint("attestations", __name__, url_prefix="/attestations")
_SIGN, _REVIEW, _VIEW = Permission.ATTESTATION_SIGN, Permission.ATTESTATION_REVIEW, Permission.ATTESTATION_VIEW


@blueprint.get("/")
@requires(_VIEW)
def index() -> str:
    """How everybody stands, today or on a day that has passed, and for a creditor what waits for its word."""
    actor, now, on = current_actor(), utc_now(), asked_day()
    today = local_date(now, actor.time_zone)
    rows = queries.standings(db.session, actor, on=on if on < today else None, now=now)
    waiting = queries.list_to_review(db.session, actor) if actor.side is Side.CREDITOR and on == today else []
    names = choices.organisations(db.session, [one for row in rows for one in (row.creditor_id, row.agency_id)])
    return _page(
        "attestations/index.html",
        matrix=matrix(rows, names, actor),
        waiting=waiting,
        names=names,
        form=DayForm(request.args),
        on=on,
        is_past=on < today,
    )


@blueprint.get('/with/<ref("counterpart"):other_id>')
@requires(_VIEW)
def relation(other_id: int) -> str:
    """The templates between the organisation and one counterpart, its score over time, and everything made so far."""
    actor, now = current_actor(), utc_now()
    standing = queries.get_standing(db.session, actor, other_id, now=now)
    begun = queries.open_rows(db.session, actor, other_id)
    history = queries.list_history(db.session, actor, other_id, before=paging.after(int))
    names = choices.organisations(db.session, [standing.creditor_id, standing.agency_id])
    page = relation_page(standing, begun, names, actor)
    past = queries.score_history(db.session, actor, other_id, days=month_ends(standing.today), now=now)
    return _page(
        "attestations/relation.html",
        page=page,
        history=history,
        pages=paging.addresses(history),
        scores=score_lines(past),
    )


@blueprint.post('/with/<ref("counterpart"):other_id>/begin')
@requires(_SIGN)
def begin(other_id: int) -> Response:
    """Begin a template, or go on where somebody began it; for a recall its reference comes along."""
    recall_id = _recall_with(other_id)
    with transaction(db.session):
        made = service.open_draft(
            db.session,
            current_actor(),
            creditor_id=other_id,
            code=request.form.get("code", ""),
            recall_id=recall_id,
            now=utc_now(),
        )
    return redirect(url_for(".show", attestation_id=made.id), code=303)


@blueprint.get('/<ref("attestation"):attestation_id>')
@requires(_VIEW)
def show(attestation_id: int) -> str:
    """One attestation: to be filled in, or as it was signed."""
    return _shown(attestation_id)


@blueprint.post('/<ref("attestation"):attestation_id>/fill')
@requires(_SIGN)
def fill(attestation_id: int) -> Response | tuple[str, int]:
    """Keep what is filled in so far."""
    actor, now = current_actor(), utc_now()
    page = queries.get_attestation(db.session, actor, attestation_id, now=now)
    form = fill_form(page.template, request.form, {}, None)
    if form.validate():
        try:
            with transaction(db.session):
                filled = _filled(form, _recalled_on(page.row))
                service.fill(db.session, actor, attestation_id, **filled, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Saved."), "success")
            target = ".sign" if request.form.get("then") == "sign" else ".show"
            return redirect(url_for(target, attestation_id=attestation_id), code=303)
    return _shown(attestation_id, form=form), form.refused_with


@blueprint.route('/<ref("attestation"):attestation_id>/sign', methods=["GET", "POST"])
@requires(_SIGN)
@steps_up
def sign(attestation_id: int) -> str | Response | tuple[str, int]:
    """Read every word, and sign it."""
    actor, now, form = current_actor(), utc_now(), SignForm(request.form).offer()
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                signing.sign(db.session, actor, attestation_id, **_signature(form), now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Signed. The creditor reviews it now."), "success")
            return redirect(url_for(".show", attestation_id=attestation_id), code=303)
    return _to_sign(attestation_id, form)


@blueprint.post('/<ref("attestation"):attestation_id>/withdraw')
@requires(_SIGN)
def withdraw(attestation_id: int) -> Response:
    """Take it back before it is judged."""
    with transaction(db.session):
        signing.withdraw(db.session, current_actor(), attestation_id, now=utc_now())
    flash(_("Taken back. Change it and sign it anew."), "success")
    return redirect(url_for(".show", attestation_id=attestation_id), code=303)


@blueprint.post('/<ref("attestation"):attestation_id>/accept')
@requires(_REVIEW)
def accept(attestation_id: int) -> Response | tuple[str, int]:
    """Accept the text that was read."""
    form = ReadForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                reviewing.accept(db.session, current_actor(), attestation_id, text_sha256=form.digest, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Accepted. The agency has been told."), "success")
            return redirect(url_for(".show", attestation_id=attestation_id), code=303)
    return _shown(attestation_id, refused=form), form.refused_with


@blueprint.post('/<ref("attestation"):attestation_id>/reject')
@requires(_REVIEW)
def reject(attestation_id: int) -> Response | tuple[str, int]:
    """Send it back with a reason."""
    form = RejectForm(request.form)
    return _with_reason(attestation_id, form, reviewing.reject, _("Rejected. The agency reads your reason."))


@blueprint.post('/<ref("attestation"):attestation_id>/revoke')
@requires(_SIGN, _REVIEW)
def revoke(attestation_id: int) -> Response | tuple[str, int]:
    """End it before its time."""
    form = ReasonForm(request.form)
    return _with_reason(attestation_id, form, reviewing.revoke, _("Revoked. What it stops is stopped from now on."))


def _recall_with(creditor_id: int) -> int | None:
    """The recall the form names, if it is one of this creditor's with the reader's agency and has ended."""
    named = request.form.get("recall", "")
    if not named:
        return None
    recall = ended_recall(db.session, current_actor(), references().decode("recall", named)).recall
    if recall.creditor_id != creditor_id:
        raise NotFound
    return recall.id


def _with_reason(
    attestation_id: int, form: ReasonForm, verb: Callable[..., Attestation], told: str
) -> Response | tuple[str, int]:
    if form.validate():
        try:
            with transaction(db.session):
                verb(db.session, current_actor(), attestation_id, **form.said, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(told, "success")
            return redirect(url_for(".show", attestation_id=attestation_id), code=303)
    return _shown(attestation_id, reason=form), form.refused_with


def _filled(form: FillForm, recalled_on: date | None) -> dict[str, Any]:
    return {"answers": form.answers, "evidence_on": form.evidence_on.data, "recalled_on": recalled_on}


def _recalled_on(row: Attestation) -> date | None:
    """When the recall that is accounted for ended, where the creditor is."""
    return None if row.recall_id is None else ended_recall(db.session, current_actor(), row.recall_id).ended_on


def _signature(form: SignForm) -> dict[str, Any]:
    signer = signing.Signer(
        form.signer_name.data or "", form.signer_id.data or "", form.role, request.remote_addr or ""
    )
    return {
        "signer": signer,
        "language": form.language.data,
        "text_sha256": form.digest,
        "references": references(),
    }


def _to_sign(attestation_id: int, form: SignForm) -> str | Response | tuple[str, int]:
    """The page that is signed; what is missing leads back to the draft."""
    actor, now = current_actor(), utc_now()
    page = queries.get_attestation(db.session, actor, attestation_id, now=now)
    status = form.refused_with if form.errors else 200
    try:
        signed = signing.text_to_sign(
            db.session, actor, attestation_id, language=language(), references=references(), now=now
        )
    except REFUSALS as error:
        refused = RefusalForm()
        refuse(refused, error)
        return _shown(attestation_id, refused=refused), refused.refused_with
    form.text_sha256.data, form.language.data = signed.sha256.hex(), signed.language
    return _page("attestations/sign.html", page=page, form=form, signed=signed), status


def _shown(
    attestation_id: int,
    *,
    form: FillForm | None = None,
    reason: ReasonForm | None = None,
    refused: PortalForm | None = None,
) -> str:
    actor, now = current_actor(), utc_now()
    page = queries.get_attestation(db.session, actor, attestation_id, now=now)
    if form is None and presenter.may_fill(page, actor):
        form = fill_form(page.template, None, page.row.answers, page.row.evidence_on)
    other_id = page.row.agency_id if actor.side is Side.CREDITOR else page.row.creditor_id
    return _page(
        "attestations/show.html",
        page=page,
        form=form,
        evidence=EvidenceForm(),
        reason=reason or ReasonForm(),
        refused=refused,
        other_id=other_id,
    )


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)
