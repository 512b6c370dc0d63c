"""Entries are found by their payment, and statistics are gathered of what placing and reporting fill.

By the payment's id and not by the idempotency key: under row-level security a key put together in the statement cannot
be looked up in an index, because the planner must not show it to the putting-together before the policy.
"""

from alembic import op

revision = "0022"
down_revision = "0012"

GATHER_STATISTICS = """
create or replace function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name not in ('staged_portfolio', 'staged_payments', 'staged_activities',
                    'portfolios', 'debtors', 'cases', 'contact_points',
                    'placements', 'payments', 'activities', 'entries', 'postings') then
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
    execute format('analyze %I', name);
end $$
"""


def upgrade() -> None:
    op.create_index("ix_entries_payment_id", "entries", ["creditor_id", "agency_id", "payment_id"])
    op.execute(GATHER_STATISTICS)
    # An entry's id is the table's own business again.
    op.execute("revoke usage on sequence entries_id_seq from app_agency")


def downgrade() -> None:
    op.drop_index("ix_entries_payment_id", "entries")
