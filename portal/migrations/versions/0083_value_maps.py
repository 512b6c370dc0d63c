"""What a sender's codes stand for."""

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
