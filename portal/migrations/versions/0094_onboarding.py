"""Applications, principals, documents and bank accounts."""

revision = "0094"
down_revision = "0093"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
