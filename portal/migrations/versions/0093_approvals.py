"""Two-person approvals, the auditor and support access."""

revision = "0093"
down_revision = "0092"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
