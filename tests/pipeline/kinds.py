"""What the walks over all tenants go through: kinds of references and their tables, and addresses of their own kind."""

from __future__ import annotations

#: Kind of reference -> the table whose ids it encodes.
TABLES = {
    "agency_document": "agency_documents",
    "api_key": "api_keys",
    "webhook": "webhooks",
    "webhook_delivery": "webhook_deliveries",
    "application": "applications",
    "application_file": "application_files",
    "approval": "approvals",
    "attestation": "attestations",
    "attestation_file": "attestation_files",
    "counterpart": "organisations",
    "credential": "agency_credentials",
    "case": "cases",
    "consignment": "consignments",
    "debtor": "debtors",
    "enquiry": "enquiries",
    "hold": "legal_holds",
    "request": "subject_requests",
    "entry": "entries",
    "incident": "incidents",
    "incident_file": "incident_files",
    "lot": "lots",
    "finding": "findings",
    "flag": "flags",
    "inventory": "inventories",
    "locate_batch": "locate_batches",
    "locate_order": "locate_orders",
    "mandate": "mandates",
    "match": "debtor_matches",
    "organisation": "organisations",
    "own_template": "creditor_templates",
    "passkey": "passkeys",
    "payment": "payments",
    "placement": "placements",
    "portfolio": "portfolios",
    "principal": "principals",
    "recall": "recalls",
    "report": "reports",
    "saved_code": "value_maps",
    "saved_columns": "header_mappings",
    "subprocessor": "subprocessors",
    "segment": "segments",
    "session": "web_sessions",
    "support": "support_accesses",
    "transfer": "transfers",
    "upload": "uploads",
    "user": "users",
    "wave": "placement_waves",
    "work": "work",
}

#: Parts of addresses that are no references: a secret that cannot be guessed, and files of the pages.
SECRETS = {
    ("applying.opening", "token"),
    ("applying.enter", "token"),
    ("auth.invitation", "token"),
    ("auth.accept", "token"),
    ("letters.confirmation", "token"),
    ("letters.confirm", "token"),
    ("letters.objection", "token"),
    ("letters.object_to", "token"),
    ("passwords.choose", "token"),
    ("passwords.replace", "token"),
}
#: Pages that only a browser sees which has opened an application by its link.
OF_APPLICANTS = {
    '/apply/documents/<ref("application_file"):file_id>',
    "/apply/draft",
    "/apply/open/<token>",
    "/apply/part",
}
FILES = {("static", "filename")}
#: Pages that are about what the address asks for.
ASKED = {"uploads.kind": "?kind=portfolio", "uploads.template": "?kind=portfolio"}
