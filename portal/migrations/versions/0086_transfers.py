"""Files sent in pieces, and files undone."""

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
