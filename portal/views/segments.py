"""Segments: selections kept by name, what they come to now, and the decision tables that cut them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from assignments.cases.queries import Selection, totals
from assignments.segments import queries, service
from assignments.segments.decision import Rule, moved_up, unreachable, without
from portal.extensions import db
from portal.forms.refusals import REFUSALS, refuse
from portal.forms.segments import PlaceForm, RuleForm, SegmentForm
from portal.identity import current_actor
from portal.presenters import segments as presenter
from portal.security import requires
from portal.views import choices, filtering, paging

blueprint = Blueprint("segments", __name__, url_prefix="/segments")
_Page = str | Response | tuple[str, int]


@blueprint.get("/")
@requires(Permission.CASE_VIEW)
def index() -> str:
    """The segments that stand, each with what it comes to now."""
    actor = current_actor()
    page = queries.list_segments(db.session, actor, after=paging.after(int))
    chosen = [row.selection for row in page.rows]
    lines = presenter.segment_lines(
        page.rows, filtering.all_in_words(chosen), queries.totals_of(db.session, actor, chosen)
    )
    return _page("segments/index.html", lines=lines, pages=paging.addresses(page))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.PLACEMENT_PLAN)
def new() -> _Page:
    """Save a selection; the filter of the list may stand in the address already."""
    actor = current_actor()
    form = SegmentForm(request.form) if request.method == "POST" else SegmentForm(request.args)
    filtering.offer(form)
    if request.method == "POST" and form.validate():
        selection = form.selection(home_currency(db.session, actor))
        try:
            with transaction(db.session):
                made = service.save(db.session, actor, name=str(form.name.data), selection=selection, now=utc_now())
                segment_id = made.id
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The segment was saved."), "success")
            return redirect(url_for(".show", segment_id=segment_id), code=303)
    return _form(form, None)


@blueprint.get('/<ref("segment"):segment_id>')
@requires(Permission.CASE_VIEW)
def show(segment_id: int) -> str:
    """One segment: what it selects and comes to now, and what it selected before."""
    actor = current_actor()
    row = queries.get_segment(db.session, actor, segment_id)
    revisions = queries.list_revisions(db.session, actor, segment_id)
    said = filtering.all_in_words(Selection.from_dict(one.selection) for one in revisions)
    return _page(
        "segments/show.html",
        row=row,
        totals=totals(db.session, actor, row.selection),
        revisions=list(zip(revisions, said, strict=True)),
        table=queries.get_table(db.session, actor, segment_id),
        people=choices.people(db.session, [one.made_by for one in revisions]),
    )


@blueprint.route('/<ref("segment"):segment_id>/edit', methods=["GET", "POST"])
@requires(Permission.PLACEMENT_PLAN)
def edit(segment_id: int) -> _Page:
    """Let a segment select something else from now on."""
    actor = current_actor()
    row = queries.get_segment(db.session, actor, segment_id)
    form = _filled(row) if request.method == "GET" else SegmentForm(request.form)
    filtering.offer(form)
    if request.method == "POST" and form.validate():
        name, selection = str(form.name.data), form.selection(home_currency(db.session, actor))
        try:
            with transaction(db.session):
                given = (db.session, actor, segment_id)
                service.change(*given, name=name, selection=selection, revision=form.seen, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The segment was changed. What was made from it stays as it is."), "success")
            return redirect(url_for(".show", segment_id=segment_id), code=303)
    return _form(form, row)


@blueprint.post('/<ref("segment"):segment_id>/archive')
@requires(Permission.PLACEMENT_PLAN)
def archive(segment_id: int) -> Response:
    """Put a segment away."""
    with transaction(db.session):
        service.archive(db.session, current_actor(), segment_id, now=utc_now())
    flash(_("The segment was put away."), "success")
    return redirect(url_for(".index"), code=303)


@blueprint.get("/rules", defaults={"segment_id": None})
@blueprint.get('/<ref("segment"):segment_id>/rules')
@requires(Permission.CASE_VIEW)
def rules(segment_id: int | None) -> str:
    """The decision table of a segment or of the whole book, with what each rule takes now."""
    return _table(segment_id, RuleForm())


@blueprint.post("/rules", defaults={"segment_id": None})
@blueprint.post('/<ref("segment"):segment_id>/rules')
@requires(Permission.PLACEMENT_PLAN)
def add_rule(segment_id: int | None) -> _Page:
    """One more rule at the end."""
    actor, form = current_actor(), RuleForm(request.form)
    filtering.offer(form)
    if form.validate():
        table = queries.get_table(db.session, actor, segment_id)
        added = [*table.rules, form.rule(home_currency(db.session, actor))]
        try:
            return _decided(segment_id, added, int(form.table.data or 0))
        except REFUSALS as error:
            refuse(form, error)
    return _table(segment_id, form), form.refused_with


@blueprint.post("/rules/up", defaults={"segment_id": None})
@blueprint.post('/<ref("segment"):segment_id>/rules/up')
@requires(Permission.PLACEMENT_PLAN)
def move_rule(segment_id: int | None) -> _Page:
    """A rule takes its cases before the one that stood before it."""
    form, table = PlaceForm(request.form), queries.get_table(db.session, current_actor(), segment_id)
    if not form.validate():
        return _table(segment_id, RuleForm()), form.refused_with
    return _decided(segment_id, moved_up(table.rules, int(form.place.data or 0)), int(form.table.data or 0))


@blueprint.post("/rules/drop", defaults={"segment_id": None})
@blueprint.post('/<ref("segment"):segment_id>/rules/drop')
@requires(Permission.PLACEMENT_PLAN)
def drop_rule(segment_id: int | None) -> _Page:
    """A rule is taken out; what it took falls to the rules after it."""
    form, table = PlaceForm(request.form), queries.get_table(db.session, current_actor(), segment_id)
    if not form.validate():
        return _table(segment_id, RuleForm()), form.refused_with
    return _decided(segment_id, without(table.rules, int(form.place.data or 0)), int(form.table.data or 0))


def _decided(segment_id: int | None, written: Sequence[Rule], revision: int) -> Response:
    with transaction(db.session):
        service.decide(db.session, current_actor(), segment_id, written, revision=revision, now=utc_now())
    flash(_("The decision table was changed."), "success")
    return redirect(url_for(".rules", segment_id=segment_id), code=303)


def _filled(row: queries.SegmentRow) -> SegmentForm:
    """The form with what stands, as an address would say it."""
    said = {name: [value] for name, value in filtering.addressed(row.selection).items()}
    return SegmentForm(filtering.as_typed({**said, "name": [row.name], "revision": [str(row.revision)]}))


def _form(form: SegmentForm, row: queries.SegmentRow | None) -> tuple[str, int]:
    status = form.refused_with if request.method == "POST" else 200
    return _page("segments/form.html", form=form, row=row), status


def _table(segment_id: int | None, form: RuleForm) -> str:
    actor = current_actor()
    row = None if segment_id is None else queries.get_segment(db.session, actor, segment_id)
    whole, table = row.selection if row else Selection(), queries.get_table(db.session, actor, segment_id)
    filtering.offer(form)
    form.table.data = table.revision
    lines = presenter.rule_lines(
        table.micros,
        filtering.all_in_words(one.part.rule for one in table.micros),
        queries.totals_by_rule(db.session, actor, whole, table.rules),
        unreachable(whole, table.rules),
    )
    return _page("segments/rules.html", row=row, table=table, lines=lines, form=form)


def _page(template: str, **shown: object) -> str:
    may_plan = current_actor().may(Permission.PLACEMENT_PLAN)
    return render_template(template, addressed=filtering.addressed, selection=Selection, may_plan=may_plan, **shown)
