"""How notices are told that are about who may do what and about personal data: approvals, access, incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agencies.kernel.errors import Plural, msg


@dataclass(frozen=True)
class Telling:
    """How one kind of notice is told: its sentence, its icon, and where it leads.

    A sentence may name %(house)s, the other organisation, and any of the notice's details; counts and dates come as
    the reader writes them.
    """

    sentence: str | Plural
    icon: str = "info-circle"
    endpoint: str | None = None
    #: Parameter of the address -> the detail it is filled from.
    values: Mapping[str, str] = field(default_factory=dict)
    is_urgent: bool = False


_SUPPORT = {"support_id": "support_id"}
_APPROVAL = {"approval_id": "approval_id"}
_INCIDENT = {"incident_id": "incident_id"}
_WEBHOOK = {"webhook_id": "webhook_id"}

#: Kind -> how it is told; whoever writes a new kind of notice adds its line here or in `portal.presenters.notices`.
OF_TRUST: dict[str, Telling] = {
    "upload.infected": Telling(
        msg("A file you sent contains malicious software (%(malware)s) and was refused; check where it came from"),
        "alert-triangle",
        "uploads.show",
        {"upload_id": "upload_id"},
        is_urgent=True,
    ),
    "document.infected": Telling(
        msg("A document you attached contains malicious software (%(malware)s); take it away and attach a clean one"),
        "alert-triangle",
        is_urgent=True,
    ),
    "file.infected_elsewhere": Telling(
        msg("A file of %(house)s contains malicious software and is held back"),
        "alert-triangle",
        "work.index",
        is_urgent=True,
    ),
    "scanner.away": Telling(
        msg("The scanner for malicious software does not answer; new files are held back until it does"),
        "alert-triangle",
        "work.index",
        is_urgent=True,
    ),
    "webhook.made": Telling(
        msg("A colleague added a webhook for a system of yours; see whether it is right"),
        "send",
        "webhooks.show",
        _WEBHOOK,
    ),
    "webhook.failed": Telling(
        msg("A message to one of your systems was given up after several attempts; look at what its webhook answers"),
        "send",
        "webhooks.show",
        _WEBHOOK,
    ),
    "webhook.stopped": Telling(
        msg("A webhook was stopped because your system does not take messages; mend the system and resume the webhook"),
        "alert-triangle",
        "webhooks.show",
        _WEBHOOK,
        is_urgent=True,
    ),
    "support.asked": Telling(
        msg("The portal's support asks to look at your pages; read why, and say yes or no"),
        "eye",
        "support.show",
        _SUPPORT,
        is_urgent=True,
    ),
    "support.begun": Telling(
        msg("The portal's support looks at your pages now; you can see what it opens and end it"),
        "eye",
        "support.show",
        _SUPPORT,
        is_urgent=True,
    ),
    "colleague.invited": Telling(
        msg("A colleague was invited into your organisation; see whether you know this person"),
        "user-plus",
        "users.index",
        is_urgent=True,
    ),
    "colleague.role_changed": Telling(
        msg("A colleague was given another role; see whether it is right"), "user-check", "users.index", is_urgent=True
    ),
    "key.made": Telling(
        msg("A colleague made an API key for a system of yours; see whether it is right"),
        "key",
        "api_keys.index",
        is_urgent=True,
    ),
    "key.revoked": Telling(
        msg("A colleague revoked an API key; what used it has stopped"), "key", "api_keys.index", is_urgent=True
    ),
    "colleague.enabled": Telling(
        msg("A colleague was let in again; see whether it is right"), "user-check", "users.index", is_urgent=True
    ),
    "audit.chain_broken": Telling(
        msg("The audit trail does not hold (broken links: %(links)s); tell your security officer at once"),
        "alert-triangle",
        "audit.chains",
        is_urgent=True,
    ),
    "audit.chain_of_house_broken": Telling(
        msg("The audit trail of %(house)s does not hold (broken links: %(links)s)"),
        "alert-triangle",
        "audit.chains",
        is_urgent=True,
    ),
    "contact.reveals_limited": Telling(
        msg("One of your people asked for more than %(most)s fields in full in an hour; look at what was looked at"),
        "eye-off",
        "audit.index",
        is_urgent=True,
    ),
    "approval.asked": Telling(
        msg("A colleague needs a second person: read what is asked, and approve or decline it"),
        "user-check",
        "approvals.show",
        _APPROVAL,
        is_urgent=True,
    ),
    "approval.approved": Telling(
        msg("What you asked for was approved by a second person"), "circle-check", "approvals.show", _APPROVAL
    ),
    "approval.declined": Telling(
        msg("What you asked for was declined; the reason is on its page"),
        "circle-x",
        "approvals.show",
        _APPROVAL,
        is_urgent=True,
    ),
    "approval.expired": Telling(
        msg("Nobody approved what you asked for within 72 hours; ask again if it is still wanted"),
        "clock",
        "approvals.show",
        _APPROVAL,
    ),
    "approval.voided": Telling(
        msg("What you asked approval for has changed, so the request is void; ask again"),
        "alert-triangle",
        "approvals.show",
        _APPROVAL,
    ),
    "request.forwarded": Telling(
        msg("%(house)s passes on a request of a person about their data; its time runs"),
        "shield-lock",
        "requests.show",
        {"request_id": "request_id"},
        is_urgent=True,
    ),
    "request.marked": Telling(
        msg("A claim about personal data is in process on cases of %(house)s that you hold: %(cases)s"),
        "shield-lock",
        "cases.index",
    ),
    "contact.stopped": Telling(
        msg("A person whose cases of %(house)s you hold is not to be reached as before: %(cases)s; read them anew"),
        "eye-off",
        "cases.index",
        is_urgent=True,
    ),
    "request.unmarked": Telling(
        msg("A claim about personal data is over on cases of %(house)s that you hold: %(cases)s"),
        "shield-lock",
        "cases.index",
    ),
    "request.rectified": Telling(
        msg("%(house)s mended the data of a person whose cases you hold: %(cases)s; read them anew"),
        "shield-lock",
        "cases.index",
        is_urgent=True,
    ),
    "incident.reported": Telling(
        msg("%(house)s reports an incident with personal data: %(subjects)s people touched; assess it now"),
        "alert-triangle",
        "incidents.show",
        _INCIDENT,
        is_urgent=True,
    ),
    "incident.opened": Telling(
        msg("An incident with personal data was opened: %(subjects)s people touched"),
        "alert-triangle",
        "incidents.show",
        _INCIDENT,
        is_urgent=True,
    ),
    "incident.amended": Telling(
        msg("More was said of an incident: %(subjects)s people touched"), "alert-triangle", "incidents.show", _INCIDENT
    ),
    "incident.closed": Telling(msg("%(house)s has closed an incident"), "circle-check", "incidents.show", _INCIDENT),
}
