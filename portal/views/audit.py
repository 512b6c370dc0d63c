"""Who did what and who saw what, when and what for; and whether what is written down still stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request

from agencies.kernel import chains as walks
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.tenancy import Side
from agencies.organisations import queries
from agencies.organisations.permissions import Permission
from assignments.cases.queries import get_case
from assignments.reads import queries as log
from portal.extensions import db
from portal.forms.fields import references
from portal.identity import current_actor
from portal.presenters import audit, auditfiles, auditfilter, audittopics, reads
from portal.presenters import chains as presenter
from portal.presenters.auditfilter import AuditFilter
from portal.security import requires
from portal.views import choices, paging
from portal.views.downloads import CSV, XLSX, saved_file

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
reader = requires(Permission.AUDIT_VIEW)


@blueprint.get("/")
@reader
def index() -> str:
    """One page of the organisation's trail, newest first."""
    actor, wanted = current_actor(), _wanted()
    page = queries.list_events(db.session, actor, **wanted.of_trail(actor.time_zone), before=paging.after(int))
    return _page(
        "audit/index.html", wanted, trail=audit.trail(page), topics=audittopics.TOPICS, pages=paging.addresses(page)
    )


@blueprint.get("/reads")
@requires(Permission.AUDIT_VIEW)
def seen() -> str:
    """One page of the read log, newest first: whose data were shown to whom."""
    actor, wanted = current_actor(), _wanted()
    asked = wanted.of_reads(actor.time_zone, _creditor(wanted))
    page = log.list_reads(db.session, actor, asked, before=paging.after(datetime, int))
    return _page(
        "audit/reads.html",
        wanted,
        lines=reads.lines(page.rows, _names(page.rows), actor.tenant, references().encode),
        pages=paging.addresses(page),
        groups=reads.GROUPS,
        purposes=reads.PURPOSES,
    )


@blueprint.get("/listing.csv", defaults={"kind": "csv"})
@blueprint.get("/listing.xlsx", defaults={"kind": "xlsx"})
@reader
def export(kind: str) -> Response:
    """Everything of the trail that the page's filter shows, as a file."""
    actor, wanted, now = current_actor(), _wanted(), utc_now()
    asked = wanted.of_trail(actor.time_zone)
    pieces = auditfiles.of_trail(db.session, actor, asked, kind, now=now)
    name = auditfiles.file_name("trail", local_date(now, actor.time_zone), kind)
    return saved_file(lambda: pieces, name, XLSX if kind == "xlsx" else CSV)


@blueprint.get("/reads.csv", defaults={"kind": "csv"})
@blueprint.get("/reads.xlsx", defaults={"kind": "xlsx"})
@reader
def export_reads(kind: str) -> Response:
    """Everything of the read log that the page's filter shows, as a file."""
    actor, wanted, now = current_actor(), _wanted(), utc_now()
    asked = wanted.of_reads(actor.time_zone, _creditor(wanted))
    pieces = auditfiles.of_reads(db.session, actor, asked, kind, _names, references().encode, now=now)
    name = auditfiles.file_name("reads", local_date(now, actor.time_zone), kind)
    return saved_file(lambda: pieces, name, XLSX if kind == "xlsx" else CSV)


@blueprint.get("/chains")
@reader
def chains() -> str:
    """The last walks along the organisation's chain; the operator sees the last one of every chain."""
    actor = current_actor()
    is_all = actor.side is Side.PLATFORM
    if is_all:
        found = list(walks.last_checks(db.session, queries.organisation_ids(db.session, actor)).values())
    else:
        found = walks.list_checks(db.session, actor.tenant)
    names = queries.organisation_names(db.session, {one.organisation_id for one in found})
    return render_template("audit/chains.html", lines=presenter.lines(found, names), is_all=is_all)


def _wanted() -> AuditFilter:
    return AuditFilter.from_arguments(request.args, references())


def _creditor(wanted: AuditFilter) -> int | None:
    """Whose the case is that was asked for; the reader may see it, or gets nothing."""
    if wanted.case is None:
        return None
    actor = current_actor()
    return actor.tenant if actor.side is Side.CREDITOR else get_case(db.session, actor, wanted.case).case.creditor_id


def _names(found: Any) -> reads.Names:
    houses = [n for one in found for n in (one.agency_id, one.creditor_id)]
    return reads.Names(choices.people(db.session, log.users_of(found)), choices.organisations(db.session, houses))


def _page(template: str, wanted: AuditFilter, **shown: object) -> str:
    actor = current_actor()
    people = queries.list_users(db.session, actor) if actor.may(Permission.USER_VIEW) else []
    has_reads = actor.side is not Side.PLATFORM
    kept = {name: request.args[name] for name in auditfilter.NAMES if request.args.get(name)}
    sides = auditfilter.SIDES
    return render_template(template, wanted=wanted, kept=kept, people=people, sides=sides, has_reads=has_reads, **shown)
