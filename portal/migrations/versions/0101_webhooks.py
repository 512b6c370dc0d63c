"""Addresses of systems that are told what happens."""

revision = "0101"
down_revision = "0100"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
