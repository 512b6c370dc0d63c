"""The page of what waits for a person: each thing with its title, what it is about, its time, and where it is done."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.kernel.clock import local_date
from agencies.kernel.errors import msgs
from agencies.kernel.tenancy import Actor, Side
from assignments.tasks import Task, Tasks
from portal.i18n import say
from portal.presenters import approvals, incidents, locates, requests, sla, work
from portal.presenters.errands import errand_of
from portal.presenters.people import ROLE_NAMES

#: Kind -> the page of one such thing, and what its address calls it; the others are dealt with in their list.
_PAGES: dict[str, tuple[str, str]] = {
    "approvals": ("approvals.show", "approval_id"),
    "support_asked": ("support.show", "support_id"),
    "attestations_to_review": ("attestations.show", "attestation_id"),
    "attestations_lapsed": ("attestations.relation", "other_id"),
    "attestations_expiring": ("attestations.relation", "other_id"),
    "work_failed": ("uploads.show", "upload_id"),
    "files_to_map": ("uploads.show", "upload_id"),
    "files_to_decide": ("uploads.show", "upload_id"),
    "incidents_open": ("incidents.show", "incident_id"),
    "requests_late": ("requests.show", "request_id"),
    "requests_due": ("requests.show", "request_id"),
    "reports_late": ("reports.show", "report_id"),
    "reports_due": ("reports.show", "report_id"),
    "to_acknowledge": ("placements.consignment", "consignment_id"),
    "to_download": ("placements.consignment", "consignment_id"),
    "to_confirm": ("manifests.show", "consignment_id"),
    "not_acknowledged": ("placements.consignment", "consignment_id"),
    "recalls_to_answer": ("recalls.show", "recall_id"),
    "objections": ("recalls.show", "recall_id"),
    "recalls_to_close": ("recalls.show", "recall_id"),
    "enquiries_open": ("enquiries.show", "enquiry_id"),
    "lots_to_decide": ("market.show", "lot_id"),
    "lot_drafts": ("market.show", "lot_id"),
    "lots_to_bid": ("market.show", "lot_id"),
    "locates_to_acknowledge": ("locates.batch", "batch_id"),
    "people_to_find": ("investigation.order", "order_id"),
    "findings_to_verify": ("findings.show", "finding_id"),
    "on_hold": ("cases.show", "case_id"),
    "held_by_creditor": ("cases.show", "case_id"),
    "flags_to_confirm": ("cases.show", "case_id"),
    "idle": ("placements.consignment", "consignment_id"),
    "drafts": ("placements.wave", "wave_id"),
    "applications": ("applications.show", "application_id"),
}
#: What is about a code of its kind, in words.
_WORDS: dict[str, Mapping[Any, str]] = {
    "approvals": approvals.KINDS,
    "incidents_open": incidents.KINDS,
    "requests_late": requests.KINDS,
    "requests_due": requests.KINDS,
    "enquiries_open": sla.SUBJECTS,
    "findings_to_verify": locates.KINDS,
    "invited": ROLE_NAMES,
}
_COUNTED = frozenset({"recalls_to_answer", "objections", "recalls_to_close"})
_CASES = msgs("%(num)s case", "%(num)s cases")
#: Only here is a kind's list another one for the platform.
_LISTED_ONLY = frozenset({(Side.PLATFORM, "work_failed")})


@dataclass(frozen=True)
class Line:
    """One thing of the page."""

    title: str
    advice: str
    icon: str
    about: str
    other: str
    since: datetime | None
    due_at: datetime | None
    is_late: bool
    is_today: bool
    endpoint: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One kind to choose from."""

    kind: str
    title: str
    is_current: bool


@dataclass(frozen=True)
class Whole:
    """Where the rest of a kind stands."""

    title: str
    endpoint: str
    values: dict[str, str]


@dataclass(frozen=True)
class Page:
    """What the person has to do, what the other side has to do, and where there is more."""

    own: list[Line]
    theirs: list[Line]
    choices: list[Choice]
    more: list[Whole]


def page(
    actor: Actor,
    tasks: Tasks,
    kinds: list[str],
    chosen: str | None,
    names: Mapping[int, str],
    served: Container[str],
    *,
    now: datetime,
) -> Page:
    """The page; a thing whose page is not served leads to its list, and one with neither is left out."""
    rows = [one for one in tasks.rows if errand_of(actor, one.kind).endpoint in served]
    return Page(
        own=[_line(actor, one, names, now) for one in rows if not one.is_theirs],
        theirs=[_line(actor, one, names, now) for one in rows if one.is_theirs],
        choices=[Choice(kind, say(errand_of(actor, kind).title), kind == chosen) for kind in kinds],
        more=[_whole(actor, kind) for kind in kinds if kind in tasks.more],
    )


def houses(tasks: Tasks) -> set[int]:
    """The organisations on the other side."""
    return {one.other_id for one in tasks.rows if one.other_id is not None}


def _line(actor: Actor, one: Task, names: Mapping[int, str], now: datetime) -> Line:
    errand = errand_of(actor, one.kind)
    endpoint, values = errand.endpoint, dict[str, Any](errand.values)
    if one.kind in _PAGES and (actor.side, one.kind) not in _LISTED_ONLY:
        endpoint, argument = _PAGES[one.kind]
        values = {argument: one.number}
    is_late = one.is_late(now)
    today = local_date(now, actor.time_zone)
    return Line(
        title=say(errand.title),
        advice=say(errand.advice),
        icon=errand.icon,
        about=_about(one),
        other=names.get(one.other_id or 0, ""),
        since=one.since,
        due_at=one.due_at,
        is_late=is_late,
        is_today=not is_late and one.due_at is not None and local_date(one.due_at, actor.time_zone) == today,
        endpoint=endpoint,
        values=values,
    )


def _about(one: Task) -> str:
    if one.about is None:
        return ""
    if one.kind in _COUNTED:
        return say(_CASES, count=int(one.about))
    if one.kind == "work_failed" and one.about in work.KINDS:
        return say(work.KINDS[one.about])
    words = {str(getattr(code, "value", code)): text for code, text in _WORDS.get(one.kind, {}).items()}
    return say(words[one.about]) if one.about in words else one.about


def _whole(actor: Actor, kind: str) -> Whole:
    errand = errand_of(actor, kind)
    return Whole(say(errand.title), errand.endpoint, errand.values)
