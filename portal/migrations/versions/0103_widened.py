"""Whom the telling covered decides whether an incident was widened."""

revision = "0103"
down_revision = "0102"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
