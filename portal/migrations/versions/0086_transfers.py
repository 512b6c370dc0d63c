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


def upgrade() -> None:
    _make_transfers()


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
    op.drop_table("transfers")
