"""What the walls of the database are meant to be: the exceptions by name, each with its reason."""

from __future__ import annotations

#: What runs as the owner, because no side may do it by hand, and the tables it needs to see.
FUNCTIONS_OF_THE_OWNER = {
    "append_audit_event",
    "append_notice",
    "are_partners",
    "ask_conduct",
    "cases_have_parents",
    "contact_points_have_debtors",
    "count_bids",
    "end_placements",
    "gather_statistics",
    "merge_debtors",
    "open_bids",
    "panel_positions",
    "payments_told_elsewhere",
    "references_told_by_creditor",
    "restate_balances",
    "undo_portfolio",
}
OPEN_TO_OWNER = {
    "activities",
    "audit_events",
    "audit_heads",
    "balance_adjustments",
    "bids",
    "cases",
    "conduct_cells",
    "conduct_verdicts",
    "consignments",
    "contact_points",
    "creditor_payments",
    "debtor_matches",
    "debtors",
    "lot_cases",
    "locate_orders",
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
    "portfolios",
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
    # Random ids that devices choose for their keys.
    "uq_passkeys_credential_id",
    # Random numbers of nobody.
    "pk_passkey_challenges",
    # Belongs to nobody.
    "pk_schedule_runs",
    "alembic_version_pkc",
}
#: History is new rows: these are neither changed nor emptied.
APPEND_ONLY = (
    "activities",
    "attestation_signatures",
    "audit_events",
    "balance_adjustments",
    "case_updates",
    "commission_bands",
    "entries",
    "inventory_differences",
    "locate_fees",
    "lot_cases",
    "mandate_versions",
    "opened_bids",
    "payment_reversals",
    "payments",
    "postings",
    "promise_statements",
    "report_files",
    "report_versions",
    "returns",
    "sla_clauses",
    "verifications",
)
