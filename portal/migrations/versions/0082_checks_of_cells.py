"""Normal forms of telephones, addresses and identity numbers beside what the sender wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"

BESIDE = ("id_check_digit", "address_normal", "phone_e164", "phone_2_e164")


def upgrade() -> None:
    for name in BESIDE:
        op.add_column("staged_portfolio", sa.Column(name, sa.Text()))


def downgrade() -> None:
    for name in reversed(BESIDE):
        op.drop_column("staged_portfolio", name)
