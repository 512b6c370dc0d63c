"""Where files are kept."""

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
