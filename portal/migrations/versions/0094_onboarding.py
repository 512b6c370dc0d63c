"""Applications, principals, documents, bank accounts, and a panel whose members have a state.

An applicant is nobody who is signed in. The door lets through the rows of one handle, which the portal names for the
transaction once a link or a browser's token has led to it (`current_applicant`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0094"
down_revision = "0093"

INSTANT = sa.DateTime(timezone=True)
BOTH = ["creditor_id", "agency_id"]
OWN = "organisation_id = current_organisation()"
CREDITOR, AGENCY = "creditor_id = current_organisation()", "agency_id = current_organisation()"
HANDLE = "handle = current_applicant()"
STATES = (
    "'unconfirmed', 'draft', 'submitted', 'under_review', 'more_asked', 'approved', 'declined', 'withdrawn', 'expired'"
)
PANEL_STATES = "'candidate', 'under_review', 'on_panel', 'suspended', 'removed', 'declined'"
DOCUMENTS = (
    "'incorporation', 'tax_register', 'bank_letter', 'licence', 'insurance', 'background_check', "
    "'security_certificate', 'policy', 'other'"
)
KINDS = "'creditor', 'agency', 'platform'"
#: Added to an agency's file, with what stands there for the agencies that have one.
FILE_COLUMNS = (
    ("second_complaints_contact", sa.Text(), "''"),
    ("products", postgresql.JSONB(), "'[]'"),
    ("registers", postgresql.JSONB(), "'{}'"),
    ("disclosures", postgresql.JSONB(), "'{}'"),
)
OF_THE_FILE = ("principals", "agency_documents", "bank_accounts")

CURRENT_APPLICANT = """
create function current_applicant() returns text language sql stable parallel safe as
$$ select nullif(current_setting('app.applicant', true), '') $$
"""
# A grant can name a column but not a value: who is on a panel is the creditor's word, and no the agency's.
PANEL_IS_DECIDED = """
create function panel_is_decided() returns trigger language plpgsql as $$
declare
    side text := current_setting('role');
begin
    if (side = 'app_agency' and (old.state not in ('candidate', 'under_review') or new.state <> 'declined'))
       or (side = 'app_creditor' and new.state = 'declined' and old.state <> 'declined') then
        raise exception 'a creditor decides on its panel, an agency declines' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.execute(CURRENT_APPLICANT)
    _make_applications()
    _make_parts_of_applications()
    _wall_applications()
    _widen_files()
    _give_panels_states()
    _make_what_agencies_show()


def downgrade() -> None:
    for table in ("panel_moves", *OF_THE_FILE, "application_files", "application_steps", "application_keys"):
        op.drop_table(table)
    op.drop_table("applications")
    op.execute("drop trigger decided on panel_members")
    op.execute("drop function panel_is_decided()")
    op.execute("drop function current_applicant()")
    op.execute("revoke update on panel_members from app_creditor, app_agency")
    op.execute(
        "revoke update (joined_at, joined_by, state, state_at, reason) on panel_members from app_creditor, app_agency"
    )
    for column in ("reason", "state_at", "state"):
        op.drop_column("panel_members", column)
    for name, _kind, _default in FILE_COLUMNS:
        op.drop_column("agency_files", name)
    op.drop_column("agency_files", "notice_hours")


def _make_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        _text("handle"),
        _code("kind"),
        _code("state"),
        _text("country"),
        _text("language"),
        _text("legal_name"),
        sa.Column("tax_id", sa.Text()),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("submitted_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("reviewer_id", sa.BigInteger()),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("organisation_id", "handle"),
        sa.CheckConstraint(f"kind in ({KINDS})", name="organisationkind"),
        sa.CheckConstraint(f"state in ({STATES})", name="applicationstate"),
    )
    op.create_index(
        "uq_applications_open",
        "applications",
        ["organisation_id", "country", "tax_id"],
        unique=True,
        postgresql_where=sa.text("state in ('submitted', 'under_review', 'more_asked')"),
    )
    for column in ("agency_id", "creditor_id"):
        op.create_index(f"ix_applications_{column}", "applications", [column])


