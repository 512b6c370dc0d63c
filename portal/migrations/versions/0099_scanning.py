"""What the scanner for malicious software said of each stored file."""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0098"

TABLE = "file_verdicts"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("malware", sa.Text()),
        sa.Column("signatures", sa.Text()),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True)),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_file_verdicts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_file_verdicts_organisation_id")
        ),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_file_verdicts_organisation_id_key")),
        sa.CheckConstraint(
            "verdict in ('pending', 'clean', 'infected', 'not_scanned')", name=op.f("ck_file_verdicts_verdict")
        ),
    )
    op.create_index("ix_file_verdicts_sha256", TABLE, ["organisation_id", "sha256"])
    op.create_index(
        "ix_file_verdicts_held",
        TABLE,
        ["organisation_id"],
        postgresql_where=sa.text("verdict in ('pending', 'infected')"),
    )
    op.execute(f"alter table {TABLE} enable row level security")
    op.execute(f"alter table {TABLE} force row level security")
    own = "organisation_id = current_organisation()"
    # A file is noted, looked up and counted in the name of the machinery; its verdict is given by work of its owner.
    op.execute(f"create policy app_worker on {TABLE} to app_worker using (true) with check (true)")
    for side in ("creditor", "agency", "platform"):
        op.execute(f"create policy app_{side} on {TABLE} to app_{side} using ({own}) with check ({own})")
    op.execute(f"grant select, insert, update, delete on {TABLE} to app_worker")
    for side in ("creditor", "agency", "platform"):
        op.execute(f"grant select, update (verdict, malware, signatures, judged_at) on {TABLE} to app_{side}")


def downgrade() -> None:
    op.drop_table(TABLE)
