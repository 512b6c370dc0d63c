"""Flags: what is known of people and debts and stops work; raised by either side, decided on by the creditor."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import organisation_names
from assignments.cases.queries import get_case
from assignments.flags import queries, service
from assignments.flags.models import FlagKind
from portal.extensions import db
from portal.filters import number
from portal.forms.fields import references
from portal.forms.flags import FlagForm, LiftForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import flags as presenter
from portal.security import requires
from portal.views import choices, paging

blueprint = Blueprint("flags", __name__, url_prefix="/flags")


@blueprint.get("/")
@requires(Permission.CASE_VIEW)
def index() -> str:
    """The flags of the creditor, or those the agency raised."""
    return _index(LiftForm())


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.FLAG_RAISE)
def new() -> str | Response | tuple[str, int]:
    """Say what is known of one case or of many."""
    actor = current_actor()
    form = FlagForm(request.form, data=_begun() if request.method == "GET" else None)
    form.creditor.offer(_creditors())
    if request.method == "POST" and form.validate():
        creditor_id = int(form.creditor.number or 0)
        try:
            with transaction(db.session):
                found = service.find_cases(db.session, actor, creditor_id, form.named)
                raised = service.raise_flags(
                    db.session, actor, creditor_id=creditor_id, case_ids=found, **form.values, now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_raised(raised), "success")
            return redirect(url_for("cases.show", case_id=found[0]) if len(found) == 1 else url_for(".index"))
    return render_template("flags/new.html", form=form), form.refused_with if form.errors else 200


@blueprint.post('/<ref("flag"):flag_id>/confirm')
@requires(Permission.FLAG_DECIDE)
def confirm(flag_id: int) -> Response:
    """It is so; nobody works the case, or it is worked with care."""
    with transaction(db.session):
        flag = service.confirm(
            db.session,
            current_actor(),
            flag_id,
            stops_work=request.form.get("care") != "yes",
            now=utc_now(),
        )
        case_id = flag.case_id
    flash(_("The flag is confirmed. Whoever holds the case sees it."), "success")
    return redirect(url_for("cases.show", case_id=case_id))


@blueprint.post('/<ref("flag"):flag_id>/lift')
@requires(Permission.FLAG_DECIDE)
def lift(flag_id: int) -> Response | tuple[str, int]:
    """It is settled, or was not so; what it stopped may go on."""
    form = LiftForm(request.form)
    queries.get_flag(db.session, current_actor(), flag_id)
    if form.validate():
        try:
            with transaction(db.session):
                case_id = service.lift(
                    db.session, current_actor(), flag_id, reason=str(form.reason.data), now=utc_now()
                ).case_id
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The flag has come down."), "success")
            return redirect(url_for("cases.show", case_id=case_id))
    return _index(form), form.refused_with


def _index(form: LiftForm) -> str:
    actor, chosen = current_actor(), request.args.get("state", "")
    known = request.args.get("kind", "")
    kind = FlagKind(known) if known in set(FlagKind) else None
    page = queries.list_flags(
        db.session, actor, kind=kind, **presenter.FILTERED.get(chosen, {}), after=paging.after(int)
    )
    return render_template(
        "flags/index.html",
        page=page,
        pages=paging.addresses(page),
        chosen=chosen if chosen in presenter.FILTERED else "",
        form=form,
        show=presenter,
    )


def _creditors() -> list[tuple[int, str]]:
    actor = current_actor()
    if actor.side is Side.CREDITOR:
        return list(organisation_names(db.session, [actor.tenant]).items())
    return choices.creditors(db.session, actor)


def _raised(count: int) -> str:
    if not count:
        return _("It was known already: nothing has changed.")
    return ngettext("Work on %(n)s case has stopped.", "Work on %(n)s cases has stopped.", count, n=number(count))


def _begun() -> dict[str, str]:
    """The case that stands in the address, as the form's first account."""
    codec, actor = references(), current_actor()
    if "case" not in request.args:
        return {"creditor": codec.encode("organisation", actor.tenant)} if actor.side is Side.CREDITOR else {}
    case = get_case(db.session, actor, codec.decode("case", request.args["case"])).case
    return {"accounts": case.account_ref, "creditor": codec.encode("organisation", case.creditor_id)}
