"""What the pages and files of incidents are filled with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import msg
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.queries import home_country, list_users
from assignments.deadlines import rules
from assignments.incidents import clocks, queries
from assignments.incidents.models import Incident, IncidentState
from assignments.incidents.people import Subject
from assignments.placements.queries import list_consignments
from portal.extensions import db
from portal.filters import instant
from portal.forms.attestations import EvidenceForm, ReasonForm
from portal.forms.base import PortalForm
from portal.forms.incidents import AssessForm, RegisterForm, ToldForm, countries
from portal.i18n import country_name, language, say
from portal.identity import current_actor, written_down
from portal.presenters import deadlines
from portal.presenters import incidents as presenter
from portal.views import choices, paging
from portal.views.second_person import asked
from portal.workbooks import SheetColumn, workbook

_ROWS = 1_000


def register() -> str:
    """The register with its filter."""
    actor, form = current_actor(), RegisterForm(request.args).offer()
    page = queries.list_incidents(db.session, actor, form.register, after=paging.after(int))
    return render_template(
        "incidents/index.html",
        form=form,
        lines=_lines(actor, list(page.rows)),
        pages=paging.addresses(page),
        is_filtered=form.register != queries.Register(),
        show=presenter,
    )


def register_file() -> Iterator[bytes]:
    """The register that the filter shows."""
    actor, form = current_actor(), RegisterForm(request.args).offer()
    found = queries.whole_register(db.session, actor, form.register, now=utc_now())
    yield csv_bytes(presenter.register_rows(_lines(actor, found)))


def matrix() -> str:
    """The deadlines of every country today."""
    actor = current_actor()
    on = local_date(utc_now(), actor.time_zone)
    laws: dict[str, list[rules.Rule]] = {}
    for rule in rules.matrix(on=on):
        laws.setdefault(rule.country, []).append(rule)
    return render_template(
        "incidents/deadlines.html",
        laws={country_name(country): found for country, found in laws.items()},
        policy=[rules.policy_of(one) for one in (rules.Duty.BREACH_TO_CREDITOR, rules.Duty.FORWARD, rules.Duty.ANSWER)],
        on=on,
        show=deadlines,
        language=language(),
    )


def incident(incident_id: int, **refused: Any) -> str:
    """The page of one incident; a form that was refused is shown as it was filled in."""
    actor = current_actor()
    forms: dict[str, PortalForm] = {"assess": AssessForm(), "people": ToldForm(), "close": ReasonForm()}
    forms["authority"] = ToldForm().offer(countries())
    return render_template(
        "incidents/show.html",
        **_shown(incident_id),
        forms_of={**forms, **refused},
        opened=next(iter(refused), ""),
        file_form=EvidenceForm(),
        may_handle=actor.may("incident.handle"),
        may_say=actor.may("incident.handle") or actor.may("incident.report"),
    )


def printed(incident_id: int) -> str:
    """The report for the authority: facts, counts, deadlines, and the first of the people."""
    actor = current_actor()
    shown = _shown(incident_id)
    with written_down():
        queries.let_print(db.session, actor, shown["part"], now=utc_now())
    found = queries.subjects(db.session, actor, incident_id, limit=queries.PRINTED)
    return render_template(
        "incidents/print.html",
        **shown,
        head=presenter.subject_head(),
        rows=list(presenter.subject_rows(found)),
        most=queries.PRINTED,
        printed_at=utc_now(),
    )


def people_csv(incident_id: int) -> Iterator[bytes]:
    """Everybody an incident touches, in pieces; that it left is recorded."""
    yield csv_bytes([presenter.subject_head()])
    rows = presenter.subject_rows(_people(incident_id))
    while piece := list(islice(rows, _ROWS)):
        yield csv_bytes(piece)


def people_xlsx(incident_id: int) -> Iterator[bytes]:
    """Everybody an incident touches, as a workbook; that it left is recorded."""
    columns = [SheetColumn(one) for one in presenter.subject_head()]
    yield workbook(say("People"), columns, presenter.subject_rows(_people(incident_id)))


def ask_for_people(incident_id: int) -> Response:
    """Ask a second person to let the people of an incident go, on paper and as a file."""
    actor = current_actor()
    part = queries.get_incident(db.session, actor, incident_id).part
    taking = queries.taking_of(db.session, actor, part, now=utc_now())
    words = [(msg("Incident"), say(presenter.KINDS[part.kind])), (msg("Reported at"), instant(part.reported_at))]
    return asked(taking, words=words, arguments={"incident_id": str(incident_id)})


def consignments(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """What a report can be narrowed to, the latest first."""
    if not actor.may("placement.view"):
        return []
    rows = list_consignments(session, actor).rows
    return [(row.id, f"{row.name} · {row.creditor_name}") for row in rows]


def users(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Whose access may have been stolen, for those who see their people."""
    if not actor.may("user.view"):
        return []
    return [(one.id, one.name) for one in list_users(session, actor)]


def _people(incident_id: int) -> Iterator[Subject]:
    actor = current_actor()
    part = queries.get_incident(db.session, actor, incident_id).part
    queries.record_export(db.session, actor, part, now=utc_now())
    return queries.subjects(db.session, actor, incident_id)


def _shown(incident_id: int) -> dict[str, Any]:
    actor, now = current_actor(), utc_now()
    detail = queries.get_incident(db.session, actor, incident_id)
    part = detail.part
    home = home_country(db.session, actor)
    told = clocks.clocks(part, detail.steps, home=home, time_zone=actor.time_zone)
    ours = clocks.reporting_clock(part, home=home, time_zone=actor.time_zone)
    parts = [part, *detail.siblings]
    ids = {number for one in parts for number in (one.creditor_id, one.agency_id) if number}
    people = [*(one.stated_by for one in detail.statements), *(one.recorded_by for one in detail.steps)]
    return {
        "detail": detail,
        "part": part,
        "facts": detail.facts,
        "clocks": presenter.clock_lines(told, language(), now=now) if actor.side is Side.CREDITOR else [],
        "ours": presenter.clock_lines([ours], language(), now=now)[0],
        "is_late": ours.is_late(now),
        "names": choices.organisations(db.session, ids),
        "people_names": choices.people(db.session, people),
        "show": presenter,
        "countries": {country_name(code): count for code, count in sorted(part.countries.items())},
        "is_closed": part.state is IncidentState.CLOSED,
    }


def _lines(actor: Actor, parts: list[Incident]) -> list[presenter.RegisterLine]:
    now, home = utc_now(), home_country(db.session, actor)
    ids = {number for one in parts for number in (one.creditor_id, one.agency_id) if number}
    names = choices.organisations(db.session, ids)
    steps = queries.steps_of(db.session, actor, parts)
    found = []
    for part in parts:
        due = None
        if actor.side is Side.CREDITOR:
            due = clocks.next_due(clocks.clocks(part, steps[part.id], home=home, time_zone=actor.time_zone))
        found.append(presenter.register_line(part, names, actor, due, now))
    return found
