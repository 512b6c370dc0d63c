"""Placements keep the creditor's account, and a payment lowers its case's balance through one function only.

An agency may report on a case it no longer holds and therefore no longer sees, so the balance is restated by the
owner, from the payments on record; in exchange no agency may write to a case at all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0040"

# Computed from the records and never counted down, so that running it again changes nothing. The cases are locked in
# order before the sums are read: of two reports on one case the later one sees what the earlier one added.
RESTATE_BALANCES = """
create function restate_balances(upload bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    restated bigint;
begin
    perform 1 from cases c
    where (c.creditor_id, c.id) in (
        select p.creditor_id, p.case_id from payments p
        where p.agency_id = current_organisation() and p.upload_id = restate_balances.upload
    )
    order by c.creditor_id, c.id for update;
    update cases c set balance_minor = c.placed_minor - paid.minor
    from (
        select p.creditor_id, p.case_id, sum(p.amount_minor)::bigint as minor from payments p
        where (p.creditor_id, p.case_id) in (
            select mine.creditor_id, mine.case_id from payments mine
            where mine.agency_id = current_organisation() and mine.upload_id = restate_balances.upload
        )
        group by p.creditor_id, p.case_id
    ) paid
    where c.creditor_id = paid.creditor_id and c.id = paid.case_id;
    get diagnostics restated = row_count;
    return restated;
end $$
"""


def upgrade() -> None:
    op.add_column("placements", sa.Column("account_ref", sa.Text(), nullable=True))
    # The owner may see rows only while the force is lifted.
    for table in ("placements", "cases"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "update placements p set account_ref = c.account_ref from cases c "
        "where c.creditor_id = p.creditor_id and c.id = p.case_id"
    )
    for table in ("placements", "cases"):
        op.execute(f"alter table {table} force row level security")
    op.alter_column("placements", "account_ref", nullable=False)
    op.create_index("ix_placements_account_ref", "placements", ["agency_id", "account_ref"])
    op.execute("create policy owner on cases to current_user using (true) with check (true)")
    op.execute("create policy owner on payments for select to current_user using (true)")
    op.execute("revoke update (balance_minor) on cases from app_agency")
    op.execute(RESTATE_BALANCES)
    op.execute("revoke execute on function restate_balances from public")
    op.execute("grant execute on function restate_balances to app_agency")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
