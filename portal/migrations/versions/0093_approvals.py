"""Two-person approvals, the auditor and support access.

What was asked is written once: no side may change more of it than how it ended, and what has ended stays. That the
second person is not the first one is a check of the table, whatever the code above it does. So is that nobody has a
role of another side: a side may now change its people's roles, and could otherwise make one of them an operator.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0093"
down_revision = "0092"

SIDES = ("app_creditor", "app_agency", "app_platform")
KINDS = "'award', 'export', 'limit', 'bank_account'"
#: In the order of the code, the auditor among the creditor's.
BEFORE = "'director', 'analyst', 'finance', 'compliance', 'manager', 'agent', 'investigator', 'operator'"
ROLES = BEFORE.replace("'manager'", "'auditor', 'manager'")
STATES = "'pending', 'approved', 'declined', 'withdrawn', 'expired', 'void'"

APPROVALS_ARE_FINAL = """
create function approvals_are_final() returns trigger language plpgsql as $$
begin
    if old.state <> 'pending' then
        raise exception 'a decided approval stays as it is' using errcode = '42501';
    end if;
    return new;
end $$
"""

#: Asked as whoever writes: each side sees its own organisation, and the one that is not seen has no people to make.
ROLES_KEEP_THEIR_SIDE = """
create function roles_keep_their_side() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if not exists (
        select from organisations
        where id = new.organisation_id and kind = case
            when new.role in ('director', 'analyst', 'finance', 'compliance', 'auditor') then 'creditor'
            when new.role in ('manager', 'agent', 'investigator') then 'agency'
            else 'platform'
        end
    ) then
        raise exception 'this role does not exist in this kind of organisation' using errcode = '42501';
    end if;
    return new;
end $$
"""

APPEND_NOTICE = """
create function append_notice(
    receiver bigint, kind text, key text, permission text, details jsonb, at timestamptz{parameters}
) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if current_setting('role') in ('app_creditor', 'app_agency') and receiver is distinct from current_organisation()
       and not are_partners(current_organisation(), receiver) then
        raise exception 'a notice goes to the organisation that acts and to its partners' using errcode = '42501';
    end if;
    insert into notices (organisation_id, kind, key, permission, details, created_at{columns})
    values (
        receiver, append_notice.kind, append_notice.key, append_notice.permission, append_notice.details, at{values}
    )
    on conflict on constraint uq_notices_organisation_id_key do nothing;
