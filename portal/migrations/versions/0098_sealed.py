"""Personal data sealed in the database."""

revision = "0098"
down_revision = "0097"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
