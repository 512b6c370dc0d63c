"""A portfolio's rows are sorted once, into a table of their transaction, and their debtors numbered on the way.

Of staged rows no statistics are gathered but where they stand.
"""

from alembic import op

revision = "0090"
down_revision = "0089"

TEMPORARY = """
do $$ begin
    execute format('{verb} temporary on database %I {to} app_creditor', current_database());
end $$
"""

GATHER_STATISTICS = """
create or replace function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name ~ '^staged_[a-z_]+$' then
        execute format('analyze %I{columns}', name);
    elsif name in (
        'portfolios', 'debtors', 'cases', 'contact_points', 'placements', 'locate_orders', 'locate_subjects',
        'findings', 'payments', 'activities', 'entries', 'postings', 'promises', 'inventory_differences',
        'balance_adjustments', 'case_updates', 'creditor_payments'
    ) then
        execute format('analyze %I', name);
    else
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
end $$
"""


def upgrade() -> None:
    op.execute(TEMPORARY.format(verb="grant", to="to"))
    op.execute("grant usage on sequence debtors_id_seq to app_creditor")
    op.execute(GATHER_STATISTICS.replace("{columns}", " (organisation_id, upload_id, line)"))


def downgrade() -> None:
    op.execute(GATHER_STATISTICS.replace("{columns}", ""))
    op.execute("revoke usage on sequence debtors_id_seq from app_creditor")
    op.execute(TEMPORARY.format(verb="revoke", to="from"))
