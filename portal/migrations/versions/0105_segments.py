"""Selections kept by name, and the decision tables that cut them; only a segment's head ever changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0105"
down_revision = "0104"

OWN = "creditor_id = current_organisation()"
TABLES = ("segments", "segment_revisions", "decision_tables", "decision_rules")
UNEDITED = TABLES[1:]


def upgrade() -> None:
    _make_segments()
    _make_tables()
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy app_creditor on {table} to app_creditor using ({OWN}) with check ({OWN})")
        op.execute(f"grant select, insert on {table} to app_creditor")
    op.execute("grant update (name, revision, archived_at, archived_by) on segments to app_creditor")
    for table in UNEDITED:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _made() -> list[sa.Column]:
    return [sa.Column("made_at", sa.DateTime(timezone=True), nullable=False), sa.Column("made_by", sa.BigInteger())]


def _make_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_made(),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("archived_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.CheckConstraint("revision > 0", name="revision"),
    )
    op.create_index(
        "uq_segments_name",
        "segments",
        ["creditor_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("archived_at is null"),
    )
    op.create_table(
        "segment_revisions",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("selection", postgresql.JSONB(), nullable=False),
        *_made(),
        sa.PrimaryKeyConstraint("creditor_id", "segment_id", "revision"),
        sa.ForeignKeyConstraint(["creditor_id", "segment_id"], ["segments.creditor_id", "segments.id"]),
    )


def _make_tables() -> None:
    op.create_table(
        "decision_tables",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("segment_id", sa.BigInteger()),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_made(),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "segment_id", "revision", postgresql_nulls_not_distinct=True),
        sa.ForeignKeyConstraint(["creditor_id", "segment_id"], ["segments.creditor_id", "segments.id"]),
        sa.CheckConstraint("revision > 0", name="revision"),
    )
    op.create_table(
        "decision_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("table_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("selection", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "table_id", "position"),
        sa.ForeignKeyConstraint(["creditor_id", "table_id"], ["decision_tables.creditor_id", "decision_tables.id"]),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
