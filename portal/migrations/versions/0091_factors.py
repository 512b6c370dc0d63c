"""Second factors, recovery codes, passkeys and stepped-up sessions."""

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
