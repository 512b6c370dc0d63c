"""Debtors that may be one person are shown to a person, and put together only by that person's word.

The debtor that goes keeps its row and its identity and says which one has its cases since, so that a later file that
names it still meets that one.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0088"
down_revision = "0087"

# Parents change in one way only: by the owner's function that puts two debtors together.
KEYS_STAY = """
create or replace function keys_stay() returns trigger language plpgsql as $$
begin
    if current_user <> (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
        raise exception 'a row of % keeps its parents', tg_table_name using errcode = '23503';
    end if;
    return new;
end $$
"""
KEYS_STAY_AS_BEFORE = """
create or replace function keys_stay() returns trigger language plpgsql as
$$ begin raise exception 'a row of % keeps its parents', tg_table_name using errcode = '23503'; end $$
"""

# The lock is that of whoever places or ends: no agency takes one of the two meanwhile.
MERGE = """
create function merge_debtors(creditor bigint, kept bigint, gone bigint) returns bigint[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    holder bigint;
    holders bigint;
    standing bigint;
    moved bigint[];
    pair record;
begin
    if current_setting('role') is distinct from 'app_creditor' or own is distinct from creditor or kept = gone then
        raise exception 'a creditor puts its own debtors together' using errcode = '42501';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('placing', creditor));
    perform 1 from debtors d where d.creditor_id = creditor and d.id in (kept, gone) order by d.id for update;
    select count(*), count(distinct d.agency_id), max(d.agency_id) into standing, holders, holder
    from debtors d where d.creditor_id = creditor and d.id in (kept, gone) and d.merged_into is null;
    if standing <> 2 or holders > 1 then
        raise exception 'these two cannot be put together' using errcode = '23514';
    end if;
    insert into contact_points (creditor_id, agency_id, debtor_id, kind, value, normal)
    select creditor, holder, kept, g.kind, g.value, g.normal from debtor_contacts g
    where g.creditor_id = creditor and g.debtor_id = gone and g.place < 0 and not exists (
        select from debtor_contacts k
        where k.creditor_id = creditor and k.debtor_id = kept and k.kind = g.kind
          and coalesce(k.normal, k.value) = coalesce(g.normal, g.value)
    );
    update contact_points p set debtor_id = kept, agency_id = holder
    where p.creditor_id = creditor and p.debtor_id in (kept, gone);
    with moving as (
        update cases c set debtor_id = kept where c.creditor_id = creditor and c.debtor_id = gone returning c.id
    )
    select coalesce(array_agg(id order by id), '{}') into moved from moving;
    update locate_orders o set debtor_id = kept where o.creditor_id = creditor and o.debtor_id = gone;
    update conduct_verdicts v set debtor_id = kept where v.creditor_id = creditor and v.debtor_id = gone;
    update debtors d set merged_into = kept, agency_id = null
    where d.creditor_id = creditor and (d.id = gone or d.merged_into = gone);
    update debtors d
    set agency_id = holder, name = coalesce(d.name, g.name), birth_date = coalesce(d.birth_date, g.birth_date),
        person_type = coalesce(d.person_type, g.person_type),
        id_type = case when d.id_number is null then g.id_type else d.id_type end,
        id_number = coalesce(d.id_number, g.id_number)
    from debtors g
    where d.creditor_id = creditor and d.id = kept and g.creditor_id = creditor and g.id = gone;
    -- Other pairs that wait with the one that went now wait with the one that stayed, unless they do already.
    for pair in
        select m.id, m.debtor_id + m.other_id - gone as third from debtor_matches m
        where m.creditor_id = creditor and m.state = 'proposed' and gone in (m.debtor_id, m.other_id)
          and kept not in (m.debtor_id, m.other_id)
        order by m.id
    loop
        if exists (
            select from debtor_matches o where o.creditor_id = creditor
              and o.debtor_id = least(kept, pair.third) and o.other_id = greatest(kept, pair.third)
        ) then
            delete from debtor_matches m where m.creditor_id = creditor and m.id = pair.id;
        else
            update debtor_matches m
            set debtor_id = least(kept, pair.third), other_id = greatest(kept, pair.third)
            where m.creditor_id = creditor and m.id = pair.id;
        end if;
    end loop;
    return moved;
end $$
"""


def upgrade() -> None:
    op.add_column("debtors", sa.Column("merged_into", sa.BigInteger()))
    _make_matches()
    op.execute(KEYS_STAY)
    op.execute("create policy owner on locate_orders to current_user using (true) with check (true)")
    op.execute("create policy owner on conduct_verdicts to current_user using (true) with check (true)")
    op.execute("create policy owner on debtor_matches to current_user using (true) with check (true)")
    op.execute(MERGE)
    op.execute("revoke execute on function merge_debtors from public")
    op.execute("grant execute on function merge_debtors to app_creditor")


def _make_matches() -> None:
    op.create_table(
        "debtor_matches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("creditor_id", "debtor_id", "other_id")),
        sa.Column("similarity_bp", sa.BigInteger(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        *(sa.Column(name, sa.BigInteger()) for name in ("decided_by", "kept_id")),
        sa.Column("moved_cases", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("creditor_id", "id", name="pk_debtor_matches"),
        sa.UniqueConstraint(
            "creditor_id", "debtor_id", "other_id", name="uq_debtor_matches_creditor_id_debtor_id_other_id"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["creditor_id", name],
                ["debtors.creditor_id", "debtors.id"],
                name=f"fk_debtor_matches_creditor_id_{name}",
                ondelete="CASCADE",
            )
            for name in ("debtor_id", "other_id")
        ),
        sa.CheckConstraint("debtor_id < other_id", name="order"),
        sa.CheckConstraint("similarity_bp between 0 and 10000", name="similarity_bp"),
        sa.CheckConstraint("(state = 'merged') = (kept_id is not null)", name="kept_id"),
        sa.CheckConstraint("state in ('proposed', 'merged', 'dismissed')", name="matchstate"),
    )
    op.create_index("ix_debtor_matches_other_id", "debtor_matches", ["creditor_id", "other_id"])
    op.create_index(
        "ix_debtor_matches_proposed",
        "debtor_matches",
        ["creditor_id", "similarity_bp", "id"],
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.execute("alter table debtor_matches enable row level security")
    op.execute("alter table debtor_matches force row level security")
    own = "creditor_id = current_organisation()"
    op.execute(f"create policy app_creditor on debtor_matches to app_creditor using ({own}) with check ({own})")
    op.execute("grant select, insert on debtor_matches to app_creditor")
    op.execute("grant update (state, decided_at, decided_by, kept_id, moved_cases) on debtor_matches to app_creditor")


def downgrade() -> None:
    op.execute("drop function merge_debtors")
    for table in ("locate_orders", "conduct_verdicts"):
        op.execute(f"drop policy owner on {table}")
    op.execute(KEYS_STAY_AS_BEFORE)
    op.drop_table("debtor_matches")
    op.drop_column("debtors", "merged_into")
