"""A message's key is unique within its organisation, and sent messages may be forgotten."""

from alembic import op

revision = "0040"
down_revision = "0002"


def upgrade() -> None:
    op.drop_constraint("uq_outbox_topic_key", "outbox", type_="unique")
    op.create_unique_constraint("uq_outbox_organisation_id_topic_key", "outbox", ["organisation_id", "topic", "key"])
    op.execute("grant delete on outbox to app_worker")


def downgrade() -> None:
    raise NotImplementedError("keys of two organisations may be equal by now; restore a backup instead")
