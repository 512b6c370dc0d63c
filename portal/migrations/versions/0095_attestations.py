"""Sub-processors, templates of a creditor, snapshots and reminders."""

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
