"""Which page sends a transfer: another page's file of the same name and size is another one."""

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"


def upgrade() -> None:
    op.add_column("transfers", sa.Column("sender", sa.Text()))


def downgrade() -> None:
    op.drop_column("transfers", "sender")
