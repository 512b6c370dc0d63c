"""Locate orders, findings, and contact points that came from them."""

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
