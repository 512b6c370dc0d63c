"""What the walls of the database are meant to be: the exceptions by name, each with its reason."""

from __future__ import annotations

#: What runs as the owner, because no side may do it by hand, and the tables it needs to see.
FUNCTIONS_OF_THE_OWNER = {
    "append_audit_event",
    "append_notice",
    "are_partners",
    "ask_conduct",
    "count_bids",
    "end_placements",
    "gather_statistics",
    "open_bids",
    "panel_positions",
    "payments_told_elsewhere",
    "restate_balances",
}
OPEN_TO_OWNER = {
    "activities",
    "audit_events",
    "audit_heads",
    "bids",
    "cases",
    "conduct_cells",
    "consignments",
    "contact_points",
    "debtors",
    "lot_offers",
    "lots",
    "mandate_versions",
    "notices",
    "opened_bids",
    "outbox",
    "panel_members",
    "payment_reversals",
    "payments",
    "placement_cells",
    "placements",
    "recalls",
    "recovery_cells",
    "reports",
    "sla_cells",
    "sla_clocks",
    "sla_extensions",
    "staged_payments",
    "work",
}
#: Unique indexes that do not begin with a tenant, and why that tells nobody anything.
UNIQUE_ACROSS_TENANTS = {
    # Surrogate keys drawn from a sequence: a clash cannot be provoked.
    "pk_organisations",
    "pk_users",
    "pk_web_sessions",
    "pk_invitations",
    "pk_work",
    "pk_outbox",
    # A tax number or an address belongs to one organisation or person on the whole platform; services answer alike.
    "uq_organisations_country_tax_id",
    "uq_users_email",
    # Hashes of random tokens.
    "uq_web_sessions_token_hash",
    "uq_invitations_token_hash",
    # Belongs to nobody.
    "pk_schedule_runs",
    "alembic_version_pkc",
}
#: History is new rows: these are neither changed nor emptied.
APPEND_ONLY = (
    "activities",
    "attestation_signatures",
    "audit_events",
    "commission_bands",
    "entries",
    "locate_fees",
    "lot_cases",
    "mandate_versions",
    "opened_bids",
    "payment_reversals",
    "payments",
    "postings",
    "report_files",
    "report_versions",
    "returns",
    "sla_clauses",
    "verifications",
)
