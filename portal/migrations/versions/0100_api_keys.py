"""Keys of an organisation's own systems, and what these were answered.

Only the door reads the hash of a key and writes when it was last used; the sides see everything else of their own keys,
make them, and may change nothing of one but that it is revoked, and by whom.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0100"
down_revision = "0099"

OWN = "organisation_id = current_organisation()"
SIDES = ("app_creditor", "app_agency")
SEEN = (
    "id, organisation_id, name, prefix, scopes, addresses, made_by, made_at, expires_at, last_used_at, revoked_at, "
    "revoked_by"
)

REVOKED_STAYS_REVOKED = """
create function api_keys_stay_revoked() returns trigger language plpgsql as $$
begin
    if old.revoked_at is not null then
        raise exception 'a revoked key stays as it is' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("addresses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("secret_hash"),
        sa.ForeignKeyConstraint(["organisation_id", "made_by"], ["users.organisation_id", "users.id"]),
        sa.ForeignKeyConstraint(["organisation_id", "revoked_by"], ["users.organisation_id", "users.id"]),
        sa.CheckConstraint("cardinality(scopes) > 0", name="scopes"),
        sa.CheckConstraint("expires_at <= made_at + interval '366 days'", name="expires_at"),
        sa.CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="revoked_by"),
    )
    op.execute(REVOKED_STAYS_REVOKED)
    op.execute("create trigger final before update on api_keys for each row execute function api_keys_stay_revoked()")
    op.execute("alter table api_keys enable row level security")
    op.execute("alter table api_keys force row level security")
    for role in SIDES:
        op.execute(f"create policy {role} on api_keys to {role} using ({OWN}) with check ({OWN})")
        op.execute(f"grant select ({SEEN}), insert, update (revoked_at, revoked_by) on api_keys to {role}")
    _make_answers()
    op.execute("create policy app_door on api_keys to app_door using (true) with check (true)")
    op.execute(f"grant select ({SEEN}, secret_hash), update (last_used_at) on api_keys to app_door")


def _make_answers() -> None:
    op.create_table(
        "api_answers",
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "idempotency_key"),
    )
    op.create_index("ix_api_answers_made_at", "api_answers", ["organisation_id", "made_at"])
    op.execute("alter table api_answers enable row level security")
    op.execute("alter table api_answers force row level security")
    for role in SIDES:
        op.execute(f"create policy {role} on api_answers to {role} using ({OWN}) with check ({OWN})")
        op.execute(f"grant select, insert, delete on api_answers to {role}")


def downgrade() -> None:
    op.drop_table("api_answers")
    op.drop_table("api_keys")
    op.execute("drop function api_keys_stay_revoked()")
