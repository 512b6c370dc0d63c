"""Files sent in pieces, and files undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0086"
down_revision = "0085"

KINDS = (
    "'portfolio', 'portfolio_update', 'creditor_payments', 'recall_list', 'payments', 'activities', 'promises', "
    "'closures', 'inventory', 'findings'"
)

# Taken shared by whatever refers to cases without a foreign key, and alone by whoever takes cases back.
CASES_BEFORE_LISTING = """
create or replace function lot_cases_come_first() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct creditor_id, lot_id from added) a
        where not exists (
            select from lots l where l.creditor_id = a.creditor_id and l.id = a.lot_id and l.state = 'draft')
    ) then
        raise exception 'a lot keeps the cases it was listed with' using errcode = '42501';
    end if;
    perform pg_advisory_xact_lock_shared(hashtextextended('undoing', a.creditor_id))
    from (select distinct creditor_id from added) a;
    if exists (
        select from added a join lots l on l.creditor_id = a.creditor_id and l.id = a.lot_id
        where not exists (
            select from cases c
            where c.creditor_id = a.creditor_id and c.id = a.case_id and c.currency = l.currency)
    ) then
        raise exception 'lot_cases: case_id is no case of the creditor in the currency of the lot'
            using errcode = '23503';
    end if;
    return null;
end $$
"""

# No role may delete a case by hand. Here a file's cases go together, and only if nothing ever came of any of them;
# what the foreign keys know of refuses by itself.
UNDO_PORTFOLIO = """
create function undo_portfolio(creditor bigint, file bigint)
returns table (cases_gone bigint, debtors_gone bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    opened bigint[];
    people bigint[];
begin
    if not coalesce(current_setting('role') = 'app_creditor' and current_organisation() = creditor, false) then
        raise exception 'a creditor takes back its own files' using errcode = '42501';
    end if;
    -- In the order in which others take them: files that are applied, lots, placements.
    perform pg_advisory_xact_lock(hashtextextended('portfolios', creditor));
    perform pg_advisory_xact_lock(hashtextextended('undoing', creditor));
    perform pg_advisory_xact_lock(hashtextextended('placing', creditor));
    select coalesce(array_agg(p.id), '{}') into opened
    from portfolios p where p.creditor_id = creditor and p.upload_id = file;
    if exists (
        select from cases c where c.creditor_id = creditor and c.portfolio_id = any(opened)
           and (c.state <> 'open' or c.agency_id is not null or c.return_code is not null
                or c.balance_minor <> c.placed_minor)
    ) or exists (
        select from cases c join lot_cases l on l.creditor_id = c.creditor_id and l.case_id = c.id
        where c.creditor_id = creditor and c.portfolio_id = any(opened)
    ) then
        raise exception 'something has come of cases of this file' using errcode = '23503';
    end if;
    -- A person put its debtors together with others since (revision 0088): what was of both is one's.
    if exists (
        select from debtor_matches m
        join cases c on c.creditor_id = creditor and c.debtor_id = m.kept_id and c.portfolio_id = any(opened)
        join portfolios p on p.creditor_id = creditor and p.id = c.portfolio_id and p.created_at <= m.decided_at
        where m.creditor_id = creditor and m.state = 'merged'
    ) then
        raise exception 'debtors of this file were put together with others' using errcode = '23503';
    end if;
    select coalesce(array_agg(distinct c.debtor_id), '{}') into people
    from cases c where c.creditor_id = creditor and c.portfolio_id = any(opened);
    delete from contact_points p where p.creditor_id = creditor and p.portfolio_id = any(opened);
    delete from cases c where c.creditor_id = creditor and c.portfolio_id = any(opened);
    get diagnostics cases_gone = row_count;
    -- Who also owes what another file brought stays, as that file found them.
    select coalesce(array_agg(g.id), '{}') into people from unnest(people) g(id)
    where not exists (select from cases c where c.creditor_id = creditor and c.debtor_id = g.id);
    delete from contact_points p where p.creditor_id = creditor and p.debtor_id = any(people);
    -- Likenesses that nobody acted on go with them (revision 0088); who was merged by a person stays.
    delete from debtor_matches m
    where m.creditor_id = creditor and m.state <> 'merged' and (m.debtor_id = any(people) or m.other_id = any(people));
    delete from debtors d where d.creditor_id = creditor and d.id = any(people);
    get diagnostics debtors_gone = row_count;
    delete from portfolios p where p.creditor_id = creditor and p.id = any(opened);
    return next;
end $$
"""


def upgrade() -> None:
    _make_transfers()
    # Asked for each case that goes, by the foreign key.
    op.create_index("ix_locate_orders_case_id", "locate_orders", ["creditor_id", "case_id"])
    op.execute(CASES_BEFORE_LISTING)
    op.execute("create policy owner on portfolios to current_user using (true) with check (true)")
    op.execute("create policy owner on lot_cases for select to current_user using (true)")
    op.execute(UNDO_PORTFOLIO)
    op.execute("revoke execute on function undo_portfolio from public")
    op.execute("grant execute on function undo_portfolio to app_creditor")


def _make_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("creditor_id", sa.BigInteger()),
        sa.Column("report_id", sa.BigInteger()),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("chunk_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("control", postgresql.JSONB()),
        sa.Column("upload_id", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "upload_id"], ["uploads.organisation_id", "uploads.id"]),
        sa.CheckConstraint(f"kind in ({KINDS})", name="uploadkind"),
    )
    op.create_index("ix_transfers_expires_at", "transfers", ["organisation_id", "expires_at"])
    op.execute("alter table transfers enable row level security")
    op.execute("alter table transfers force row level security")
    own = "organisation_id = current_organisation()"
    for role in ("app_creditor", "app_agency"):
        op.execute(f"create policy {role} on transfers to {role} using ({own}) with check ({own})")
        op.execute(f"grant select, insert, update, delete on transfers to {role}")


def downgrade() -> None:
    op.execute("drop function undo_portfolio")
    op.drop_index("ix_locate_orders_case_id", "locate_orders")
    op.execute("drop policy owner on lot_cases")
    op.execute("drop policy owner on portfolios")
    op.drop_table("transfers")
