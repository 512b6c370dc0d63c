"""Locate orders, what they are about, findings and their verification; contact points and fees that come of findings.

What is found is never a contact point before the creditor has released it. An agency writes what it found and may not
write how it is judged; the creditor judges and may not write what was found: the grants name the columns.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0074"
down_revision = "0073"

BOTH = ["creditor_id", "agency_id"]
GRADES = (
    "verified_with_debtor",
    "verified_third_source",
    "matched_unverified",
    "stale",
    "negative",
    "duplicate_of_known",
)
AUTHORISATIONS = ("authorised", "not_authorised", "unknown", "revoked")
STATES = ("sent", "acknowledged", "submitted", "closed")
ACCOUNTS = ("receivable", "held_by_agency", "received_by_creditor", "commission", "fees_payable", "locate_fees")
KINDS_OF_FILES = ("portfolio", "payments", "activities", "findings")
#: What an agency writes of a finding; the rest is the creditor's.
FOUND = (
    "creditor_id, agency_id, order_id, kind, state, raw, value, detail, source_class, source_ref, found_on, evidence, "
    "confidence, is_known, file_key, file_name, file_type, file_size, file_sha256, upload_id, line, created_at, "
    "created_by, submitted_at"
)

# The row is looked up under its owner's own eyes: a released point belongs to a finding of the same creditor.
FINDING_EXISTS = """
create function contact_points_have_findings() returns trigger language plpgsql as $$
begin
    if not exists (
        select from findings f where f.creditor_id = new.creditor_id and f.id = new.finding_id
          and f.authorisation = 'authorised' and f.released_at is not null
    ) then
        raise exception 'contact_points: finding_id is not a released finding of the creditor' using errcode = '23503';
    end if;
    return null;
end $$
"""

GATHER_STATISTICS = """
create or replace function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name not in ('staged_portfolio', 'staged_payments', 'staged_activities', 'staged_findings',
                    'portfolios', 'debtors', 'cases', 'contact_points',
                    'placements', 'locate_orders', 'locate_subjects', 'findings',
                    'payments', 'activities', 'entries', 'postings') then
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
    execute format('analyze %I', name);
end $$
"""

SUBMITTED_STAYS = """
create function submitted_findings_stay() returns trigger language plpgsql as $$
begin
    raise exception 'a finding that was submitted stays as it is' using errcode = '42501';
