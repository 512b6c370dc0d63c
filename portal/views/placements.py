"""Placements: the creditor shares cases among agencies in waves; an agency takes its consignments on."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases import queries as cases
from assignments.manifests.handing import manifest
from assignments.placements import queries, rejecting, service
from assignments.placements.admission import admission
from assignments.placements.allocation import SEEDS
from assignments.placements.lifecycle import OVER
from assignments.placements.models import PlacementState, Wave, WaveState
from assignments.placements.preview import Preview, preview_of
from assignments.sla import queries as sla_queries
from assignments.sla import service as sla
from portal.extensions import db
from portal.filters import money
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import references
from portal.forms.placements import CommitForm, WaveForm, at_first
from portal.forms.refusals import REFUSALS, refuse
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import attestations, strategies
from portal.presenters import placements as presenter
from portal.presenters.attestations import Reason
from portal.presenters.cases import chips
from portal.presenters.lifecycle import REJECT_REASONS
from portal.security import requires, steps_up
from portal.views import choices, gates, paging
from portal.views.downloads import csv_file
from portal.views.filtering import offer

blueprint = Blueprint("placements", __name__, url_prefix="/placements")


@blueprint.get("/")
@requires(Permission.PLACEMENT_VIEW)
def index() -> str:
    """The creditor's waves, or the consignments an agency received."""
    actor, chosen = current_actor(), request.args.get("state", "")
    if actor.side is Side.AGENCY or chosen == "sent":
        return _consignments(chosen)
    state = WaveState.DRAFT if chosen == "draft" else None
    waves = queries.list_waves(db.session, actor, state=state, after=paging.after(int))
    may_plan = actor.may(Permission.PLACEMENT_PLAN)
    pages = paging.addresses(waves)
    return _page(
        "placements/index.html", page=waves, pages=pages, chosen=chosen, may_plan=may_plan, preview_of=preview_of
    )


@blueprint.get("/new")
@requires(Permission.PLACEMENT_PLAN)
def new() -> str:
    """Choose cases and mandates; a filter may stand in the address already."""
    return _planning(WaveForm(at_first(request.args)), CaseFilterForm(request.args))


@blueprint.post("/new")
@requires(Permission.PLACEMENT_PLAN)
def draft() -> Response | tuple[str, int]:
    """Draw a first split of what was chosen, to be looked at."""
    actor, form = current_actor(), WaveForm(request.form)
    _offer(form)
    if form.validate():
        try:
            with transaction(db.session):
                drawn = service.draft(db.session, actor, **form.plan(home_currency(db.session, actor)), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".wave", wave_id=drawn.id), code=303)
    return _planning(form, CaseFilterForm(request.form)), form.refused_with


@blueprint.get("/selected")
@requires(Permission.PLACEMENT_PLAN)
def selected() -> str:
    """How many cases a filter selects and what they are worth, while it is being set."""
    return render_template("placements/_selected.html", totals=_totals(CaseFilterForm(request.args)))


@blueprint.get('/<ref("wave"):wave_id>')
@requires(Permission.PLACEMENT_VIEW)
def wave(wave_id: int) -> str:
    """One wave: what it would do, or what it did."""
    return _wave(queries.get_wave(db.session, current_actor(), wave_id), CommitForm())


@blueprint.get('/<ref("wave"):wave_id>/strata.csv')
@requires(Permission.PLACEMENT_VIEW)
def strata(wave_id: int) -> Response:
    """Every stratum and agency of a wave as a file: figures only, no people."""
    row = queries.get_wave(db.session, current_actor(), wave_id)
    return csv_file(
        lambda: strategies.as_csv(_exported(row)), f"{presenter.plain_name(row.name) or 'placement'}-strata.csv"
    )


@blueprint.post('/<ref("wave"):wave_id>/redraw')
@requires(Permission.PLACEMENT_PLAN)
def redraw(wave_id: int) -> Response:
    """Draw again: from what is selected now, with a new seed if one is asked for."""
    seed = secrets.randbelow(SEEDS) if request.form.get("seed") == "new" else None
    with transaction(db.session):
        service.redraw(db.session, current_actor(), wave_id, seed=seed, now=utc_now())
    flash(_("The split was drawn again."), "success")
    return redirect(url_for(".wave", wave_id=wave_id))


