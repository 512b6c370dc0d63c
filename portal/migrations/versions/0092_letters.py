"""Letters by e-mail, password resets and single sign-on.

A letter is a piece of work like any other. Before anybody is known the door may ask for letters and for nothing else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0091"

SIDES = ("app_creditor", "app_agency", "app_platform")
OWN = "organisation_id = current_organisation()"


def upgrade() -> None:
    _letters()


def _letters() -> None:
    op.create_table(
        "letter_addresses",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "key"),
    )
    _wall("letter_addresses", "select, insert, delete", door="insert")
    for table, shown in (("work", "kind = 'send_letter'"), ("outbox", "topic = 'work.ring'")):
        op.execute(f"create policy app_door on {table} to app_door using ({shown}) with check ({shown})")
    op.execute("grant insert, select (id, organisation_id, kind, key) on work to app_door")
    op.execute("grant insert, select (id, organisation_id, topic, key) on outbox to app_door")


def _wall(table: str, sides: str, *, door: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for role in SIDES:
        op.execute(f"create policy {role} on {table} to {role} using ({OWN}) with check ({OWN})")
        op.execute(f"grant {sides} on {table} to {role}")
    op.execute(f"create policy app_door on {table} to app_door using (true) with check (true)")
    op.execute(f"grant {door} on {table} to app_door")


def downgrade() -> None:
    for table in ("work", "outbox"):
        op.execute(f"drop policy app_door on {table}")
        op.execute(f"revoke all on {table} from app_door")
    op.drop_table("letter_addresses")
