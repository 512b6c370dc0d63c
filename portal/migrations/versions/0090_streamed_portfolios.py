"""A portfolio is numbered in a table of one connection and written as it comes by another one, as the loader.

The loader does not name the creditor: the rows it writes are the acting organisation's, by the default of their column.
The questions asked of them once per statement are asked by their owner, for the loader reads nothing. Of staged rows no
statistics are gathered but where they stand.
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

#: What a portfolio fills. Not among it: whose it is, who holds a case, and what was released by whom.
WRITTEN = {
    "debtors": "id, identity, country, id_type, id_number, name, person_type, birth_date, phone, phone_e164, phone_2, "
    "phone_2_e164, email, address, address_normal",
    "cases": "portfolio_id, debtor_id, line, account_ref, state, product, currency, placed_minor, balance_minor, "
    "principal_minor, interest_minor, late_interest_minor, fees_minor, opened_on, due_on, delinquent_on, "
    "charged_off_on, last_payment_on, days_past_due, stage, segment, region, city",
    "contact_points": "agency_id, debtor_id, portfolio_id, kind, value, normal",
}

#: Both questions in one pass over the added rows, asked as the owner, for the loader reads nothing. The owner sees the
#: rows of all creditors: looking at those of one keeps the question as large as its answer, and a statement that mixed
#: two creditors would be refused.
CASES_HAVE_PARENTS = """
create function cases_have_parents() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    one bigint := (select creditor_id from added limit 1);
begin
    if exists (
        select from added a
        left join debtors d on d.creditor_id = one and d.creditor_id = a.creditor_id and d.id = a.debtor_id
        left join portfolios p on p.creditor_id = one and p.creditor_id = a.creditor_id and p.id = a.portfolio_id
        where d.id is null or p.id is null
    ) then
        raise exception 'cases: the debtor or the portfolio is not one of the creditor''s' using errcode = '23503';
    end if;
    return null;
end $$
"""
CONTACT_POINTS_HAVE_DEBTORS = """
create or replace function contact_points_have_debtors() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    one bigint := (select creditor_id from added limit 1);
begin
    if exists (
        select from added a
        left join debtors d on d.creditor_id = one and d.creditor_id = a.creditor_id and d.id = a.debtor_id
        where d.id is null
    ) then
        raise exception 'contact_points: debtor_id is not one of the creditor''s debtors' using errcode = '23503';
    end if;
    return null;
end $$
"""
#: As revision 0087 left it.
AS_BEFORE = """
create or replace function contact_points_have_debtors() returns trigger language plpgsql as $$
begin
    if exists (
        select from added a
        where not exists (select from debtors p where p.creditor_id = a.creditor_id and p.id = a.debtor_id)
    ) then
        raise exception 'contact_points: debtor_id is not one of the creditor''s debtors' using errcode = '23503';
    end if;
    return null;
end $$
"""
ADDED = "referencing new table as added for each statement execute function"


def upgrade() -> None:
    for table, columns in WRITTEN.items():
        op.execute(f"alter table {table} alter column creditor_id set default current_organisation()")
        op.execute(f"grant insert ({columns}) on {table} to app_loader")
    for parents in ("portfolios", "debtors"):
        op.execute(f"drop trigger cases_have_{parents} on cases")
    op.execute(CASES_HAVE_PARENTS)
    op.execute(f"create trigger cases_have_parents after insert on cases {ADDED} cases_have_parents()")
    op.execute(CONTACT_POINTS_HAVE_DEBTORS)
    for name in ("cases_have_parents", "contact_points_have_debtors"):
        op.execute(f"revoke execute on function {name}() from public")
    op.execute(TEMPORARY.format(verb="grant", to="to"))
    op.execute("grant usage on sequence debtors_id_seq to app_creditor")
    op.execute(GATHER_STATISTICS.replace("{columns}", " (organisation_id, upload_id, line)"))


def downgrade() -> None:
    op.execute("drop trigger cases_have_parents on cases")
    op.execute("drop function cases_have_parents()")
    for parents in ("portfolios", "debtors"):
        op.execute(f"create trigger cases_have_{parents} after insert on cases {ADDED} cases_have_{parents}()")
    op.execute("grant execute on function contact_points_have_debtors() to public")
    op.execute(AS_BEFORE)
    for table, columns in WRITTEN.items():
        op.execute(f"revoke insert ({columns}) on {table} from app_loader")
        op.execute(f"alter table {table} alter column creditor_id drop default")
    op.execute(GATHER_STATISTICS.replace("{columns}", ""))
    op.execute("revoke usage on sequence debtors_id_seq from app_creditor")
    op.execute(TEMPORARY.format(verb="revoke", to="from"))
