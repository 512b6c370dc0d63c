"""Debtors that may be one person."""

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
