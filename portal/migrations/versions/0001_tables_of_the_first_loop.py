"""Tables of the first loop."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_user_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "seq", name=op.f("pk_audit_events")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "creditor",
                "agency",
                "platform",
                name="organisationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "approved",
                "suspended",
                name="organisationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("country", "tax_id", name=op.f("uq_organisations_country_tax_id")),
    )
    op.create_table(
        "schedule_runs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "period_start", name=op.f("pk_schedule_runs")),
    )
    op.create_table(
        "staged_activities",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=True),
        sa.Column("activity_ref", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line", name=op.f("pk_staged_activities")),
    )
    op.create_table(
        "staged_payments",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=True),
        sa.Column("payment_ref", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line", name=op.f("pk_staged_payments")),
    )
    op.create_table(
        "staged_portfolio",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=True),
        sa.Column("debtor_ref", sa.Text(), nullable=True),
        sa.Column("id_type", sa.Text(), nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("person_type", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("balance_total", sa.BigInteger(), nullable=True),
        sa.Column("principal", sa.BigInteger(), nullable=True),
        sa.Column("interest", sa.BigInteger(), nullable=True),
        sa.Column("late_interest", sa.BigInteger(), nullable=True),
        sa.Column("fees", sa.BigInteger(), nullable=True),
        sa.Column("original_amount", sa.BigInteger(), nullable=True),
        sa.Column("open_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("delinquency_date", sa.Date(), nullable=True),
        sa.Column("charge_off_date", sa.Date(), nullable=True),
        sa.Column("last_payment_date", sa.Date(), nullable=True),
        sa.Column("last_payment_amount", sa.BigInteger(), nullable=True),
        sa.Column("days_past_due", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_2", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("original_creditor", sa.Text(), nullable=True),
        sa.Column("cut_off_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line", name=op.f("pk_staged_portfolio")),
    )
    op.create_table(
        "debtors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=True),
        sa.Column("id_number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("person_type", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_debtors_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_debtors")),
        sa.UniqueConstraint("creditor_id", "identity", name=op.f("uq_debtors_creditor_id_identity")),
    )
    op.create_index(
        "ix_debtors_agency_id",
        "debtors",
        ["agency_id"],
        unique=False,
        postgresql_where=sa.text("agency_id is not null"),
    )
    op.create_table(
        "header_mappings",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "portfolio",
                "payments",
                "activities",
                name="uploadkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("header_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_header_mappings_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "kind", "header_hash", name=op.f("pk_header_mappings")),
    )
    op.create_table(
        "mandates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "service",
            sa.Enum("collect", name="service", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("in_force", "ended", name="mandatestate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["organisations.id"], name=op.f("fk_mandates_agency_id")),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_mandates_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_mandates")),
        sa.UniqueConstraint("creditor_id", "name", name=op.f("uq_mandates_creditor_id_name")),
    )
    op.create_index(op.f("ix_mandates_agency_id"), "mandates", ["agency_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_outbox_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("topic", "key", name=op.f("uq_outbox_topic_key")),
    )
    op.create_index("ix_outbox_unsent", "outbox", ["id"], unique=False, postgresql_where=sa.text("sent_at is null"))
    op.create_table(
        "placement_cells",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("placement_month", sa.Date(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("placed_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["organisations.id"], name=op.f("fk_placement_cells_agency_id")),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_placement_cells_creditor_id")),
        sa.PrimaryKeyConstraint(
            "creditor_id",
            "agency_id",
            "currency",
            "placement_month",
            "stratum",
            name=op.f("pk_placement_cells"),
        ),
    )
    op.create_index(op.f("ix_placement_cells_agency_id"), "placement_cells", ["agency_id"], unique=False)
    op.create_table(
        "placement_waves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "service",
            sa.Enum("collect", name="service", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("draft", "committed", name="wavestate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("selection", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("bands", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("preview", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_placement_waves_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_placement_waves")),
    )
    op.create_table(
        "recovery_cells",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("placement_month", sa.Date(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("month_on_book", sa.BigInteger(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("collected_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("new_payers", sa.BigInteger(), nullable=False),
        sa.Column("activities", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["organisations.id"], name=op.f("fk_recovery_cells_agency_id")),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_recovery_cells_creditor_id")),
        sa.PrimaryKeyConstraint(
            "creditor_id",
            "agency_id",
            "currency",
            "placement_month",
            "stratum",
            "month_on_book",
            name=op.f("pk_recovery_cells"),
        ),
    )
    op.create_index(op.f("ix_recovery_cells_agency_id"), "recovery_cells", ["agency_id"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=True),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "portfolio",
                "payments",
                "activities",
                name="uploadkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "checking",
                "checked",
                "applying",
                "applied",
                "rejected",
                name="uploadstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("delimiter", sa.Text(), nullable=True),
        sa.Column("header", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_good", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("errors_found", sa.BigInteger(), nullable=False),
        sa.Column("rows_applied", sa.BigInteger(), nullable=False),
        sa.Column("rows_unchanged", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("fault_params", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_uploads_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_uploads")),
    )
    op.create_index(
        "uq_uploads_bytes",
        "uploads",
        ["organisation_id", "kind", sa.literal_column("coalesce(creditor_id, 0)"), "sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'rejected'"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "director",
                "analyst",
                "finance",
                "compliance",
                "manager",
                "agent",
                "investigator",
                "operator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "invited",
                "active",
                "disabled",
                name="userstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("failed_sign_ins", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_users_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_users_organisation_id_id")),
    )
    op.create_table(
        "work",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "failed",
                name="workstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_work_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("organisation_id", "kind", "key", name=op.f("uq_work_organisation_id_kind_key")),
    )
    op.create_index(
        "ix_work_due",
        "work",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state in ('queued', 'running')"),
    )
    op.create_table(
        "contact_points",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "phone",
                "email",
                "address",
                name="contactkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtors.creditor_id", "debtors.id"],
            name=op.f("fk_contact_points_creditor_id_debtor_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_contact_points")),
    )
    op.create_index(
        "ix_contact_points_agency_id",
        "contact_points",
        ["agency_id"],
        unique=False,
        postgresql_where=sa.text("agency_id is not null"),
    )
    op.create_index("ix_contact_points_debtor_id", "contact_points", ["creditor_id", "debtor_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["users.organisation_id", "users.id"],
            name=op.f("fk_invitations_organisation_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index(op.f("ix_invitations_user_id"), "invitations", ["user_id"], unique=False)
    op.create_table(
        "mandate_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("commission_bp", sa.BigInteger(), nullable=False),
        sa.Column(
            "report_frequency",
            sa.Enum("monthly", name="reportfrequency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("report_due_days", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("commission_bp between 0 and 10000", name=op.f("ck_mandate_versions_commission_bp")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"],
            ["mandates.creditor_id", "mandates.agency_id", "mandates.id"],
            name=op.f("fk_mandate_versions_creditor_id_agency_id_mandate_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_mandate_versions")),
        sa.UniqueConstraint(
            "creditor_id",
            "mandate_id",
            "version",
            name=op.f("uq_mandate_versions_creditor_id_mandate_id_version"),
        ),
    )
    op.create_table(
        "portfolios",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("placed_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "upload_id"],
            ["uploads.organisation_id", "uploads.id"],
            name=op.f("fk_portfolios_creditor_id_upload_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["organisations.id"], name=op.f("fk_portfolios_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_portfolios")),
        sa.UniqueConstraint("creditor_id", "upload_id", name=op.f("uq_portfolios_creditor_id_upload_id")),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payments_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activities_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"],
            ["mandates.creditor_id", "mandates.agency_id", "mandates.id"],
            name=op.f("fk_reports_creditor_id_agency_id_mandate_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_reports")),
        sa.UniqueConstraint(
            "creditor_id",
            "mandate_id",
            "period_start",
            name=op.f("uq_reports_creditor_id_mandate_id_period_start"),
        ),
    )
    op.create_index(op.f("ix_reports_agency_id"), "reports", ["agency_id"], unique=False)
    op.create_table(
        "upload_errors",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "upload_id"],
            ["uploads.organisation_id", "uploads.id"],
            name=op.f("fk_upload_errors_organisation_id_upload_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line", "field", "code", name=op.f("pk_upload_errors")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["users.organisation_id", "users.id"],
            name=op.f("fk_web_sessions_organisation_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_sessions_token_hash")),
    )
    op.create_index(op.f("ix_web_sessions_user_id"), "web_sessions", ["user_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "placed",
                "closed",
                name="casestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("placed_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("principal_minor", sa.BigInteger(), nullable=True),
        sa.Column("interest_minor", sa.BigInteger(), nullable=True),
        sa.Column("late_interest_minor", sa.BigInteger(), nullable=True),
        sa.Column("fees_minor", sa.BigInteger(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("delinquent_on", sa.Date(), nullable=True),
        sa.Column("charged_off_on", sa.Date(), nullable=True),
        sa.Column("last_payment_on", sa.Date(), nullable=True),
        sa.Column("days_past_due", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtors.creditor_id", "debtors.id"],
            name=op.f("fk_cases_creditor_id_debtor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "portfolio_id"],
            ["portfolios.creditor_id", "portfolios.id"],
            name=op.f("fk_cases_creditor_id_portfolio_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_cases")),
        sa.UniqueConstraint("creditor_id", "account_ref", name=op.f("uq_cases_creditor_id_account_ref")),
    )
    op.create_index(
        "ix_cases_agency_id",
        "cases",
        ["agency_id", "creditor_id", "id"],
        unique=False,
        postgresql_where=sa.text("agency_id is not null"),
    )
    op.create_index("ix_cases_debtor_id", "cases", ["creditor_id", "debtor_id"], unique=False)
    op.create_table(
        "consignments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_version_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "sent",
                "acknowledged",
                "ended",
                name="placementstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("placed_minor", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.BigInteger(), nullable=True),
        sa.Column("manifest_downloaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
            name=op.f("fk_consignments_creditor_id_agency_id_mandate_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "wave_id"],
            ["placement_waves.creditor_id", "placement_waves.id"],
            name=op.f("fk_consignments_creditor_id_wave_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_consignments")),
        sa.UniqueConstraint(
            "creditor_id", "wave_id", "agency_id", name=op.f("uq_consignments_creditor_id_wave_id_agency_id")
        ),
    )
    op.create_index(op.f("ix_consignments_agency_id"), "consignments", ["agency_id"], unique=False)
    op.create_table(
        "placements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_version_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "service",
            sa.Enum("collect", name="service", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "sent",
                "acknowledged",
                "ended",
                name="placementstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("placed_minor", sa.BigInteger(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "consignment_id"],
            ["consignments.creditor_id", "consignments.agency_id", "consignments.id"],
            name=op.f("fk_placements_creditor_id_agency_id_consignment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
            name=op.f("fk_placements_creditor_id_agency_id_mandate_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "case_id"],
            ["cases.creditor_id", "cases.id"],
            name=op.f("fk_placements_creditor_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_placements")),
    )
    op.create_index("ix_placements_agency_id", "placements", ["agency_id", "creditor_id", "id"], unique=False)
    op.create_index("ix_placements_case_id", "placements", ["creditor_id", "case_id", "agency_id"], unique=False)
    op.create_index("ix_placements_consignment_id", "placements", ["creditor_id", "consignment_id"], unique=False)
    op.create_index(
        "uq_placements_live_collect",
        "placements",
        ["creditor_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null and service = 'collect'"),
    )
    op.create_table(
        "activities",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id"],
            name=op.f("fk_activities_creditor_id_agency_id_placement_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_activities")),
        sa.UniqueConstraint(
            "creditor_id",
            "agency_id",
            "natural_key",
            name=op.f("uq_activities_creditor_id_agency_id_natural_key"),
        ),
    )
    op.create_index("ix_activities_case_id", "activities", ["creditor_id", "case_id", "happened_at"], unique=False)
    op.create_index("ix_activities_upload_id", "activities", ["agency_id", "upload_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "received_by",
            sa.Enum("agency", "creditor", name="receivedby", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_minor")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id"],
            name=op.f("fk_payments_creditor_id_agency_id_placement_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "creditor_id",
            "agency_id",
            "natural_key",
            name=op.f("uq_payments_creditor_id_agency_id_natural_key"),
        ),
    )
    op.create_index("ix_payments_case_id", "payments", ["creditor_id", "case_id"], unique=False)
    op.create_index("ix_payments_upload_id", "payments", ["agency_id", "upload_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("payment", name="entrykind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("inputs_hash", sa.LargeBinary(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_version_id", sa.BigInteger(), nullable=False),
        sa.Column("commission_bp", sa.BigInteger(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
            name=op.f("fk_entries_creditor_id_agency_id_mandate_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "payment_id"],
            ["payments.creditor_id", "payments.agency_id", "payments.id"],
            name=op.f("fk_entries_creditor_id_agency_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id", name=op.f("pk_entries")),
        sa.UniqueConstraint(
            "creditor_id",
            "agency_id",
            "idempotency_key",
            name=op.f("uq_entries_creditor_id_agency_id_idempotency_key"),
        ),
    )
    op.create_table(
        "postings",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "receivable",
                "held_by_agency",
                "received_by_creditor",
                "commission",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "destination",
            sa.Enum(
                "receivable",
                "held_by_agency",
                "received_by_creditor",
                "commission",
                name="destination",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_postings_amount_minor")),
        sa.CheckConstraint("source <> destination", name=op.f("ck_postings_accounts")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "entry_id"],
            ["entries.creditor_id", "entries.agency_id", "entries.id"],
            name=op.f("fk_postings_creditor_id_agency_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "entry_id", "position", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_agency_id", "postings", ["agency_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_postings_agency_id", table_name="postings")
    op.drop_table("postings")
    op.drop_table("entries")
    op.drop_index("ix_payments_upload_id", table_name="payments")
    op.drop_index("ix_payments_case_id", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_activities_upload_id", table_name="activities")
    op.drop_index("ix_activities_case_id", table_name="activities")
    op.drop_table("activities")
    op.drop_index(
        "uq_placements_live_collect",
        table_name="placements",
        postgresql_where=sa.text("ended_at is null and service = 'collect'"),
    )
    op.drop_index("ix_placements_consignment_id", table_name="placements")
    op.drop_index("ix_placements_case_id", table_name="placements")
    op.drop_index("ix_placements_agency_id", table_name="placements")
    op.drop_table("placements")
    op.drop_index(op.f("ix_consignments_agency_id"), table_name="consignments")
    op.drop_table("consignments")
    op.drop_index("ix_cases_debtor_id", table_name="cases")
    op.drop_index("ix_cases_agency_id", table_name="cases", postgresql_where=sa.text("agency_id is not null"))
    op.drop_table("cases")
    op.drop_index(op.f("ix_web_sessions_user_id"), table_name="web_sessions")
    op.drop_table("web_sessions")
    op.drop_table("upload_errors")
    op.drop_index(op.f("ix_reports_agency_id"), table_name="reports")
    op.drop_table("reports")
    op.drop_table("portfolios")
    op.drop_table("mandate_versions")
    op.drop_index(op.f("ix_invitations_user_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index("ix_contact_points_debtor_id", table_name="contact_points")
    op.drop_index(
        "ix_contact_points_agency_id",
        table_name="contact_points",
        postgresql_where=sa.text("agency_id is not null"),
    )
    op.drop_table("contact_points")
    op.drop_index("ix_work_due", table_name="work", postgresql_where=sa.text("state in ('queued', 'running')"))
    op.drop_table("work")
    op.drop_table("users")
    op.drop_index("uq_uploads_bytes", table_name="uploads", postgresql_where=sa.text("state <> 'rejected'"))
    op.drop_table("uploads")
    op.drop_index(op.f("ix_recovery_cells_agency_id"), table_name="recovery_cells")
    op.drop_table("recovery_cells")
    op.drop_table("placement_waves")
    op.drop_index(op.f("ix_placement_cells_agency_id"), table_name="placement_cells")
    op.drop_table("placement_cells")
    op.drop_index("ix_outbox_unsent", table_name="outbox", postgresql_where=sa.text("sent_at is null"))
    op.drop_table("outbox")
    op.drop_index(op.f("ix_mandates_agency_id"), table_name="mandates")
    op.drop_table("mandates")
    op.drop_table("header_mappings")
    op.drop_index("ix_debtors_agency_id", table_name="debtors", postgresql_where=sa.text("agency_id is not null"))
    op.drop_table("debtors")
    op.drop_table("staged_portfolio")
    op.drop_table("staged_payments")
    op.drop_table("staged_activities")
    op.drop_table("schedule_runs")
    op.drop_table("organisations")
    op.drop_table("audit_heads")
    op.drop_table("audit_events")
