"""What every kind of file needs: more kinds, files that are opened first, remarks beside faults, totals by currency."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0079"
down_revision = "0078"

KINDS = ("portfolio", "payments", "activities", "findings")
ALL_KINDS = (
    "portfolio", "portfolio_update", "creditor_payments", "recall_list", "payments", "activities", "promises",
    "closures", "inventory", "findings",
)  # fmt: skip
STATES = ("received", "checking", "checked", "applying", "applied", "rejected")
ALL_STATES = ("opening", "received", "checking", "checked", "applying", "applied", "undone", "rejected")
BYTES = ["organisation_id", "kind", sa.text("coalesce(creditor_id, 0)"), "sha256"]


def upgrade() -> None:
    _codes("uploads", "kind", "uploadkind", ALL_KINDS)
    _codes("header_mappings", "kind", "uploadkind", ALL_KINDS)
    _codes("uploads", "state", "uploadstate", ALL_STATES)
    empty = sa.text("'{}'::jsonb")
    for name in ("container", "control"):
        op.add_column("uploads", sa.Column(name, postgresql.JSONB()))
    op.add_column("uploads", sa.Column("text_key", sa.Text()))
    op.add_column("uploads", sa.Column("undone_at", sa.DateTime(timezone=True)))
    op.add_column("uploads", sa.Column("undone_by", sa.BigInteger()))
    for name in ("warning_counts", "totals"):
        op.add_column("uploads", sa.Column(name, postgresql.JSONB(), nullable=False, server_default=empty))
        op.alter_column("uploads", name, server_default=None)
    op.execute("update uploads set totals = jsonb_build_object(currency, value_minor) where currency is not null")
    op.add_column(
        "upload_errors", sa.Column("is_warning", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    _bytes("state not in ('rejected', 'undone')")


def downgrade() -> None:
    _bytes("state <> 'rejected'")
    op.drop_column("upload_errors", "is_warning")
    for name in ("totals", "warning_counts", "undone_by", "undone_at", "text_key", "control", "container"):
        op.drop_column("uploads", name)
    _codes("uploads", "state", "uploadstate", STATES)
    _codes("header_mappings", "kind", "uploadkind", KINDS)
    _codes("uploads", "kind", "uploadkind", KINDS)


def _codes(table: str, column: str, name: str, codes: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    listed = ", ".join(f"'{code}'" for code in codes)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} in ({listed})")


def _bytes(where: str) -> None:
    op.drop_index("uq_uploads_bytes", table_name="uploads")
    op.create_index("uq_uploads_bytes", "uploads", BYTES, unique=True, postgresql_where=sa.text(where))
