"""What a sender's codes stand for, columns remembered with their use, and files that are read once more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0083"
down_revision = "0082"

KINDS = (
    "portfolio", "portfolio_update", "creditor_payments", "recall_list", "payments", "activities", "promises",
    "closures", "inventory", "findings",
)  # fmt: skip
OWN = "organisation_id = current_organisation()"
SIDES = ("app_creditor", "app_agency")


def upgrade() -> None:
    _remember_use()
    _make_value_maps()
    _reread()


def _remember_use() -> None:
    op.add_column("header_mappings", sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False))
    op.create_unique_constraint(
        op.f("uq_header_mappings_organisation_id_id"), "header_mappings", ["organisation_id", "id"]
    )
    op.add_column("header_mappings", sa.Column("header", postgresql.JSONB()))
    op.add_column(
        "header_mappings", sa.Column("times_used", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
    )
    op.alter_column("header_mappings", "times_used", server_default=None)
    op.add_column("header_mappings", sa.Column("last_used_at", sa.DateTime(timezone=True)))
    op.execute("update header_mappings set last_used_at = confirmed_at")
    op.alter_column("header_mappings", "last_used_at", nullable=False)
    for side in SIDES:
        op.execute(f"grant delete on header_mappings to {side}")


def _make_value_maps() -> None:
    op.create_table(
        "value_maps",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("spelling", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organisation_id", "kind", "field", "spelling", name=op.f("pk_value_maps")),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_value_maps_organisation_id_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_value_maps_organisation_id")),
        sa.CheckConstraint(f"kind in ({', '.join(map(repr, KINDS))})", name=op.f("ck_value_maps_uploadkind")),
    )
    op.execute("alter table value_maps enable row level security")
    op.execute("alter table value_maps force row level security")
    for side in SIDES:
        op.execute(f"create policy {side} on value_maps to {side} using ({OWN}) with check ({OWN})")
        op.execute(f"grant select, insert, update, delete on value_maps to {side}")


def _reread() -> None:
    """Where the rows begin, what nobody knew, and whose word a file was read by; old files do not know where."""
    op.add_column("uploads", sa.Column("data_offset", sa.BigInteger()))
    op.add_column("uploads", sa.Column("data_line", sa.BigInteger()))
    op.add_column(
        "uploads",
        sa.Column("unknown_values", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    op.alter_column("uploads", "unknown_values", server_default=None)
    op.add_column("uploads", sa.Column("remembered_at", sa.DateTime(timezone=True)))
    op.add_column("uploads", sa.Column("remembered_by", sa.BigInteger()))
    op.add_column("uploads", sa.Column("schema_version", sa.BigInteger(), nullable=False, server_default=sa.text("1")))
    op.alter_column("uploads", "schema_version", server_default=None)


def downgrade() -> None:
    for name in ("schema_version", "remembered_by", "remembered_at", "unknown_values", "data_line", "data_offset"):
        op.drop_column("uploads", name)
    op.drop_table("value_maps")
    for side in SIDES:
        op.execute(f"revoke delete on header_mappings from {side}")
    for name in ("last_used_at", "times_used", "header", "id"):
        op.drop_column("header_mappings", name)
