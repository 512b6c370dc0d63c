"""Incidents and requests of data subjects."""

revision = "0096"
down_revision = "0095"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
