"""Files that are opened before they are read."""

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
