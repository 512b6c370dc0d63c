"""What the comparison on three axes is read from."""

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
