"""Ways to reach a debtor stand with the debtor."""

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
