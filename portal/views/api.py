"""What other systems of a creditor or an agency can do with a key: look at portfolios and placements, send files, act.

Each of these calls the service that a page calls, so that what holds for people holds for systems.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, request

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.cases.queries import page_portfolios
from assignments.placements import queries as placements
from assignments.placements import service as placing
from assignments.placements.models import PlacementState
from portal.api import shape
from portal.api.answering import does, looks
from portal.api.door import key_actor, key_holder
from portal.api.problems import Fault, Unfit
from portal.extensions import db
from portal.forms.fields import references
from portal.i18n import say
from portal.presenters import api as presenter
from portal.receiving import incoming_of
from portal.security import by_key, takes_files
from portal.views.stages import ports
from uploads import queries, receiving, service
from uploads.kinds import SENDERS
from uploads.models import UploadKind

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
#: Kinds of files a key can be allowed to send.
KINDS = tuple(kind for kind in UploadKind if SENDERS[kind].permission in {"portfolio.upload", "report.submit"})
_NO_SUCH_WORD = msg("Use one of: %(words)s.")


class Apply(shape.Body):
    """Whether the good rows are taken over although others were turned away."""

    good_rows_only: bool = False


@blueprint.get("/me")
@by_key()
@looks()
def me() -> dict[str, Any]:
    """The organisation, and what the key may do."""
    return presenter.holder(key_holder(), references())


@blueprint.get("/portfolios")
@by_key(Permission.CASE_VIEW)
@looks("after")
def portfolios() -> dict[str, Any]:
    """The creditor's portfolios, the newest first."""
    after = shape.reference("portfolio", request.args.get("after"), "?after")
    page = page_portfolios(db.session, key_actor(), after=after)
    codec = references()
    return presenter.listed(page, partial(presenter.portfolio, codec=codec), partial(codec.encode, "portfolio"))


@blueprint.get("/consignments")
@by_key(Permission.PLACEMENT_VIEW)
@looks("after", "state")
def consignments() -> dict[str, Any]:
    """What was placed, the newest first: with the agency, or by the creditor."""
    after, state = shape.reference("consignment", request.args.get("after"), "?after"), request.args.get("state")
    wanted = None if state is None else PlacementState(_one_of(state, list(PlacementState), "?state"))
    page = placements.list_consignments(db.session, key_actor(), state=wanted, after=after)
    codec = references()
    return presenter.listed(page, partial(presenter.consignment, codec=codec), partial(codec.encode, "consignment"))


@blueprint.get('/consignments/<ref("consignment"):consignment_id>')
@by_key(Permission.PLACEMENT_VIEW)
@looks()
def consignment(consignment_id: int) -> dict[str, Any]:
    """One consignment."""
    return presenter.consignment(placements.get_consignment(db.session, key_actor(), consignment_id), references())


@blueprint.get('/consignments/<ref("consignment"):consignment_id>/placements')
@by_key(Permission.PLACEMENT_VIEW)
@looks("after")
def consigned(consignment_id: int) -> dict[str, Any]:
    """The cases of a consignment, without their people."""
    actor, codec = key_actor(), references()
    row = placements.get_consignment(db.session, actor, consignment_id)
    last = shape.reference("placement", request.args.get("after"), "?after")
    after = None if last is None else (row.creditor_id, row.agency_id, last)
    page = placements.list_placements(db.session, actor, consignment_id, after=after)
    return presenter.listed(
        page, partial(presenter.placement, codec=codec), lambda last: codec.encode("placement", last[2])
    )


@blueprint.post('/consignments/<ref("consignment"):consignment_id>/acknowledge')
@by_key(Permission.PLACEMENT_ACKNOWLEDGE)
@does
def acknowledge(consignment_id: int) -> tuple[dict[str, Any], int]:
    """The agency takes the cases of a consignment on."""
    shape.check_empty()
    placing.acknowledge(db.session, key_actor(), consignment_id, now=utc_now())
    return {"id": references().encode("consignment", consignment_id), "state": PlacementState.ACKNOWLEDGED.value}, 200


@blueprint.post("/files")
@by_key(Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT)
@takes_files
@does
def send() -> tuple[dict[str, Any], int]:
    """Take a file in; the same bytes again are the same file. Columns confirmed once on the page are read as then."""
    shape.check_parts(("kind", "creditor"), "file")
    received = receiving.receive(
        db.session,
        key_actor(),
        incoming_of(request.files["file"]),
        kind=UploadKind(_one_of(request.form.get("kind"), KINDS, "#/kind")),
        filename=request.files["file"].filename or "",
        creditor_id=_creditor(),
        reads_as_before=True,
        allowance=ports().allowance,
        now=utc_now(),
    )
    return presenter.file(received.upload, references()), 200 if received.is_repeat else 201


@blueprint.get('/files/<ref("upload"):upload_id>')
@by_key(Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT)
@looks()
def sent(upload_id: int) -> dict[str, Any]:
    """A file at its stage; asked for again until it is checked, or applied."""
    return presenter.file(queries.get_upload(db.session, key_actor(), upload_id), references())


@blueprint.post('/files/<ref("upload"):upload_id>/apply')
@by_key(Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT)
@does
def apply(upload_id: int) -> tuple[dict[str, Any], int]:
    """Have the rows of a checked file taken over: all of them, or the good ones only."""
    told = shape.read_json(Apply)
    upload = service.apply(db.session, key_actor(), upload_id, good_rows_only=told.good_rows_only, now=utc_now())
    return presenter.file(upload, references()), 202


def _creditor() -> int | None:
    """Whose cases an agency's file speaks of; a creditor's own file speaks of its own."""
    given, is_asked = request.form.get("creditor"), key_actor().side is Side.AGENCY
    if is_asked and given is None:
        raise shape.missing("#/creditor")
    if not is_asked and given is not None:
        raise shape.unknown("#/creditor")
    return shape.reference("organisation", given, "#/creditor")


def _one_of(given: str | None, words: Any, where: str) -> str:
    if given is None:
        raise shape.missing(where)
    if given not in set(words):
        raise Unfit(Fault(where, say(_NO_SUCH_WORD, {"words": ", ".join(words)})))
    return given
