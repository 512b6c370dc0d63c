"""Who was spoken to, and how each activity stands against the contact law."""

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
