"""Files that are opened before they are read, and the layouts of fixed width that organisations describe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0081"
down_revision = "0080"

OWN = "organisation_id = current_organisation()"
SIDES = ("app_creditor", "app_agency")


def upgrade() -> None:
    op.create_table(
        "file_layouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("begins_with", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_file_layouts")),
        sa.UniqueConstraint(
            "organisation_id", "name", "version", name=op.f("uq_file_layouts_organisation_id_name_version")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_file_layouts_organisation_id")
        ),
    )
    op.execute("alter table file_layouts enable row level security")
    op.execute("alter table file_layouts force row level security")
    for side in SIDES:
        op.execute(f"create policy {side} on file_layouts to {side} using ({OWN}) with check ({OWN})")
        op.execute(f"grant select, insert on file_layouts to {side}")
    # A file that was read by a version can be read by it again.
    op.execute(
        "create trigger append_only before update or delete or truncate on file_layouts "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("file_layouts")