@blueprint.post('/<ref("wave"):wave_id>/place')
@requires(Permission.PLACEMENT_PLAN)
def place(wave_id: int) -> Response | tuple[str, int]:
    """Place exactly what was previewed."""
    actor, form = current_actor(), CommitForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                service.place(db.session, actor, wave_id, digest=str(form.digest.data), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The cases were placed. The agencies can acknowledge them now."), "success")
            return redirect(url_for(".wave", wave_id=wave_id))
    return _wave(queries.get_wave(db.session, actor, wave_id), form), form.refused_with


@blueprint.get('/consignments/<ref("consignment"):consignment_id>')
@requires(Permission.PLACEMENT_VIEW)
def consignment(consignment_id: int) -> str:
    """What one agency received in one wave."""
    actor = current_actor()
    row = queries.get_consignment(db.session, actor, consignment_id)
    page = queries.list_placements(db.session, actor, consignment_id, after=paging.after(int, int, int))
    may_acknowledge = presenter.may_acknowledge(row, actor)
    may_download = presenter.may_download(row, actor)
    reasons = gates.on_download(db.session, actor, row.creditor_id, utc_now()) if may_download else []
    return _page(
        "placements/consignment.html",
        row=row,
        page=page,
        pages=paging.addresses(page),
        may_acknowledge=may_acknowledge,
        may_download=may_download and not reasons,
        may_recall=row.state not in {None, *OVER} and actor.may(Permission.RECALL_MAKE),
        due_at=sla_queries.acknowledgement_due(db.session, actor, consignment_id),
        rejected=rejecting.rejected_of(db.session, actor, consignment_id),
        reasons_told=REJECT_REASONS,
        reasons=reasons,
        snapshot=gates.kept(db.session, actor, row.snapshot_id),
        standings=attestations,
    )


@blueprint.post('/consignments/<ref("consignment"):consignment_id>/acknowledge')
@requires(Permission.PLACEMENT_ACKNOWLEDGE)
def acknowledge(consignment_id: int) -> Response:
    """The agency takes the cases on."""
    with transaction(db.session):
        sla.acknowledge(db.session, current_actor(), consignment_id, now=utc_now())
    flash(_("You have taken these cases on. Download them and begin."), "success")
    return redirect(url_for(".consignment", consignment_id=consignment_id))


@blueprint.get('/consignments/<ref("consignment"):consignment_id>/manifest.csv')
@requires(Permission.MANIFEST_DOWNLOAD)
@steps_up
def download(consignment_id: int) -> Response:
    """The consignment's cases as a file."""
    actor, now = current_actor(), utc_now()
    row = queries.get_consignment(db.session, actor, consignment_id)
    return csv_file(
        lambda: manifest(db.session, actor, consignment_id, references(), now=now),
        presenter.file_name(row),
    )


def _offer(form: WaveForm) -> None:
    offer(form)
    actor = current_actor()
    form.offer_partners(choices.partners(db.session, actor, utc_now()))


def _totals(form: CaseFilterForm) -> cases.Totals | None:
    """What the filter selects; nothing when it cannot be read."""
    actor = current_actor()
    offer(form)
    if not form.validate():
        return None
    return cases.totals(db.session, actor, form.selection(home_currency(db.session, actor)))


def _planning(form: WaveForm, selection: CaseFilterForm) -> str:
    _offer(form)
    return _page("placements/new.html", form=form, totals=_totals(selection))


def _wave(row: Wave, form: CommitForm) -> str:
    actor = current_actor()
    preview = preview_of(row)
    currency = preview.currency or home_currency(db.session, actor)
    return _page(
        "placements/wave.html",
        wave=row,
        preview=preview,
        form=form,
        chips=chips(
            cases.Selection.from_dict(row.selection),
            choices.named_facets(cases.facets(db.session, actor)),
            lambda minor: money(minor, currency),
            say,
        ),
        strategy=strategies.told(service.strategy_of(row), preview),
        strata=strategies.strata(preview, request.args.get("strata", 0, int)),
        draws=strategies.draws(preview),
        is_open=row.state is WaveState.DRAFT and actor.may(Permission.PLACEMENT_PLAN),
        reasons=_closed(row),
        consignments=queries.list_consignments(db.session, actor, wave_id=row.id).rows,
    )


def _closed(row: Wave) -> list[Reason]:
    """Why agencies of a draft may not receive cases now."""
    actor, now = current_actor(), utc_now()
    if row.state is not WaveState.DRAFT:
        return []
    return gates.told(db.session, admission(db.session, actor, row, now=now))


def _consignments(chosen: str) -> str:
    states = {"sent": PlacementState.SENT, "acknowledged": PlacementState.ACKNOWLEDGED}
    page = queries.list_consignments(
        db.session,
        current_actor(),
        state=states.get(chosen),
        is_untouched=chosen == "acknowledged",
        after=paging.after(int),
    )
    return _page("placements/consignments.html", page=page, pages=paging.addresses(page), chosen=chosen)


def _page(template: str, **shown: object) -> str:
    return render_template(template, show=presenter, **shown)


def _exported(row: Wave) -> Preview:
    """The figures of a wave on their way out."""
    queries.record_export(db.session, current_actor(), row, now=utc_now())
    return preview_of(row)
