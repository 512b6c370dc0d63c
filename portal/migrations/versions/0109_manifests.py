"""Manifests that were handed out, with what the agency says it loaded; agencies' own numbers of the cases they hold.

Nothing personal stands in either: a manifest keeps counts, sums and the digest of its lines.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0109"
down_revision = "0108"

OWNERS = ["creditor_id", "agency_id"]
INSTANT = sa.DateTime(timezone=True)
STATED = "stated_lines, stated_totals, stated_at, stated_by, loaded_at"
#: Side -> what it may do; the creditor looks on.
GRANTS = {
    "manifests": {"creditor": "select", "agency": f"select, insert, update ({STATED})"},
    "agency_file_numbers": {
        "creditor": "select",
        "agency": "select, insert, update (number, stated_at, stated_by)",
    },
}


def upgrade() -> None:
    op.create_table(
        "manifests",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("totals", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", sa.BigInteger()),
        sa.Column("stated_lines", sa.BigInteger()),
        sa.Column("stated_totals", postgresql.JSONB()),
        sa.Column("stated_at", INSTANT),
        sa.Column("stated_by", sa.BigInteger()),
        sa.Column("loaded_at", INSTANT),
        sa.PrimaryKeyConstraint(*OWNERS, "id"),
        sa.UniqueConstraint(*OWNERS, "consignment_id", "number"),
        sa.CheckConstraint("lines >= 0 and number > 0", name="counts"),
        sa.CheckConstraint("(stated_at is null) = (stated_lines is null)", name="stated_at"),
        sa.CheckConstraint("loaded_at is null or stated_at is not null", name="loaded_at"),
    )
    op.create_foreign_key(
        "fk_manifests_creditor_id_agency_id_consignment_id",
        "manifests",
        "consignments",
        [*OWNERS, "consignment_id"],
        [*OWNERS, "id"],
    )
    op.create_table(
        "agency_file_numbers",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("stated_at", INSTANT, nullable=False),
        sa.Column("stated_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*OWNERS, "case_id"),
        sa.UniqueConstraint("agency_id", "number"),
    )
    op.create_foreign_key(
        "fk_agency_file_numbers_creditor_id_case_id",
        "agency_file_numbers",
        "cases",
        ["creditor_id", "case_id"],
        ["creditor_id", "id"],
    )
    for table, granted in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        for side, actions in granted.items():
            rows = f"{side}_id = current_organisation()"
            op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
            op.execute(f"grant {actions} on {table} to app_{side}")
    # What the creditor holds back is counted and listed on every home page, and is little of a large book.
    op.create_index("ix_cases_on_hold", "cases", ["creditor_id", "id"], postgresql_where=sa.text("state = 'on_hold'"))


def downgrade() -> None:
    op.drop_index("ix_cases_on_hold", "cases")
    op.drop_table("agency_file_numbers")
    op.drop_table("manifests")
