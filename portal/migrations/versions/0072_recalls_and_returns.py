"""Commission by age, recalls and returns."""

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
