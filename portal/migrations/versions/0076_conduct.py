"""Who was spoken to, and how each activity stands against the contact law.

An agency's report makes work for its creditor: only the creditor sees what all of its agencies did with one person. The
owner writes that request, for this one kind of work and for partners only.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0076"
down_revision = "0075"

VERDICTS = "'compliant', 'violation', 'not_evaluable'"

ASK_CONDUCT = """
create function ask_conduct(creditor bigint, subject text, details jsonb, at timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    asked bigint;
begin
    if creditor is distinct from current_organisation() and not are_partners(current_organisation(), creditor) then
        raise exception 'work is asked of the organisation that acts and of its partners' using errcode = '42501';
    end if;
    if current_setting('role') = 'app_agency'
       and (details ->> 'agency_id')::bigint is distinct from current_organisation() then
        raise exception 'an agency has its own activities judged' using errcode = '42501';
    end if;
    insert into work (organisation_id, kind, key, payload, state, attempt, next_attempt_at, stage, done, total,
                      created_at)
    values (creditor, 'judge_conduct', subject, details, 'queued', 0, clock_timestamp(), '', 0, 0,
            at)
    on conflict (organisation_id, kind, key) do nothing returning id into asked;
    if asked is not null then
        insert into outbox (organisation_id, topic, key, payload, created_at)
        values (creditor, 'work.ring', concat(asked, ':', 0), jsonb_build_object('work_id', asked), at)
        on conflict do nothing;
    end if;
end $$
"""


def upgrade() -> None:
    for table in ("activities", "staged_activities"):
        for name in ("counterpart", "direction"):
            op.add_column(table, sa.Column(name, sa.Text()))
    _make_verdicts()
    _make_cells()
    for table in ("work", "outbox"):
        op.execute(f"create policy owner on {table} to current_user using (true) with check (true)")
    op.execute(ASK_CONDUCT)
    op.execute("revoke execute on function ask_conduct from public")
    op.execute("grant execute on function ask_conduct to app_creditor, app_agency")


def _make_verdicts() -> None:
    op.create_table(
        "conduct_verdicts",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("ruleset", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "activity_id"),
        sa.CheckConstraint(f"verdict in ({VERDICTS})", name="verdict"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "activity_id"],
            ["activities.creditor_id", "activities.agency_id", "activities.id"],
            name="fk_conduct_verdicts_creditor_id_agency_id_activity_id",
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtors.creditor_id", "debtors.id"],
            name="fk_conduct_verdicts_creditor_id_debtor_id",
        ),
    )
    op.create_index("ix_conduct_verdicts_debtor_id", "conduct_verdicts", ["creditor_id", "debtor_id"])
    for side in ("creditor", "agency"):
        op.create_index(
            f"ix_conduct_verdicts_{side}_list",
            "conduct_verdicts",
            [f"{side}_id", "happened_at", "activity_id"],
            postgresql_where=sa.text("verdict <> 'compliant'"),
        )
    _wall("conduct_verdicts", {"creditor": "select, insert, update", "agency": "select"})


def _make_cells() -> None:
    op.create_table(
        "conduct_cells",
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("activities", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "month", "verdict", "code"),
        sa.CheckConstraint(f"verdict in ({VERDICTS})", name="verdict"),
    )
    op.create_index("ix_conduct_cells_agency_id", "conduct_cells", ["agency_id"])
    _wall("conduct_cells", {"creditor": "select, insert, update", "agency": "select"})


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
