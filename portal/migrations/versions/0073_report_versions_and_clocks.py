"""Versions of reports, enquiries, and what service levels are measured from."""

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
