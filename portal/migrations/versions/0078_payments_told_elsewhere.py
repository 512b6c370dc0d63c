"""A payment that another agency has reported is known to the books, though no agency sees what others report.

After a recall both the agency whose work still counts and the one that holds the case now may report what a debtor
paid. The owner compares, and says which rows of the asking agency's own file it found.
"""

from alembic import op

revision = "0078"
down_revision = "0077"

# Two files that tell of one payment at the same time wait for each other at its case. All cases are locked, in the
# order in which payments lock them, but only where a file speaks of a case that another agency had as well.
TOLD_ELSEWHERE = """
create function payments_told_elsewhere(creditor bigint, upload bigint) returns setof bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    reported bigint[];
begin
    if current_setting('role') is distinct from 'app_agency' then
        raise exception 'an agency asks about its own file' using errcode = '42501';
    end if;
    select coalesce(array_agg(distinct l.case_id), '{}') into reported
    from staged_payments t
    cross join lateral (
        select o.case_id from placements o
        where o.agency_id = own and o.creditor_id = creditor and o.account_ref = t.account_ref limit 1
    ) l
    where t.organisation_id = own and t.upload_id = upload;
    if not exists (
        select from unnest(reported) r(case_id)
        cross join lateral (
            select 1 from placements o
            where o.creditor_id = creditor and o.case_id = r.case_id and o.agency_id <> own limit 1
        ) o
    ) then
        return;
    end if;
    perform 1 from cases c where c.creditor_id = creditor and c.id = any(reported)
    order by c.creditor_id, c.id for update;
    return query
    select t.line::bigint from staged_payments t
    cross join lateral (
        select o.case_id from placements o
        where o.agency_id = own and o.creditor_id = creditor and o.account_ref = t.account_ref limit 1
    ) l
    cross join lateral (
        select 1 from payments p
        where p.creditor_id = creditor and p.case_id = l.case_id and p.agency_id <> own
          and p.paid_on = t.paid_on and p.amount_minor = t.amount
          and not exists (
              select from payment_reversals r
              where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
          )
        limit 1
    ) p
    where t.organisation_id = own and t.upload_id = upload;
end $$
"""


def upgrade() -> None:
    op.execute("create policy owner on staged_payments for select to current_user using (true)")
    op.execute(TOLD_ELSEWHERE)
    op.execute("revoke execute on function payments_told_elsewhere from public")
    op.execute("grant execute on function payments_told_elsewhere to app_agency")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
