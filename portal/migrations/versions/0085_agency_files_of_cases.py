"""Promises, closures and inventories of an agency."""

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
