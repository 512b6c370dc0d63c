"""Normal forms and remarks of cells."""

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