def _make_parts_of_applications() -> None:
    op.create_table(
        "application_keys",
        *_of_an_application(),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        _code("kind"),
        _code("use"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("organisation_id", "token_hash"),
        sa.CheckConstraint(f"kind in ({KINDS})", name="organisationkind"),
        sa.CheckConstraint("use in ('link', 'visit')", name="keyuse"),
    )
    op.create_index(
        "ix_application_keys_organisation_id_email_index", "application_keys", ["organisation_id", "email_index"]
    )
    op.create_table(
        "application_steps",
        *_of_an_application(),
        _code("state"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_user_id", sa.BigInteger()),
        _text("message"),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.CheckConstraint(f"state in ({STATES})", name="applicationstate"),
    )
    op.create_table(
        "application_files",
        *_of_an_application(),
        *_file(),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.CheckConstraint(f"kind in ({DOCUMENTS})", name="documentkind"),
    )
    for column in ("agency_id", "creditor_id"):
        op.create_index(f"ix_application_files_{column}", "application_files", [column])
    for table in ("application_keys", "application_steps", "application_files"):
        op.create_foreign_key(
            f"fk_{table}_organisation_id_handle",
            table,
            "applications",
            ["organisation_id", "handle"],
            ["organisation_id", "handle"],
        )
    for table in ("application_steps", "application_files"):
        op.create_index(f"ix_{table}_organisation_id_handle", table, ["organisation_id", "handle"])


def _wall_applications() -> None:
    _wall(
        "applications",
        ("app_door", HANDLE, "select, insert, update"),
        ("app_platform", OWN, "select, update"),
        ("app_agency", AGENCY, "select"),
        ("app_creditor", CREDITOR, "select"),
    )
    _wall(
        "application_keys",
        # Hashes of random tokens; without one of them nothing is reached.
        ("app_door", "true", "select, insert, update (used_at, expires_at)"),
        ("app_platform", OWN, "select, insert, update (expires_at)"),
    )
    _wall("application_steps", ("app_door", HANDLE, "select, insert"), ("app_platform", OWN, "select, insert"))
    _append_only("application_steps")
    _wall(
        "application_files",
        ("app_door", HANDLE, "select, insert, delete"),
        ("app_platform", OWN, "select, update (agency_id, creditor_id), delete"),
        ("app_agency", AGENCY, "select"),
        ("app_creditor", CREDITOR, "select"),
    )


def _widen_files() -> None:
    for name, kind, default in FILE_COLUMNS:
        op.add_column("agency_files", sa.Column(name, kind, nullable=False, server_default=sa.text(default)))
        op.alter_column("agency_files", name, server_default=None)
    op.add_column("agency_files", sa.Column("notice_hours", sa.BigInteger()))


def _make_what_agencies_show() -> None:
    op.create_table(
        "principals",
        *_of_an_agency(),
        _text("name"),
        _code("role"),
        _text("document_type"),
        _text("seal"),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        _text("document_end"),
        sa.Column("share_bp", sa.BigInteger()),
        sa.Column("background_checked_on", sa.Date()),
        sa.Column("is_exposed", sa.Boolean(), nullable=False),
        *_kept(),
        sa.PrimaryKeyConstraint("agency_id", "id"),
        sa.CheckConstraint("share_bp between 0 and 10000", name="share_bp"),
        sa.CheckConstraint(
            "role in ('legal_representative', 'director', 'partner', 'beneficial_owner', 'compliance_officer', "
            "'data_officer')",
            name="principalrole",
        ),
    )
    op.create_table(
        "agency_documents",
        *_of_an_agency(),
        *_file(),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("removed_at", INSTANT),
        sa.PrimaryKeyConstraint("agency_id", "id"),
        sa.CheckConstraint(f"kind in ({DOCUMENTS})", name="documentkind"),
    )
    op.create_table(
        "bank_accounts",
        *_of_an_agency(),
        _text("country"),
        _text("currency"),
        _text("bank"),
        _code("account_kind"),
        _text("seal"),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        _text("last_four"),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        _text("holder_name"),
        sa.Column("holder_tax_id", sa.LargeBinary(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("in_force_from", INSTANT, nullable=False),
        sa.Column("asked_by", sa.BigInteger()),
        sa.Column("agreed_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("agency_id", "id"),
        sa.CheckConstraint("account_kind in ('checking', 'savings')", name="accountkind"),
    )
    op.create_index("ix_bank_accounts_number_index", "bank_accounts", ["number_index"])
    shown = "id, agency_id"
    seen = {
        "principals": f"{shown}, name, role, document_type, document_end, share_bp, background_checked_on, is_exposed,"
        " created_at, created_by, removed_at",
        "agency_documents": "",
        "bank_accounts": f"{shown}, country, currency, bank, account_kind, last_four, holder_name, is_own,"
        " in_force_from",
    }
    changed = {"principals": ", update (removed_at)", "agency_documents": ", update (removed_at)", "bank_accounts": ""}
    on_panel = "agency_id in (select agency_id from panel_members where state not in ('declined', 'removed'))"
    for table, columns in seen.items():
        read = f"select ({columns})" if columns else "select"
        sides = [("app_agency", AGENCY, f"select, insert{changed[table]}"), ("app_creditor", on_panel, read)]
        if table == "bank_accounts":
            # Two agencies that are paid to one account are the platform's business, and no more of it than that.
            sides.append(("app_platform", "true", f"select ({shown}, last_four, number_index, in_force_from)"))
        _wall(table, *sides)
    _append_only("bank_accounts")


def _give_panels_states() -> None:
    op.add_column("panel_members", sa.Column("state", sa.String(40), nullable=False, server_default="on_panel"))
    op.add_column("panel_members", sa.Column("state_at", INSTANT))
    op.add_column("panel_members", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.execute("alter table panel_members no force row level security")
    op.execute("update panel_members set state_at = joined_at")
    op.create_table(
        "panel_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in BOTH),
        _code("state"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_user_id", sa.BigInteger()),
        sa.Column("by_organisation_id", sa.BigInteger(), nullable=False),
        _text("reason"),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.CheckConstraint(f"state in ({PANEL_STATES})", name="panelstate"),
    )
    op.create_index("ix_panel_moves_agency_id", "panel_moves", ["agency_id"])
    op.execute(
        "insert into panel_moves (creditor_id, agency_id, state, at, by_user_id, by_organisation_id, reason) "
        "select creditor_id, agency_id, state, joined_at, joined_by, creditor_id, '' from panel_members"
    )
    op.execute("alter table panel_members force row level security")
    op.alter_column("panel_members", "state", server_default=None)
    op.alter_column("panel_members", "reason", server_default=None)
    op.alter_column("panel_members", "state_at", nullable=False)
    op.create_check_constraint("panelstate", "panel_members", f"state in ({PANEL_STATES})")
    op.create_foreign_key("fk_panel_moves_creditor_id_agency_id", "panel_moves", "panel_members", BOTH, BOTH)
    _wall("panel_moves", ("app_creditor", CREDITOR, "select, insert"), ("app_agency", AGENCY, "select, insert"))
    _append_only("panel_moves")
    op.execute("grant update (joined_at, joined_by, state, state_at, reason) on panel_members to app_creditor")
    op.execute("grant update (state, state_at, reason) on panel_members to app_agency")
    op.execute(PANEL_IS_DECIDED)
    op.execute("create trigger decided before update on panel_members for each row execute function panel_is_decided()")


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _code(name: str) -> sa.Column:
    return sa.Column(name, sa.String(40), nullable=False)


def _of_an_application() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        _text("handle"),
    ]


def _of_an_agency() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
    ]


def _file() -> list[sa.Column]:
    return [
        _code("kind"),
        _text("storage_key"),
        _text("name"),
        _text("media_type"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    ]


def _kept() -> list[sa.Column]:
    return [
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("removed_at", INSTANT),
    ]


def _wall(table: str, *sides: tuple[str, str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for role, rows, granted in sides:
        op.execute(f"create policy {role} on {table} to {role} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to {role}")


def _append_only(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )
