"""Notices in sentences, each with the page where something can be done about it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import msg, msgs
from agencies.kernel.notices import Notice
from agencies.kernel.tenancy import Actor
from portal.filters import day, number
from portal.i18n import say
from portal.presenters.attestation_notices import OF_ATTESTATIONS
from portal.presenters.case_notices import OF_CASES
from portal.presenters.standing_notices import OF_STANDING
from portal.presenters.tellings import OF_TRUST, Telling

#: Details that hold an organisation's id, in the order in which the one spoken of is looked for.
_HOUSES = ("about", "agency_id", "creditor_id")


_LOT = {"lot_id": "lot_id"}
_MANDATE = {"mandate_id": "mandate_id"}
_REPORT = {"report_id": "report_id"}
_ENQUIRY = {"enquiry_id": "enquiry_id"}

#: Kind -> how it is told; whoever writes a new kind of notice adds its line here.
TELLINGS: dict[str, Telling] = {
    **OF_CASES,
    **OF_TRUST,
    **OF_ATTESTATIONS,
    **OF_STANDING,
    "recall.requested": Telling(
        msgs(
            "%(house)s takes %(cases)s case back; your access ends on %(effective_on)s",
            "%(house)s takes %(cases)s cases back; your access ends on %(effective_on)s",
        ),
        "arrow-left",
        "recalls.show",
        {"recall_id": "recall_id"},
        is_urgent=True,
    ),
    "recall.accepted": Telling(
        msgs(
            "%(house)s confirms that work on %(cases)s recalled case has stopped",
            "%(house)s confirms that work on %(cases)s recalled cases has stopped",
        ),
        "check",
        "recalls.show",
        {"recall_id": "recall_id"},
    ),
    "recall.objected": Telling(
        msgs(
            "%(house)s objects to the recall of %(cases)s case; decide before %(effective_on)s",
            "%(house)s objects to the recall of %(cases)s cases; decide before %(effective_on)s",
        ),
        "message",
        "recalls.show",
        {"recall_id": "recall_id"},
        is_urgent=True,
    ),
    "recall.decided": Telling(
        msg("%(house)s has decided on your objection; your access ends on %(effective_on)s"),
        "calendar-due",
        "recalls.show",
        {"recall_id": "recall_id"},
    ),
    "recall.withdrawn": Telling(
        msgs(
            "%(house)s leaves %(cases)s case with you after all",
            "%(house)s leaves %(cases)s cases with you after all",
        ),
        "check",
        "recalls.show",
        {"recall_id": "recall_id"},
    ),
    "recall.executed": Telling(
        msgs(
            "Your access to %(cases)s case of %(house)s has ended; attest what became of its data",
            "Your access to %(cases)s cases of %(house)s has ended; attest what became of their data",
        ),
        "shield-lock",
        "recalls.show",
        {"recall_id": "recall_id"},
        is_urgent=True,
    ),
    "recall.made_by_terms": Telling(
        msgs(
            "%(cases)s case is being recalled by the terms of its mandate; look at it before its date",
            "%(cases)s cases are being recalled by the terms of their mandates; look at them before their date",
        ),
        "clock",
        "recalls.index",
    ),
    "recall.closed": Telling(
        msgs(
            "%(house)s has closed the recall of %(cases)s case",
            "%(house)s has closed the recall of %(cases)s cases",
        ),
        "circle-check",
        "recalls.show",
        {"recall_id": "recall_id"},
    ),
    "consignment.rejected": Telling(
        msgs(
            "%(house)s rejected %(cases)s placed case; see why, and place it elsewhere",
            "%(house)s rejected %(cases)s placed cases; see why, and place them elsewhere",
        ),
        "arrow-left",
        "placements.consignment",
        {"consignment_id": "consignment_id"},
        is_urgent=True,
    ),
    "promise.beyond_authority": Telling(
        msg("%(house)s agreed %(promises)s discounts beyond its terms"), "alert-triangle", "promises.index"
    ),
    "inventory.differs": Telling(
        msg("The list of %(house)s as of %(as_of)s differs from the placements in %(differences)s cases"),
        "clipboard-list",
        "inventories.show",
        {"inventory_id": "inventory_id"},
    ),
    "locate.ordered": Telling(
        msg("%(house)s orders %(orders)s people to be found by %(due_on)s"),
        "user-search",
        "locates.batch",
        {"batch_id": "batch_id"},
    ),
    "locate.withdrawn": Telling(
        msg("%(house)s took %(orders)s locate orders back; stop looking"),
        "alert-triangle",
        "locates.batch",
        {"batch_id": "batch_id"},
        is_urgent=True,
    ),
    "finding.submitted": Telling(msg("%(house)s handed in findings to be verified"), "checks", "findings.index"),
    "contact.released": Telling(
        msg("%(house)s released a contact point of one of your cases; download its file again"),
        "map-pin",
        "cases.show",
        {"case_id": "case_id"},
    ),
    "contact.revoked": Telling(
        msg("%(house)s took a contact point of one of your cases back; stop using it now"),
        "alert-triangle",
        "cases.show",
        {"case_id": "case_id"},
        is_urgent=True,
    ),
    "conduct.breached": Telling(
        msg("Activities that break the contact rules were found today; they concern %(house)s"),
        "scale",
        "conduct.index",
        is_urgent=True,
    ),
    "mandate.proposed": Telling(
        msg("%(house)s proposes terms for %(name)s; they wait for your signature"),
        "file-text",
        "mandates.accept",
        _MANDATE,
        is_urgent=True,
    ),
    "mandate.accepted": Telling(
        msg("%(house)s signed version %(version)s of %(name)s"), "file-check", "mandates.show", _MANDATE
    ),
    "mandate.declined": Telling(
        msg("%(house)s declined version %(version)s of %(name)s"), "circle-x", "mandates.show", _MANDATE
    ),
    "mandate.withdrawn": Telling(
        msg("%(house)s withdrew version %(version)s of %(name)s"), "circle-x", "mandates.show", _MANDATE
    ),
    "lot.listed": Telling(
        msg("%(house)s offers you %(name)s; bids until %(bids_until)s"), "gavel", "market.show", _LOT
    ),
    "lot.withdrawn": Telling(msg("%(house)s withdrew %(name)s"), "circle-x", "market.show", _LOT),
    "lot.expired": Telling(msg("%(name)s of %(house)s expired without an award"), "clock", "market.show", _LOT),
    "lot.closed": Telling(
        msg("Bids on %(name)s are closed: %(bids)s to compare"), "scale", "market.bids", _LOT, is_urgent=True
    ),
    "bid.won": Telling(msg("You won %(name)s of %(house)s"), "trophy", "market.show", _LOT, is_urgent=True),
    "bid.declined": Telling(msg("%(name)s of %(house)s went to another bid"), "circle-x", "market.show", _LOT),
    "report.due_soon": Telling(
        msg("The report from %(period_start)s to %(period_end)s, between you and %(house)s, is due on %(last_day)s"),
        "calendar-due",
        "reports.show",
        _REPORT,
    ),
    "report.due_today": Telling(
        msg("The report from %(period_start)s to %(period_end)s, between you and %(house)s, is due today"),
        "calendar-due",
        "reports.show",
        _REPORT,
        is_urgent=True,
    ),
    "report.missing": Telling(
        msg("The report from %(period_start)s to %(period_end)s, between you and %(house)s, is missing"),
        "alert-triangle",
        "reports.show",
        _REPORT,
        is_urgent=True,
    ),
    "report.completed": Telling(
        msg("%(house)s handed in the report from %(period_start)s to %(period_end)s"),
        "file-check",
        "reports.show",
        _REPORT,
    ),
    "report.corrected": Telling(
        msg("%(house)s corrected the report from %(period_start)s to %(period_end)s: version %(version)s"),
        "edit",
        "reports.show",
        _REPORT,
    ),
    "enquiry.asked": Telling(
        msg("%(house)s asks about a case; its clock stands still until you answer"),
        "message",
        "enquiries.show",
        _ENQUIRY,
        is_urgent=True,
    ),
    "manifest.mismatched": Telling(
        msg("%(house)s found other totals in a file of placed cases than it was handed"),
        "alert-triangle",
        "manifests.show",
        {"consignment_id": "consignment_id"},
        is_urgent=True,
    ),
    "enquiry.answered": Telling(
        msg("%(house)s answered your question about a case"), "message", "enquiries.show", _ENQUIRY
    ),
}


@dataclass(frozen=True)
class NoticeLine:
    """One notice as the page shows it."""

    at: datetime
    sentence: str
    icon: str
    endpoint: str | None
    values: dict[str, Any]
    is_new: bool
    is_urgent: bool


def houses(notices: Iterable[Notice]) -> list[int]:
    """The organisations that notices speak of."""
    return [number for notice in notices for name in _HOUSES if isinstance(number := notice.details.get(name), int)]


def lines(
    notices: Iterable[Notice],
    actor: Actor,
    names: Mapping[int, str],
    served: Container[str],
    *,
    seen: datetime | None,
) -> list[NoticeLine]:
    """The notices in the reader's language; what was not there at the last look is new."""
    return [_line(notice, actor, names, served, seen) for notice in notices]


def _line(
    notice: Notice, actor: Actor, names: Mapping[int, str], served: Container[str], seen: datetime | None
) -> NoticeLine:
    told = TELLINGS.get(notice.kind) or Telling(notice.kind)
    details = notice.details
    others = [details[name] for name in _HOUSES if details.get(name) not in (None, actor.organisation_id)]
    house = next((names[one] for one in others if one in names), say(msg("an organisation")))
    values = {name: details.get(source) for name, source in told.values.items()}
    is_open = told.endpoint in served and None not in values.values()
    return NoticeLine(
        at=notice.created_at,
        sentence=say(
            told.sentence,
            {**{name: _told(value) for name, value in details.items()}, "house": house},
            count=details.get("cases", 0),
        ),
        icon=told.icon,
        endpoint=told.endpoint if is_open else None,
        values=values if is_open else {},
        is_new=seen is None or notice.created_at > seen,
        is_urgent=told.is_urgent,
    )


def _told(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, str) and len(value) == len("2026-01-01"):
        try:
            return day(date.fromisoformat(value))
        except ValueError:
            return value
    return value
