"""Second factors, recovery codes, passkeys and stepped-up sessions.

What proves who somebody is belongs to the door: only `app_door` reads a sealed key, the hash of a code or a passkey.
The sides see that there is one and since when, and take a colleague's away; the platform does so for anybody.
"""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"

OWN = "organisation_id = current_organisation()"
#: What the sides may see of each table, the key and the state of a thing, never what it proves.
SEEN = {
    "authenticators": "organisation_id, user_id, confirmed_at",
    "recovery_codes": "organisation_id, user_id, made_at, used_at",
    "passkeys": "organisation_id, user_id, id, name, added_at, last_used_at",
}


def upgrade() -> None:
    op.add_column("users", sa.Column("failed_factors", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("users", "failed_factors", server_default=None)
    op.add_column("users", sa.Column("factor_paused_until", sa.DateTime(timezone=True)))
    for name in ("factor_at", "stepped_up_at"):
        op.add_column("web_sessions", sa.Column(name, sa.DateTime(timezone=True)))
    # An operator who takes a lost factor away ends the sessions of that person, whichever organisation it is in.
    op.execute("drop policy app_platform on web_sessions")
    op.execute("create policy app_platform on web_sessions to app_platform using (true) with check (true)")
    _make_tables()
    for table, columns in SEEN.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        for side, rows in (("creditor", OWN), ("agency", OWN), ("platform", "true"), ("door", "true")):
            op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant select ({columns}), delete on {table} to app_creditor, app_agency, app_platform")
        op.execute(f"grant select, insert, update, delete on {table} to app_door")
    op.execute("grant select, insert, delete on passkey_challenges to app_door")


def _make_tables() -> None:
    op.create_table(
        "authenticators",
        *_whose(),
        sa.Column("seed", sa.LargeBinary()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger()),
        sa.Column("pending_seed", sa.LargeBinary()),
        sa.Column("pending_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "user_id"),
    )
    op.create_table(
        "recovery_codes",
        *_whose(),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", "code_hash"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_whose(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["organisation_id", "user_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("session_id", sa.BigInteger()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sa.CheckConstraint("purpose in ('register', 'sign_in', 'prove')", name="purpose"),
    )
    op.create_index("ix_passkey_challenges_expires_at", "passkey_challenges", ["expires_at"])


def _whose() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    ]


def downgrade() -> None:
    for table in ("passkey_challenges", *SEEN):
        op.drop_table(table)
    op.execute("drop policy app_platform on web_sessions")
    op.execute(f"create policy app_platform on web_sessions to app_platform using ({OWN}) with check ({OWN})")
    for table, columns in (
        ("web_sessions", ("factor_at", "stepped_up_at")),
        ("users", ("failed_factors", "factor_paused_until")),
    ):
        for column in columns:
            op.drop_column(table, column)
