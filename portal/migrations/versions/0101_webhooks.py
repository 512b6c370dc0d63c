"""Addresses of systems that are told what happens, and the messages to them.

A message is asked for by the trail itself: whoever writes an event into an organisation's chain, also a partner who can
see nothing of its webhooks, leaves a message and its work in the same transaction.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0101"
down_revision = "0100"

OWN = "organisation_id = current_organisation()"
SIDES = ("app_creditor", "app_agency")
#: What changes of each once it is there.
CHANGES = {
    "webhooks": "secret, former_secret, former_until, paused_at, pause, removed_at, failures, quiet_until, answered_at",
    "webhook_deliveries": "state, attempts, status, fault, tried_at",
}

#: Events are written by `append_audit_event` alone, as the owner, so this runs as the owner too.
QUEUE_WEBHOOKS = """
create function queue_webhooks() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    told bigint;
    made bigint;
    asked bigint;
begin
    for told in
        select id from webhooks
        where organisation_id = new.organisation_id and paused_at is null and removed_at is null
          and new.action = any(actions)
        order by id
    loop
        insert into webhook_deliveries (organisation_id, webhook_id, action, seq, state, attempts, made_at)
        values (new.organisation_id, told, new.action, new.seq, 'waiting', 0, new.at) returning id into made;
        insert into work (organisation_id, kind, key, payload, state, attempt, next_attempt_at, stage, done, total,
                          created_at)
        values (new.organisation_id, 'send_webhook', made::text, jsonb_build_object('delivery_id', made), 'queued', 0,
                clock_timestamp(), '', 0, 0, new.at) returning id into asked;
        insert into outbox (organisation_id, topic, key, payload, created_at)
        values (new.organisation_id, 'work.ring', concat(asked, ':', 0), jsonb_build_object('work_id', asked), new.at)
        on conflict do nothing;
    end loop;
    return null;
end $$
"""


def upgrade() -> None:
    _make_webhooks()
    _make_deliveries()
    for table, changes in CHANGES.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        for role in SIDES:
            op.execute(f"create policy {role} on {table} to {role} using ({OWN}) with check ({OWN})")
            op.execute(f"grant select, insert, update ({changes}) on {table} to {role}")
    op.execute("create policy owner on webhooks for select to current_user using (true)")
    op.execute("create policy owner on webhook_deliveries to current_user using (true) with check (true)")
    for role in SIDES:
        op.execute(f"grant delete on webhook_deliveries to {role}")
    op.execute(QUEUE_WEBHOOKS)
    op.execute("create trigger webhooks after insert on audit_events for each row execute function queue_webhooks()")


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("actions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("former_secret", sa.LargeBinary()),
        sa.Column("former_until", sa.DateTime(timezone=True)),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("pause", sa.String(40)),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "made_by"], ["users.organisation_id", "users.id"]),
        sa.CheckConstraint("cardinality(actions) > 0", name="actions"),
        sa.CheckConstraint("pause in ('asked', 'gone', 'silent')", name="pause"),
        sa.CheckConstraint("(paused_at is null) = (pause is null)", name="paused_at"),
        sa.CheckConstraint("(former_secret is null) = (former_until is null)", name="former_until"),
        sa.CheckConstraint("(removed_at is null) = (secret is not null)", name="removed_at"),
    )


def _make_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger()),
        sa.Column("fault", sa.Text()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"]),
        sa.CheckConstraint("state in ('waiting', 'delivered', 'failed', 'dropped')", name="deliverystate"),
    )
    op.create_index("ix_webhook_deliveries_webhook_id", "webhook_deliveries", ["organisation_id", "webhook_id", "id"])


def downgrade() -> None:
    op.execute("drop trigger webhooks on audit_events")
    op.execute("drop function queue_webhooks()")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
