"""What waits of people, approvals, attestations and data protection, as the home page tells it."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from portal.presenters.errand import Errand

OF_TRUST: dict[tuple[Side | None, str], Errand] = {
    (None, "applications"): Errand(
        msg("Applications to review"),
        msg("Organisations that ask to be let in. Take them up and answer."),
        "applications.index",
        "inbox",
    ),
    (None, "approvals"): Errand(
        msg("Requests that need you as the second person"),
        msg("A colleague asked; it is done when you approve. Read what exactly, and decide."),
        "approvals.index",
        "user-check",
        is_late=True,
    ),
    (None, "support_asked"): Errand(
        msg("The portal's support asks to look"),
        msg("Read why, and let it in for minutes or say no."),
        "support.index",
        "eye",
        is_late=True,
    ),
    (Side.CREDITOR, "incidents_open"): Errand(
        msg("Incidents with personal data"),
        msg("The law's deadlines run. Assess them, and tell whom the law wants told."),
        "incidents.index",
        "alert-triangle",
        {"state": "open"},
        is_late=True,
    ),
    (Side.CREDITOR, "requests_late"): Errand(
        msg("Requests about data past their deadline"),
        msg("People wait for an answer the law has already asked for. Answer them now."),
        "requests.index",
        "shield-lock",
        {"state": "late"},
        is_late=True,
    ),
    (Side.CREDITOR, "requests_due"): Errand(
        msg("Requests about data due soon"),
        msg("Their time ends within five days. Answer or extend them."),
        "requests.index",
        "shield-lock",
        {"state": "open"},
    ),
    (Side.CREDITOR, "attestations_lapsed"): Errand(
        msg("Agencies with something stopped"),
        msg("An attestation that blocks is missing or has lapsed. See which, and ask for it."),
        "attestations.index",
        "shield-check",
        is_late=True,
    ),
    (Side.AGENCY, "attestations_lapsed"): Errand(
        msg("Attestations that stop your work"),
        msg("Missing, rejected or lapsed. Fill them in, attach the evidence and sign."),
        "attestations.index",
        "shield-check",
        is_late=True,
    ),
    (None, "attestations_expiring"): Errand(
        msg("Attestations that expire within thirty days"),
        msg("Renew them before they stop anything."),
        "attestations.index",
        "clock",
    ),
    (None, "attestations_to_review"): Errand(
        msg("Attestations to review"),
        msg("Signed by an agency and waiting for your word."),
        "attestations.index",
        "clipboard-check",
    ),
    (None, "invited"): Errand(
        msg("Invitations not accepted yet"),
        msg("A link works for seven days. Remind the person, or invite them again."),
        "users.index",
        "user-plus",
    ),
}
