"""Flags that stop work and travel with the account.

What stands on a case is kept with the case, so that every list, plan and file sees it without asking: the owner's
function writes it, because an agency may not write to cases, and a flag of a person concerns cases that it cannot see.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0104"
down_revision = "0103"

KINDS = "'deceased', 'insolvent', 'dispute', 'complaint', 'stop_contact', 'vulnerable', 'identity_fraud', 'legal'"
#: The creditor's word on a flag.
DECIDED = "stops_work, debtor_id, note, confirmed_at, confirmed_by, ended_at, ended_by, ended_how, end_reason"

SETTLE_FLAGS = """
create function settle_flags(creditor bigint, people bigint[]) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    changed bigint;
begin
    if not coalesce(
        (current_setting('role') = 'app_creditor' and own = creditor)
        or (current_setting('role') = 'app_agency' and exists (
            select from flags f where f.creditor_id = creditor and f.agency_id = own and f.debtor_id = any(people))),
        false
    ) then
        raise exception 'a side settles what it has flagged' using errcode = '42501';
    end if;
    -- In the order in which payments lock them.
    perform 1 from cases c where c.creditor_id = creditor and c.debtor_id = any(people)
    order by c.creditor_id, c.id for update;
    with standing as (
        select c.id, coalesce(bool_or(f.stops_work), false) as is_stopped,
               coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'since', f.since, 'stops', f.stops_work)
                                  order by f.kind) filter (where f.id is not null), '[]') as flags
        from cases c
        left join flags f on f.creditor_id = c.creditor_id and f.debtor_id = c.debtor_id and f.ended_at is null
                         and (f.is_of_person or f.case_id = c.id)
        where c.creditor_id = creditor and c.debtor_id = any(people)
        group by c.id
    )
    update cases c set flags = s.flags, is_stopped = s.is_stopped from standing s
    where c.creditor_id = creditor and c.id = s.id and (c.flags, c.is_stopped) <> (s.flags, s.is_stopped);
    get diagnostics changed = row_count;
    return changed;
end $$
"""

# An agency says something of what it holds, and decides nothing.
FLAGS_OF_AGENCIES = """
create function flags_of_agencies() returns trigger language plpgsql as $$
begin
    if current_user = 'app_agency' and not (
        new.stops_work and new.confirmed_at is null and new.ended_at is null and exists (
            select from cases c where c.creditor_id = new.creditor_id and c.id = new.case_id
                                  and c.debtor_id = new.debtor_id and c.agency_id = new.agency_id)
    ) then
        raise exception 'an agency flags what it holds' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.add_column(
        "cases", sa.Column("flags", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    )
    op.add_column("cases", sa.Column("is_stopped", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_cases_is_stopped", "cases", ["creditor_id", "id"], postgresql_where=sa.text("is_stopped"))
    _make_flags()
    op.execute("alter table flags enable row level security")
    op.execute("alter table flags force row level security")
    op.execute(
        "create policy app_creditor on flags to app_creditor using (creditor_id = current_organisation()) "
        "with check (creditor_id = current_organisation())"
    )
    op.execute(
        "create policy app_agency on flags to app_agency using (agency_id = current_organisation()) "
        "with check (agency_id = current_organisation())"
    )
    op.execute("create policy owner on flags for select to current_user using (true)")
    op.execute(f"grant select, insert, update ({DECIDED}) on flags to app_creditor")
    op.execute("grant select, insert on flags to app_agency")
    op.execute(FLAGS_OF_AGENCIES)
    op.execute("create trigger said before insert on flags for each row execute function flags_of_agencies()")
    op.execute(SETTLE_FLAGS)
    op.execute("revoke execute on function settle_flags from public")
    op.execute("grant execute on function settle_flags to app_creditor, app_agency")


def _make_flags() -> None:
    op.create_table(
        "flags",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("is_of_person", sa.Boolean(), nullable=False),
        sa.Column("stops_work", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.BigInteger()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("confirmed_by", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_how", sa.String(40)),
        sa.Column("end_reason", sa.Text()),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"], ["debtors.creditor_id", "debtors.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint(f"kind in ({KINDS})", name="flagkind"),
        sa.CheckConstraint("ended_how in ('lifted', 'dismissed')", name="flagend"),
        sa.CheckConstraint("(ended_at is null) = (ended_how is null)", name="ended_how"),
    )
    of_case, of_person = "ended_at is null and not is_of_person", "ended_at is null and is_of_person"
    for column, where in (("case_id", of_case), ("debtor_id", of_person)):
        op.create_index(
            f"uq_flags_{column}",
            "flags",
            ["creditor_id", column, "kind"],
            unique=True,
            postgresql_where=sa.text(where),
        )
        op.create_index(f"ix_flags_{column}", "flags", ["creditor_id", column])
    op.create_index(
        "ix_flags_agency_id", "flags", ["agency_id", "id"], postgresql_where=sa.text("agency_id is not null")
    )


def downgrade() -> None:
    op.execute("drop function settle_flags")
    op.drop_table("flags")
    op.execute("drop function flags_of_agencies")
    op.drop_column("cases", "is_stopped")
    op.drop_column("cases", "flags")
