"""Each side reads its entries in the order they were booked; the agency draws an entry's id before it writes it."""

from alembic import op

revision = "0021"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_entries_creditor_id", "entries", ["creditor_id", "id"])
    op.create_index("ix_entries_agency_id", "entries", ["agency_id", "id"])
    op.execute("grant usage on sequence entries_id_seq to app_agency")


def downgrade() -> None:
    op.execute("revoke usage on sequence entries_id_seq from app_agency")
    op.drop_index("ix_entries_agency_id", "entries")
    op.drop_index("ix_entries_creditor_id", "entries")