end $$
"""
NOTICE_BEFORE = "append_notice(bigint, text, text, text, jsonb, timestamptz)"
NOTICE = "append_notice(bigint, text, text, text, jsonb, timestamptz, bigint, bigint)"


def upgrade() -> None:
    _make_approvals()
    _address_notices()
    _admit_auditors()
    _make_support()
    _end_sessions()


def _make_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject", postgresql.JSONB(), nullable=False),
        sa.Column("subject_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "asked_by"], ["users.organisation_id", "users.id"]),
        sa.ForeignKeyConstraint(["organisation_id", "decided_by"], ["users.organisation_id", "users.id"]),
        sa.CheckConstraint(f"kind in ({KINDS})", name="approvalkind"),
        sa.CheckConstraint(f"state in ({STATES})", name="approvalstate"),
        sa.CheckConstraint("state <> 'approved' or decided_by <> asked_by", name="two_persons"),
        sa.CheckConstraint("(state = 'pending') = (decided_at is null)", name="decided_at"),
    )
    op.create_index(
        "uq_approvals_pending",
        "approvals",
        ["organisation_id", "kind", "about"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_approvals_asked_at", "approvals", ["organisation_id", "asked_at"])
    op.execute(APPROVALS_ARE_FINAL)
    op.execute("create trigger final before update on approvals for each row execute function approvals_are_final()")
    op.create_table(
        "approval_limits",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("limit_value", sa.BigInteger(), nullable=False),
        sa.Column("approval_id", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "approval_id"], ["approvals.organisation_id", "approvals.id"]),
        sa.CheckConstraint(f"kind in ({KINDS})", name="approvalkind"),
        sa.CheckConstraint("limit_value >= 0", name="limit_value"),
    )
    op.create_index("ix_approval_limits_kind", "approval_limits", ["organisation_id", "kind", "currency"])
    op.execute(
        "create trigger append_only before update or delete or truncate on approval_limits "
        "for each statement execute function refuse_change()"
    )
    decided = "update (state, decided_by, decided_at, reason)"
    for role in SIDES:
        _wall("approvals", role, f"select, insert, {decided}")
    for role in SIDES[:2]:
        _wall("approval_limits", role, "select, insert")


def _address_notices() -> None:
    for name in ("person_id", "besides_id"):
        op.add_column("notices", sa.Column(name, sa.BigInteger()))
    op.execute(f"drop function {NOTICE_BEFORE}")
    op.execute(
        APPEND_NOTICE.format(
            parameters=",\n    person bigint default null, besides bigint default null",
            columns=", person_id, besides_id",
            values=",\n        person, besides",
        )
    )
    _allow_notices(NOTICE)


def _admit_auditors() -> None:
    op.drop_constraint("ck_users_role", "users")
    op.create_check_constraint("role", "users", f"role in ({ROLES})")
    op.execute(ROLES_KEEP_THEIR_SIDE)
    op.execute(
        "create trigger keeps_side before insert or update of role, organisation_id on users "
        "for each row execute function roles_keep_their_side()"
    )


def _make_support() -> None:
    op.create_table(
        "support_accesses",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("platform_id", sa.BigInteger(), nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("answered_by", sa.BigInteger()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("web_session_id", sa.BigInteger()),
        sa.Column("entered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.ForeignKeyConstraint(["organisation_id", "answered_by"], ["users.organisation_id", "users.id"]),
        sa.CheckConstraint("state in ('asked', 'granted', 'declined', 'withdrawn', 'ended')", name="supportstate"),
        sa.CheckConstraint("minutes between 1 and 60", name="minutes"),
        sa.CheckConstraint("state not in ('granted', 'ended') or answered_by is not null", name="granted_by"),
    )
    op.create_index("ix_support_accesses_platform_id", "support_accesses", ["platform_id", "id"])
    op.create_index("ix_support_accesses_web_session_id", "support_accesses", ["web_session_id"])
    op.execute("alter table support_accesses enable row level security")
    op.execute("alter table support_accesses force row level security")
    own, ended = "organisation_id = current_organisation()", "state, ended_at, ended_by"
    answers = f"select, update (answered_by, answered_at, ends_at, {ended})"
    asks = f"select, insert, update (web_session_id, entered_at, {ended})"
    for role, rows, granted in (
        ("app_creditor", own, answers),
        ("app_agency", own, answers),
        ("app_platform", "platform_id = current_organisation()", asks),
        # Whether a session that comes in looks at a tenant's pages.
        ("app_door", "true", "select"),
    ):
        op.execute(f"create policy {role} on support_accesses to {role} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on support_accesses to {role}")


def _end_sessions() -> None:
    op.add_column("users", sa.Column("sessions_since", sa.DateTime(timezone=True)))
    op.execute("grant update (role, sessions_since) on users to app_creditor, app_agency")


def _allow_notices(function: str) -> None:
    op.execute(f"revoke execute on function {function} from public")
    op.execute(f"grant execute on function {function} to {', '.join(SIDES)}")


def _wall(table: str, role: str, granted: str) -> None:
    own = "organisation_id = current_organisation()"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {role} on {table} to {role} using ({own}) with check ({own})")
    op.execute(f"grant {granted} on {table} to {role}")


def downgrade() -> None:
    op.drop_table("support_accesses")
    # An auditor has no place any more and keeps none: the role that is left to them is without access.
    op.execute("revoke update (role) on users from app_creditor, app_agency")
    op.execute("drop trigger keeps_side on users")
    op.execute("drop function roles_keep_their_side()")
    op.drop_column("users", "sessions_since")
    op.execute("alter table users no force row level security")
    op.execute("update users set role = 'compliance', state = 'disabled' where role = 'auditor'")
    op.execute("alter table users force row level security")
    op.drop_constraint("ck_users_role", "users")
    op.create_check_constraint("role", "users", f"role in ({BEFORE})")
    op.execute(f"drop function {NOTICE}")
    op.execute(APPEND_NOTICE.format(parameters="", columns="", values=""))
    _allow_notices(NOTICE_BEFORE)
    for name in ("besides_id", "person_id"):
        op.drop_column("notices", name)
    op.drop_table("approval_limits")
    op.drop_table("approvals")
    op.execute("drop function approvals_are_final()")
