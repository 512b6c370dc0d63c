"""What the audit trail is about, as the topics a reader can choose among."""

from __future__ import annotations

from agencies.kernel.errors import msg

#: What the filter of the page offers, and the nouns of the actions it keeps.
TOPICS: dict[str, tuple[str, tuple[str, ...]]] = {
    "people": (
        msg("People and access"),
        ("user", "invitation", "provider", "key", "webhook", "operator", "organisation", "support", "audit"),
    ),
    "reads": (msg("Data in full"), ("contact",)),
    "files": (
        msg("Files"),
        ("upload", "file", "transfer", "layout", "columns", "code", "portfolio", "case", "debtors"),
    ),
    "placements": (
        msg("Placements"),
        ("wave", "consignment", "manifest", "recall", "flag", "segment"),
    ),
    "approvals": (msg("Approvals"), ("approval", "limit")),
    "market": (msg("Market"), ("lot", "bid", "bids")),
    "locates": (msg("Locating people"), ("locate", "finding", "findings")),
    "mandates": (msg("Mandates"), ("mandate", "panel")),
    "applications": (msg("Applications"), ("application",)),
    "attestations": (
        msg("Attestations"),
        (
            "attestation",
            "attestations",
            "dossier",
            "evidence",
            "subprocessor",
            "subprocessors",
            "template",
            "standing",
            "credential",
            "principal",
            "document",
            "account",
        ),
    ),
    "protection": (msg("Data protection"), ("incident", "request", "hold", "erasure")),
    "reports": (
        msg("Reports"),
        (
            "payments",
            "activities",
            "activity",
            "promises",
            "promise",
            "inventory",
            "report",
            "enquiry",
            "conduct",
            "comparison",
            "indicators",
        ),
    ),
}
