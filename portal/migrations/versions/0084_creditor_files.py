"""Updates, payments and recall lists of a creditor."""

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
