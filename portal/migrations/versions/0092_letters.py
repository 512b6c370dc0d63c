"""Letters by e-mail, password resets and single sign-on.

A letter is a piece of work like any other. Before anybody is known the door may ask for letters and for nothing else.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0092"
down_revision = "0091"

SIDES = ("app_creditor", "app_agency", "app_platform")
OWN = "organisation_id = current_organisation()"


def upgrade() -> None:
    _letters()
    _links()
    _email_changes()
    _company_sign_in()


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


def _links() -> None:
    op.create_table(
        "mailed_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_whose(),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger()),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("purpose in ('password', 'confirm_email', 'object_email')", name="purpose"),
    )
    op.create_index("ix_mailed_links_user_id", "mailed_links", ["organisation_id", "user_id"])
    seen = "organisation_id, id, user_id, purpose, letter, closed_at"
    # The job that writes a letter makes its link; only the door asks for a token.
    _wall("mailed_links", f"insert, select ({seen}), update (closed_at)", door="select, update (closed_at)")


def _email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_whose(),
        sa.Column("former", postgresql.CITEXT(), nullable=False),
        sa.Column("wanted", postgresql.CITEXT(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.CheckConstraint("state in ('asked', 'confirmed', 'stopped', 'taken_back')", name="changestate"),
    )
    _wall("email_changes", "select", door="select, insert, update (state, decided_at)")


def _company_sign_in() -> None:
    op.create_table(
        "sign_in_providers",
        _organisation(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("issuer", "client_id")),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in ("is_required", "trusts_factor", "vouches_for_emails")
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id"),
    )
    op.create_table(
        "sign_in_domains",
        _organisation(),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organisation_id", "domain"),
    )
    op.create_index(
        "uq_sign_in_domains_domain",
        "sign_in_domains",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("approved_at is not null"),
    )
    op.create_table(
        "sign_in_links",
        *_whose(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("issuer", "subject")),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", "issuer"),
        sa.UniqueConstraint("organisation_id", "issuer", "subject"),
    )
    for name in ("ties_issuer", "ties_subject"):
        op.add_column("web_sessions", sa.Column(name, sa.Text()))
    rest = "is_required, trusts_factor, vouches_for_emails, changed_at"
    # A secret goes in and does not come out again but at the door, where it is shown to the provider.
    sides = f"select (organisation_id, issuer, client_id, {rest}), insert, update"
    _wall("sign_in_providers", sides, door="select", platform="true")
    _wall(
        "sign_in_domains", "select, delete, insert (organisation_id, domain, asked_at)", door="select", platform="true"
    )
    op.execute("grant update (approved_at, approved_by) on sign_in_domains to app_platform")
    # Whoever takes a change of address back unties the account from every provider too.
    _wall("sign_in_links", "select", door="select, insert, delete")
    op.execute("revoke insert, update on sign_in_providers from app_platform")
    op.execute("grant update (is_required) on sign_in_providers to app_platform")


def _organisation() -> sa.Column:
    return sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False)


def _whose() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    ]


def _wall(table: str, sides: str, *, door: str, platform: str = OWN) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for role in SIDES:
        rows = platform if role == "app_platform" else OWN
        op.execute(f"create policy {role} on {table} to {role} using ({rows}) with check ({rows})")
        op.execute(f"grant {sides} on {table} to {role}")
    op.execute(f"create policy app_door on {table} to app_door using (true) with check (true)")
    op.execute(f"grant {door} on {table} to app_door")


def downgrade() -> None:
    for table in ("work", "outbox"):
        op.execute(f"drop policy app_door on {table}")
        op.execute(f"revoke all on {table} from app_door")
    for name in ("ties_issuer", "ties_subject"):
        op.drop_column("web_sessions", name)
    for table in ("sign_in_links", "sign_in_domains", "sign_in_providers"):
        op.drop_table(table)
    op.drop_table("email_changes")
    op.drop_table("mailed_links")
    op.drop_table("letter_addresses")
