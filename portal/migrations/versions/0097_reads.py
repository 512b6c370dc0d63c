"""Who was shown which debtors' personal data, and what the daily walk along the audit chains found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0097"
down_revision = "0096"

KINDS = (
    "page", "list", "work_list", "reveal", "manifest", "export", "full_export", "finding", "locate", "file", "tape",
)  # fmt: skip
PURPOSES = ("call", "verify_identity", "answer", "legal", "quality", "data_subject")
SUBJECTS = (
    "consignment", "locate_batch", "locate_order", "finding", "debtor", "match", "lot", "upload", "request", "incident",
)  # fmt: skip


def _codes(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(code) for code in codes)})"


def upgrade() -> None:
    _make_reads()
    _make_checks()


def _make_reads() -> None:
    op.create_table(
        "case_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("role", sa.Text()),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(40)),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("subject_kind", sa.String(40)),
        sa.Column("subject_id", sa.BigInteger()),
        sa.Column("case_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("first_case", sa.BigInteger()),
        sa.Column("last_case", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_case_reads")),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_case_reads_creditor_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisations.id"], name=op.f("fk_case_reads_agency_id")),
        sa.CheckConstraint(_codes("kind", KINDS), name=op.f("ck_case_reads_readkind")),
        sa.CheckConstraint(_codes("purpose", PURPOSES), name=op.f("ck_case_reads_purpose")),
        sa.CheckConstraint(_codes("subject_kind", SUBJECTS), name=op.f("ck_case_reads_subject")),
        sa.CheckConstraint("cases = cardinality(case_ids)", name=op.f("ck_case_reads_cases")),
    )
    op.create_index("ix_case_reads_at", "case_reads", ["creditor_id", "at", "id"])
    is_agency, is_one, is_set = sa.text("agency_id is not null"), sa.text("cases = 1"), sa.text("cases > 1")
    op.create_index("ix_case_reads_agency_id", "case_reads", ["agency_id", "at", "id"], postgresql_where=is_agency)
    op.create_index("ix_case_reads_one", "case_reads", ["creditor_id", "first_case", "at"], postgresql_where=is_one)
    op.create_index(
        "ix_case_reads_sets", "case_reads", ["creditor_id", "last_case", "first_case"], postgresql_where=is_set
    )
    _wall("case_reads", {"creditor": "creditor_id", "agency": "agency_id"})
    # Whom an incident touches is determined from it for an agency that may not read whose a case was.
    op.execute("create policy owner on case_reads for select to current_user using (true)")
    for side in ("creditor", "agency"):
        op.execute(f"grant select, insert on case_reads to app_{side}")


def _make_checks() -> None:
    op.create_table(
        "chain_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_hash", sa.LargeBinary(), nullable=False),
        sa.Column("anchored_on", sa.Date()),
        sa.Column("broken", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_chain_checks")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_chain_checks_organisation_id")
        ),
    )
    _wall("chain_checks", {"creditor": "organisation_id", "agency": "organisation_id"})
    op.execute("create policy app_platform on chain_checks to app_platform using (true) with check (true)")
    op.execute("grant select, insert on chain_checks to app_platform")
    for side in ("creditor", "agency"):
        op.execute(f"grant select on chain_checks to app_{side}")


def _wall(table: str, columns: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, column in columns.items():
        rows = f"{column} = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("chain_checks")
    op.drop_table("case_reads")
