"""What the pages of requests are filled with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import render_template, request
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import Organisation
from agencies.standing.panel import members
from assignments.subjects import erasing, handling, holds, keeping, lookup, queries, service, stopping
from assignments.subjects.models import Outcome, RequestKind, RequestState
from portal.extensions import db
from portal.forms.attestations import ReasonForm
from portal.forms.base import PortalForm
from portal.forms.refusals import RefusalForm
from portal.forms.requests import (
    AnswerRequestForm,
    ExtendForm,
    IdentityForm,
    MendForm,
    MendWayForm,
    RequestRegisterForm,
    SearchForm,
)
from portal.i18n import language
from portal.identity import current_actor, written_down
from portal.presenters import requests as presenter
from portal.presenters.cases import CONTACTS
from portal.views import choices, paging
from portal.views.seen import seen_people


def register() -> str:
    """The register with its filter, and the half-year's numbers."""
    actor, now = current_actor(), utc_now()
    form = RequestRegisterForm(request.args).offer()
    page = queries.list_requests(db.session, actor, form.register, now=now, after=paging.after(int))
    begins, ends = _half_year(now, actor.time_zone)
    return render_template(
        "requests/index.html",
        form=form,
        lines=[presenter.line(one, now) for one in page.rows],
        pages=paging.addresses(page),
        is_filtered=form.register != queries.Register(),
        numbers=queries.statistics(db.session, actor, begins, ends),
        half=(begins, ends),
        show=presenter,
    )


def register_file() -> Iterator[bytes]:
    """The register that the filter shows."""
    actor, now = current_actor(), utc_now()
    form = RequestRegisterForm(request.args).offer()
    yield csv_bytes(presenter.register_rows(queries.whole_register(db.session, actor, form.register, now=now)))


def retention() -> str:
    """How long data stay, and what is held fast."""
    actor, now = current_actor(), utc_now()
    held = holds.list_holds(db.session, actor, now=now)
    return render_template(
        "requests/retention.html",
        classes=keeping.retentions(),
        holds=held,
        people=choices.people(db.session, [one.placed_by for one in held]),
        may_handle=actor.may("request.handle"),
        form=ReasonForm(),
        language=language(),
    )


#: Requests about single ways to reach a person.
_BY_WAYS = stopping.STOPPING | {RequestKind.RECTIFICATION}


def page(request_id: int, *, sought: SearchForm | None = None, refused: dict[str, PortalForm] | None = None) -> str:
    """The page of one request; a form that was refused is shown as it was filled in."""
    actor, now = current_actor(), utc_now()
    detail = queries.get_request(db.session, actor, request_id)
    may_handle = actor.may("request.handle")
    is_sought = sought is not None and may_handle and sought.validate() and not sought.sought.is_empty
    seen_people([one.debtor_id for one in detail.people], request_id)
    found = _searched(request_id, sought.sought) if sought is not None and is_sought else []
    mend = MendForm()
    mend.person.offer(people_of(request_id))
    one = detail.request
    lacking = handling.lacking(db.session, one) if may_handle else None
    forms: dict[str, PortalForm] = {
        "identity": IdentityForm().offer(),
        "people": RefusalForm(),
        "extend": ExtendForm(),
        "mend": mend,
        "mend_way": MendWayForm(),
        "erase": RefusalForm(),
        "stop": RefusalForm(),
        "answer": AnswerRequestForm(data={"outcome": Outcome.REFUSED.value if lacking else None}).offer(),
    }
    return render_template(
        "requests/show.html",
        detail=detail,
        one=one,
        line=presenter.line(one, now),
        forms_of=forms | (refused or {}),
        search=sought or SearchForm(),
        found=found,
        is_sought=is_sought,
        may_handle=may_handle,
        is_open=one.state in {RequestState.RECEIVED, RequestState.IDENTIFIED},
        is_identified=one.state is RequestState.IDENTIFIED,
        may_extend=may_handle and service.can_be_extended(one, actor.time_zone, now=now),
        obstacles=_obstacles(actor, detail, now) if one.kind is RequestKind.ERASURE else [],
        ways=stopping.ways_of(db.session, one) if may_handle and one.kind in _BY_WAYS else [],
        may_stop=one.kind in stopping.STOPPING,
        kinds=CONTACTS,
        lacking=lacking,
        names=choices.organisations(db.session, [one.agency_id]) if one.agency_id else {},
        people_names=choices.people(db.session, [one.registered_by, *(step.by for step in detail.steps)]),
        is_late_forward=service.forwarded_late(one),
        show=presenter,
    )


def people_of(request_id: int) -> list[tuple[int, str]]:
    """Whose data a request is about, to choose from."""
    detail = queries.get_request(db.session, current_actor(), request_id)
    return [(one.debtor_id, f"{one.name or '–'} · {', '.join(one.accounts[:3])}") for one in detail.people]


def document(request_id: int, words: str, outcome: Outcome, now: datetime) -> str:
    """The answer as it will be kept."""
    actor = current_actor()
    detail = queries.get_request(db.session, actor, request_id)
    files = [file for one in detail.people for file in erasing.files_with(db.session, actor, one.debtor_id)]
    home = db.session.get_one(Organisation, actor.tenant)
    return presenter.document(detail, words, outcome, files, f"{home.legal_name} · {home.tax_id}", now)


def answered(request_id: int) -> str:
    """The answer as it was given; raises `NotFound` where there is none."""
    detail = queries.get_request(db.session, current_actor(), request_id)
    if detail.document is None or detail.is_covered:
        raise NotFound
    seen_people([one.debtor_id for one in detail.people], request_id)
    return detail.document[0]


def creditors(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The creditors an agency can pass a request on to."""
    ids = [one.creditor_id for one in members(session, actor)]
    names = choices.organisations(session, ids)
    return sorted(((one, names.get(one, "–")) for one in ids), key=lambda one: one[1])


def _searched(request_id: int, sought: lookup.Sought) -> list[lookup.Hit]:
    with written_down():
        return lookup.search(db.session, current_actor(), request_id, sought, now=utc_now())


def _obstacles(actor: Actor, detail: queries.Detail, now: datetime) -> list[str]:
    found = {one for hit in detail.people for one in erasing.obstacles(db.session, actor, hit.debtor_id, now=now)}
    return [erasing.OBSTACLES[one] for one in erasing.Obstacle if one in found]


def _half_year(now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    day, zone = local_date(now, time_zone), ZoneInfo(time_zone)
    begins = datetime(day.year, 1 if day.month <= 6 else 7, 1, tzinfo=zone)
    ends = datetime(day.year + (day.month > 6), 7 if day.month <= 6 else 1, 1, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)
