"""Since when somebody has had the role they have."""

revision = "0102"
down_revision = "0101"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
