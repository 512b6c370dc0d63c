"""Who read which case, and what was revealed."""

revision = "0097"
down_revision = "0096"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
