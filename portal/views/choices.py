"""What selects offer, as (id, label), and names for what a page knows by id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Service
from agencies.mandates.queries import list_mandates
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import list_agencies, organisation_names, user_names
from agencies.standing.panel import members, on_panel
from assignments.cases.queries import Facets
from assignments.reports.calendar import Standing
from assignments.reports.queries import list_reports
from portal.forms.placements import Partner
from portal.presenters.cases import Names
from portal.presenters.mandates import rates, standing
from portal.presenters.reports import period
from uploads.kinds import SENDERS
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

#: As many reports as one agency can owe in years.
_MOST_REPORTS = 500


def agencies(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The agencies a mandate can be made with."""
    return [(one.id, one.name) for one in list_agencies(session, actor)]


def panel(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The agencies a lot can be offered to."""
    ids = on_panel(session, actor)
    names = organisation_names(session, ids)
    return sorted(((one, names.get(one, "–")) for one in ids), key=lambda one: one[1])


def mandates(session: Session, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """The mandates cases can be placed under, each with its agency and rate."""
    rows = standing(list_mandates(session, actor, on=local_date(now, actor.time_zone)))
    collecting = [row for row in rows if row.service is Service.COLLECT]
    return [(row.id, f"{row.agency_name} · {row.name} · {rates(row.terms)}") for row in collecting]


def partners(session: Session, actor: Actor, now: datetime) -> list[Partner]:
    """The same mandates, each with its agency."""
    rows = standing(list_mandates(session, actor, on=local_date(now, actor.time_zone)))
    labels = dict(mandates(session, actor, now))
    return [Partner(row.id, row.agency_id, labels[row.id]) for row in rows if row.id in labels]


def locate_mandates(session: Session, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """The mandates people can be ordered under, each with its agency."""
    rows = standing(list_mandates(session, actor, on=local_date(now, actor.time_zone)))
    return [(row.id, f"{row.agency_name} · {row.name}") for row in rows if row.service is Service.LOCATE]


def reports(session: Session, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """The reports an agency can send files for: those still owed first, then those handed in."""
    rows = list_reports(session, actor, limit=_MOST_REPORTS, now=now).rows
    owed = [row for row in rows if row.standing in {Standing.DUE, Standing.MISSING}]
    rest = [row for row in rows if row not in owed]
    return [
        (row.id, f"{period(row.period_start, row.period_end)} · {row.creditor_name} · {row.mandate_name}")
        for row in [*owed, *rest]
    ]


def creditors(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The creditors an agency has a mandate with, standing or ended; who sees no mandates, those it is known to."""
    if not actor.may(Permission.MANDATE_VIEW):
        known = organisation_names(session, [one.creditor_id for one in members(session, actor)])
        return sorted(known.items(), key=lambda one: one[1])
    found = {row.creditor_id: row.creditor_name for row in list_mandates(session, actor)}
    return sorted(found.items(), key=lambda one: one[1])


def named_facets(facets: Facets) -> Names:
    """Names of the portfolios and agencies a selection may name."""
    return Names(dict(facets.portfolios), dict(facets.agencies))


def kinds_of_files(actor: Actor) -> tuple[UploadKind, ...]:
    """The kinds of files the actor may send, of those that are understood."""
    return tuple(
        kind
        for kind, sender in SENDERS.items()
        if kind in SCHEMAS and actor.side is sender.side and actor.may(sender.permission)
    )


def people(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people."""
    return user_names(session, [one for one in ids if one is not None])


def organisations(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of organisations."""
    return organisation_names(session, [one for one in ids if one is not None])
