"""The menu at the left: what each role can go to, in the order of the work."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class Destination:
    """One entry of the menu."""

    label: str
    endpoint: str
    icon: str
    permission: Permission | None = None
    #: Sides it is meant for, where a permission alone does not tell.
    sides: frozenset[Side] = frozenset({Side.CREDITOR, Side.AGENCY, Side.PLATFORM})
    #: Who may do this comes there from another entry.
    unless: Permission | None = None


@dataclass(frozen=True)
class MenuItem:
    """A destination as one page shows it."""

    label: str
    endpoint: str
    icon: str
    is_current: bool


_CREDITOR = frozenset({Side.CREDITOR})
_AGENCY = frozenset({Side.AGENCY})
_P = Permission

DESTINATIONS = (
    Destination(msg("Home"), "home.index", "home"),
    Destination(msg("Tasks"), "tasks.index", "circle-check"),
    Destination(msg("Files"), "uploads.index", "file-import", _P.PORTFOLIO_UPLOAD),
    Destination(msg("Files"), "uploads.index", "file-import", _P.REPORT_SUBMIT),
    Destination(msg("Work list"), "activities.worklist", "phone", _P.ACTIVITY_RECORD, _AGENCY),
    Destination(msg("Cases"), "cases.index", "list-details", _P.CASE_VIEW),
    Destination(msg("Segments"), "segments.index", "filter", _P.CASE_VIEW, _CREDITOR),
    Destination(msg("Placements"), "placements.index", "send", _P.PLACEMENT_VIEW),
    Destination(msg("Recalls and returns"), "recalls.index", "arrow-left", _P.PLACEMENT_VIEW),
    Destination(msg("Flags"), "flags.index", "alert-circle", _P.CASE_VIEW, frozenset({Side.CREDITOR, Side.AGENCY})),
    Destination(msg("Market"), "market.index", "gavel", _P.LOT_VIEW),
    Destination(msg("Locating people"), "locates.index", "map-pin", _P.LOCATE_VIEW),
    Destination(msg("People to be found"), "investigation.queue", "user-search", _P.LOCATE_WORK),
    Destination(msg("Verification desk"), "findings.index", "checks", _P.LOCATE_VERIFY),
    Destination(msg("Mandates"), "mandates.index", "file-text", _P.MANDATE_VIEW),
    Destination(msg("Agencies"), "panel.index", "users-group", _P.MANDATE_MAKE, _CREDITOR),
    Destination(msg("Attestations"), "attestations.index", "shield-check", _P.ATTESTATION_VIEW),
    Destination(msg("Our file"), "agency_files.index", "id", _P.STANDING_EDIT, _AGENCY),
    Destination(msg("Creditors"), "panel.creditors", "building-bank", _P.STANDING_EDIT, _AGENCY),
    Destination(msg("Reports"), "reports.index", "calendar-due", _P.REPORT_VIEW),
    Destination(msg("Promises"), "promises.index", "calendar", _P.REPORT_VIEW),
    Destination(msg("Inventories"), "inventories.index", "clipboard-list", _P.REPORT_VIEW),
    Destination(msg("Contact rules"), "conduct.index", "scale", _P.CONDUCT_VIEW),
    Destination(msg("Incidents"), "incidents.index", "alert-triangle", _P.INCIDENT_VIEW),
    Destination(
        msg("Report an incident"), "incidents.new", "alert-triangle", _P.INCIDENT_REPORT, unless=_P.INCIDENT_VIEW
    ),
    Destination(msg("Requests about data"), "requests.index", "shield-lock", _P.REQUEST_VIEW, _CREDITOR),
    Destination(msg("Requests about data"), "requests.index", "shield-lock", _P.REQUEST_FORWARD, _AGENCY),
    Destination(msg("Service levels"), "sla.index", "clock", _P.SLA_VIEW),
    Destination(msg("Questions"), "enquiries.index", "message", _P.ENQUIRY_ANSWER, _CREDITOR),
    Destination(msg("Questions"), "enquiries.index", "message", _P.ENQUIRY_ASK, _AGENCY),
    Destination(msg("Ledger"), "ledger.index", "coins", _P.LEDGER_VIEW),
    Destination(msg("Portfolio indicators"), "indicators.index", "chart-line", _P.SCORECARD_VIEW, _CREDITOR),
    Destination(msg("Comparison of agencies"), "scorecards.index", "chart-bar", _P.SCORECARD_VIEW, _CREDITOR),
    Destination(msg("Our results"), "scorecards.index", "chart-bar", _P.SCORECARD_VIEW, _AGENCY),
    Destination(msg("Organisations"), "organisations.index", "building", _P.ORGANISATION_REGISTER),
    Destination(msg("Applications"), "applications.index", "inbox", _P.APPLICATION_REVIEW),
    Destination(msg("Work in progress"), "work.index", "refresh", _P.WORK_VIEW_ALL),
    Destination(msg("Approvals"), "approvals.index", "user-check", _P.APPROVAL_VIEW),
    Destination(msg("Support access"), "support.index", "eye", _P.SUPPORT_VIEW),
    Destination(msg("Users"), "users.index", "users", _P.USER_VIEW),
    Destination(msg("Own sign-in"), "own_sign_in.show", "key", _P.SIGN_IN_MANAGE),
    Destination(msg("API keys"), "api_keys.index", "key", _P.API_KEY_MANAGE),
    Destination(msg("Webhooks"), "webhooks.index", "send", _P.WEBHOOK_MANAGE),
    Destination(msg("Own sign-ins"), "own_sign_in.waiting", "key", _P.ORGANISATION_SUSPEND),
    Destination(msg("Audit trail"), "audit.index", "history", _P.AUDIT_VIEW),
)


def menu(actor: Actor, endpoint: str | None, served: Container[str]) -> list[MenuItem]:
    """The entries this actor may use among the pages served; the one whose noun is being looked at is marked."""
    noun = (endpoint or "").partition(".")[0]
    return [
        MenuItem(one.label, one.endpoint, one.icon, one.endpoint.partition(".")[0] == noun)
        for one in DESTINATIONS
        if one.endpoint in served and actor.side in one.sides and _is_for(one, actor)
    ]


def _is_for(one: Destination, actor: Actor) -> bool:
    is_allowed = one.permission is None or actor.may(one.permission)
    return is_allowed and (one.unless is None or not actor.may(one.unless))