end $$
"""


def upgrade() -> None:
    _make_orders()
    _make_findings()
    _widen_contact_points()
    _widen_files()
    _widen_books()
    op.execute(GATHER_STATISTICS)


def _make_orders() -> None:
    op.create_table(
        "locate_batches",
        _identity(),
        *_tenants(),
        _number("mandate_version_id"),
        _text("name"),
        _code("purpose"),
        _text("legal_basis"),
        _text("exclusions", nullable=True),
        _code("fee_class"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _code("state"),
        _number("orders"),
        _instant("sent_at"),
        _number("sent_by", nullable=True),
        _instant("acknowledged_at", nullable=True),
        _number("acknowledged_by", nullable=True),
        _instant("downloaded_at", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.ForeignKeyConstraint(
            [*BOTH, "mandate_version_id"],
            [f"mandate_versions.{name}" for name in (*BOTH, "id")],
            name="fk_locate_batches_creditor_id_agency_id_mandate_version_id",
        ),
        _among("purpose", "locatepurpose", ("collect_own_debt", "correct_data", "serve_notice")),
        _among("fee_class", "feeclass", ("standard", "express")),
        _among("state", "orderstate", STATES),
    )
    op.create_index("ix_locate_batches_agency_id", "locate_batches", ["agency_id", "id"])
    op.create_index("ix_locate_batches_creditor_id", "locate_batches", ["creditor_id", "id"])
    _wall(
        "locate_batches",
        {
            "creditor": "select, insert, update (state)",
            "agency": "select, update (state, acknowledged_at, acknowledged_by, downloaded_at)",
        },
    )
    op.create_table(
        "locate_orders",
        _identity(),
        *_tenants(),
        _number("batch_id"),
        _number("case_id"),
        _number("debtor_id"),
        _text("account_ref"),
        _code("state"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _text("currency"),
        _number("value_minor"),
        _code("outcome", nullable=True),
        _text("searched", nullable=True),
        _instant("submitted_at", nullable=True),
        _number("submitted_by", nullable=True),
        _instant("closed_at", nullable=True),
        _code("ended_as", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        _points_to("locate_orders", [*BOTH, "batch_id"], "locate_batches", [*BOTH, "id"]),
        _points_to("locate_orders", ["creditor_id", "case_id"], "cases", ["creditor_id", "id"]),
        _points_to("locate_orders", ["creditor_id", "debtor_id"], "debtors", ["creditor_id", "id"]),
        _among("state", "orderstate", STATES),
        _among("outcome", "orderoutcome", ("found", "none_found")),
        _among("ended_as", "orderend", ("verified", "none_found", "withdrawn")),
    )
    op.create_index(
        "uq_locate_orders_live",
        "locate_orders",
        ["creditor_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(
        "ix_locate_orders_queue",
        "locate_orders",
        ["agency_id", "due_on", "id"],
        postgresql_where=sa.text("state = 'acknowledged'"),
    )
    op.create_index("ix_locate_orders_batch_id", "locate_orders", ["creditor_id", "batch_id", "id"])
    op.create_index("ix_locate_orders_debtor_id", "locate_orders", ["creditor_id", "debtor_id"])
    op.create_index("ix_locate_orders_account_ref", "locate_orders", ["agency_id", "account_ref"])
    _wall(
        "locate_orders",
        {
            "creditor": "select, insert, update (state, closed_at, ended_as)",
            "agency": "select, update (state, outcome, searched, submitted_at, submitted_by)",
        },
    )
    op.create_table(
        "locate_subjects",
        *_tenants(),
        _number("order_id"),
        _text("name", nullable=True),
        _text("country"),
        _text("id_type", nullable=True),
        _text("id_number", nullable=True),
        _text("person_type", nullable=True),
        sa.Column("birth_date", sa.Date()),
        _text("region", nullable=True),
        _text("city", nullable=True),
        sa.Column("known", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint(*BOTH, "order_id"),
        _points_to("locate_subjects", [*BOTH, "order_id"], "locate_orders", [*BOTH, "id"]),
    )
    op.create_index("ix_locate_subjects_agency_id", "locate_subjects", ["agency_id", "order_id"])
    _wall("locate_subjects", {"creditor": "select, insert, delete", "agency": "select"})


def _make_findings() -> None:
    op.create_table(
        "findings",
        _identity(),
        *_tenants(),
        _number("order_id"),
        _code("kind"),
        _code("state"),
        _text("raw"),
        _text("value"),
        _text("detail", nullable=True),
        _code("source_class"),
        _text("source_ref"),
        sa.Column("found_on", sa.Date(), nullable=False),
        _text("evidence", nullable=True),
        _code("confidence"),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        _text("file_key", nullable=True),
        _text("file_name", nullable=True),
        _text("file_type", nullable=True),
        _number("file_size", nullable=True),
        sa.Column("file_sha256", sa.LargeBinary()),
        _number("upload_id", nullable=True),
        _number("line", nullable=True),
        _instant("created_at"),
        _number("created_by", nullable=True),
        _instant("submitted_at", nullable=True),
        _code("grade", nullable=True),
        _instant("graded_at", nullable=True),
        sa.Column("authorisation", sa.String(40), nullable=False, server_default="unknown"),
        _instant("released_at", nullable=True),
        _text("fee_currency", nullable=True),
        _number("fee_minor", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.UniqueConstraint(*BOTH, "order_id", "kind", "value"),
        _points_to("findings", [*BOTH, "order_id"], "locate_orders", [*BOTH, "id"]),
        _among("kind", "findingkind", ("phone", "email", "address", "employer")),
        _among("state", "findingstate", ("draft", "submitted")),
        _among(
            "source_class",
            "sourceclass",
            ("public_register", "credit_bureau", "data_provider", "directory", "open_web", "field", "debtor"),
        ),
        _among("confidence", "confidence", ("high", "medium", "low")),
        _among("grade", "locategrade", GRADES),
        _among("authorisation", "authorisation", AUTHORISATIONS),
        sa.CheckConstraint("released_at is null or authorisation = 'authorised'", name="released"),
    )
    op.create_index("ix_findings_agency_id", "findings", ["agency_id", "order_id"])
    op.create_index(
        "ix_findings_to_verify",
        "findings",
        ["creditor_id", "id"],
        postgresql_where=sa.text("state = 'submitted' and grade is null"),
    )
    op.create_index("ix_findings_creditor_id", "findings", ["creditor_id", "id"])
    judged = "grade, graded_at, authorisation, released_at, fee_currency, fee_minor"
    _wall(
        "findings",
        {
            "creditor": f"select, update ({judged})",
            "agency": f"select, insert ({FOUND}), update (state, submitted_at), delete",
        },
    )
    op.execute(SUBMITTED_STAYS)
    op.execute(
        "create trigger submitted_stays before delete on findings "
        "for each row when (old.state = 'submitted') execute function submitted_findings_stay()"
    )
    op.execute(
        "create trigger submitted_stays_submitted before update of state, submitted_at on findings "
        "for each row when (old.state = 'submitted') execute function submitted_findings_stay()"
    )
    op.create_table(
        "verifications",
        _identity(),
        *_tenants(),
        _number("finding_id"),
        _code("act"),
        _code("method", nullable=True),
        _code("grade", nullable=True),
        _code("authorisation", nullable=True),
        _text("note", nullable=True),
        _instant("at"),
        _number("by", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        _points_to("verifications", [*BOTH, "finding_id"], "findings", [*BOTH, "id"]),
        _among("act", "verificationact", ("graded", "authorisation_set", "released")),
        _among(
            "method",
            "verificationmethod",
            ("call", "message", "letter", "visit", "document", "second_source", "comparison"),
        ),
        _among("grade", "locategrade", GRADES),
        _among("authorisation", "authorisation", AUTHORISATIONS),
    )
    op.create_index("ix_verifications_finding_id", "verifications", [*BOTH, "finding_id"])
    _wall("verifications", {"creditor": "select, insert", "agency": "select"})
    op.execute(
        "create trigger append_only before update or delete or truncate on verifications "
        "for each statement execute function refuse_change()"
    )


def _widen_contact_points() -> None:
    op.alter_column("contact_points", "portfolio_id", nullable=True)
    op.add_column("contact_points", sa.Column("finding_id", sa.BigInteger()))
    op.add_column("contact_points", sa.Column("authorisation", sa.String(40)))
    op.add_column("contact_points", sa.Column("released_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        "authorisation", "contact_points", f"authorisation in ({', '.join(map(repr, AUTHORISATIONS))})"
    )
    op.create_index(
        "uq_contact_points_finding_id",
        "contact_points",
        ["creditor_id", "finding_id"],
        unique=True,
        postgresql_where=sa.text("finding_id is not null"),
    )
    op.execute("grant delete on contact_points to app_creditor")
    op.execute(FINDING_EXISTS)
    # A row trigger with a condition costs a portfolio of a million points nothing; a foreign key would ask for each.
    op.execute(
        "create trigger contact_points_have_findings after insert on contact_points "
        "for each row when (new.finding_id is not null) execute function contact_points_have_findings()"
    )


def _widen_files() -> None:
    kinds = ", ".join(map(repr, KINDS_OF_FILES))
    for table in ("uploads", "header_mappings"):
        op.drop_constraint(f"ck_{table}_uploadkind", table)
        op.create_check_constraint("uploadkind", table, f"kind in ({kinds})")
    op.create_table(
        "staged_findings",
        _number("organisation_id"),
        _number("upload_id"),
        _number("line"),
        *[_text(name, nullable=True) for name in ("account_ref", "kind", "value", "source_class", "source_ref")],
        sa.Column("found_on", sa.Date()),
        *[_text(name, nullable=True) for name in ("confidence", "evidence")],
        sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line"),
    )
    op.execute("alter table staged_findings enable row level security")
    op.execute("alter table staged_findings force row level security")
    own = "organisation_id = current_organisation()"
    for role in ("app_creditor", "app_agency"):
        op.execute(f"create policy {role} on staged_findings to {role} using ({own}) with check ({own})")
        op.execute(f"grant select, delete on staged_findings to {role}")
    op.execute("grant insert on staged_findings to app_loader")


def _widen_books() -> None:
    op.drop_constraint("ck_entries_entrykind", "entries")
    op.create_check_constraint("entrykind", "entries", "kind in ('payment', 'reversal', 'locate_fee')")
    for side in ("source", "destination"):
        op.drop_constraint(f"ck_postings_{side}", "postings")
        op.create_check_constraint(side, "postings", f"{side} in ({', '.join(map(repr, ACCOUNTS))})")
    op.alter_column("entries", "payment_id", nullable=True)
    op.add_column("entries", sa.Column("finding_id", sa.BigInteger()))
    op.create_foreign_key(
        "fk_entries_creditor_id_agency_id_finding_id",
        "entries",
        "findings",
        [*BOTH, "finding_id"],
        [*BOTH, "id"],
    )
    op.create_check_constraint("finding", "entries", "(kind = 'locate_fee') = (finding_id is not null)")
    op.create_check_constraint("payment", "entries", "(kind = 'locate_fee') = (payment_id is null)")
    # Fees are booked by the creditor's judgement of a finding, as payments are by the agency's report.
    op.execute("grant insert on entries, postings to app_creditor")


def _identity() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False)


def _tenants() -> list[sa.Column]:
    return [_number(name) for name in BOTH]


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _code(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(40), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _among(column: str, name: str, codes: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in ({', '.join(map(repr, codes))})", name=name)


def _points_to(table: str, columns: list[str], parent: str, keys: list[str]) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{'_'.join(columns)}"
    return sa.ForeignKeyConstraint(columns, [f"{parent}.{key}" for key in keys], name=name)


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
