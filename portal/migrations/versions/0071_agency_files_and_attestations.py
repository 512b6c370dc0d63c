"""Agency files, attestations and their evidence."""

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
