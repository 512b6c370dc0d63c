"""Lots, offers and sealed bids."""

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
