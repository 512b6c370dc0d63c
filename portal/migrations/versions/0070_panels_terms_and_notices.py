"""A creditor's panel, the fuller terms of mandates, and notices inside the product.

An agency used to know a creditor only by a mandate; now the panel comes first, and a mandate puts its agency on it. A
notice may be written for a partner, so the owner writes it for whoever acts, as it does with the audit trail.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0070"
down_revision = "0060"

VERSION = ["creditor_id", "agency_id", "mandate_version_id"]
#: The lines of a version, in tables of their own.
LINES = ("commission_bands", "locate_fees", "sla_clauses")

SERVICES = "'collect', 'locate'"
SERVED = ("mandates", "placement_waves", "placements")

PARTNERS = """
create function are_partners(one bigint, other bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from panel_members p where (p.creditor_id, p.agency_id) in ((one, other), (other, one)))
$$
"""

APPEND_NOTICE = """
create function append_notice(
    receiver bigint, kind text, key text, permission text, details jsonb, at timestamptz
) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if current_setting('role') in ('app_creditor', 'app_agency') and receiver is distinct from current_organisation()
       and not are_partners(current_organisation(), receiver) then
        raise exception 'a notice goes to the organisation that acts and to its partners' using errcode = '42501';
    end if;
    insert into notices (organisation_id, kind, key, permission, details, created_at)
    values (receiver, append_notice.kind, append_notice.key, append_notice.permission, append_notice.details, at)
    on conflict on constraint uq_notices_organisation_id_key do nothing;
end $$
"""

APPEND_AUDIT_EVENT = """
create or replace function append_audit_event(
    chain bigint, at timestamptz, action text, actor_organisation bigint, actor_user bigint, body text
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    head audit_heads%rowtype;
    link bytea;
begin
    if actor_organisation is distinct from own then
        raise exception 'an audit event is signed by the organisation that acts' using errcode = '42501';
    end if;
    -- The role that was taken on at the beginning of the transaction; the current user is this function's owner.
    if current_setting('role') in ('app_creditor', 'app_agency') and chain is distinct from own
       and not are_partners(own, chain) then
        raise exception 'an audit event goes to the chains of those it concerns' using errcode = '42501';
    end if;
    insert into audit_heads (organisation_id, seq, hash) values (chain, 0, decode(repeat('00', 32), 'hex'))
    on conflict do nothing;
    select * into head from audit_heads where organisation_id = chain for update;
    link := sha256(head.hash || convert_to(body, 'UTF8'));
    insert into audit_events
        (organisation_id, seq, at, action, actor_organisation_id, actor_user_id, body, previous, hash)
    values (chain, head.seq + 1, at, action, actor_organisation, actor_user, body, head.hash, link);
    update audit_heads set seq = head.seq + 1, hash = link where organisation_id = chain;
    return head.seq + 1;
end $$
"""


def upgrade() -> None:
    _make_panel()
    _widen_terms()
    _make_notices()
    op.execute(APPEND_AUDIT_EVENT)
    op.execute("drop policy owner on mandates")


def _make_panel() -> None:
    op.create_table(
        "panel_members",
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id"),
    )
    op.create_index("ix_panel_members_agency_id", "panel_members", ["agency_id"])
    op.execute("alter table mandates no force row level security")
    op.execute(
        "insert into panel_members (creditor_id, agency_id, joined_at) "
        "select creditor_id, agency_id, min(created_at) from mandates group by 1, 2"
    )
    op.execute("alter table mandates force row level security")
    _wall("panel_members", {"creditor": "select, insert", "agency": "select"})
    op.execute("create policy owner on panel_members for select to current_user using (true)")
    op.execute("drop policy app_agency on organisations")
    known = "id = current_organisation() or id in (select creditor_id from panel_members)"
    op.execute(f"create policy app_agency on organisations to app_agency using ({known}) with check ({known})")
    op.execute(PARTNERS)
    op.execute("revoke execute on function are_partners from public")


def _widen_terms() -> None:
    for table in SERVED:
        op.drop_constraint(f"ck_{table}_service", table)
        op.create_check_constraint("service", table, f"service in ({SERVICES})")
    op.drop_constraint("ck_mandate_versions_reportfrequency", "mandate_versions")
    op.create_check_constraint(
        "reportfrequency", "mandate_versions", "report_frequency in ('weekly', 'fortnightly', 'monthly')"
    )
    for name in ("settlement_discount_bp", "tail_days"):
        op.add_column("mandate_versions", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("mandate_versions", name, server_default=None)
    op.create_table(
        "commission_bands",
        *_version(),
        sa.Column("from_days", sa.BigInteger(), nullable=False),
        sa.Column("commission_bp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*VERSION, "from_days"),
        sa.CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
        sa.CheckConstraint("from_days > 0", name="from_days"),
    )
    op.create_table(
        "locate_fees",
        *_version(),
        sa.Column("fee_class", sa.String(40), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*VERSION, "fee_class", "grade"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_minor"),
        sa.CheckConstraint("fee_class in ('standard', 'express')", name="feeclass"),
        sa.CheckConstraint(
            "grade in ('verified_with_debtor', 'verified_third_source', 'matched_unverified', 'stale', 'negative', "
            "'duplicate_of_known')",
            name="locategrade",
        ),
    )
    op.create_table(
        "sla_clauses",
        *_version(),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("target_bp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*VERSION, "clause"),
        sa.CheckConstraint("target_bp between 0 and 10000", name="target_bp"),
        sa.CheckConstraint("hours >= 0", name="hours"),
        sa.CheckConstraint(
            "clause in ('acknowledge', 'first_activity', 'report_on_time', 'recall_answered')", name="clause"
        ),
    )
    for table in LINES:
        name = f"fk_{table}_creditor_id_agency_id_mandate_version_id"
        op.create_foreign_key(name, table, "mandate_versions", VERSION, ["creditor_id", "agency_id", "id"])
        _wall(table, {"creditor": "select, insert", "agency": "select"})
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _make_notices() -> None:
    op.add_column("users", sa.Column("notices_seen_at", sa.DateTime(timezone=True)))
    op.execute("grant update (notices_seen_at) on users to app_creditor, app_agency")
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("organisation_id", "key"),
    )
    op.create_index("ix_notices_created_at", "notices", ["organisation_id", "created_at"])
    op.execute("alter table notices enable row level security")
    op.execute("alter table notices force row level security")
    own = "organisation_id = current_organisation()"
    for role in ("app_creditor", "app_agency", "app_platform"):
        op.execute(f"create policy {role} on notices to {role} using ({own}) with check ({own})")
        op.execute(f"grant select on notices to {role}")
    op.execute("create policy owner on notices to current_user using (true) with check (true)")
    op.execute(APPEND_NOTICE)
    op.execute("revoke execute on function append_notice from public")
    op.execute("grant execute on function append_notice to app_creditor, app_agency, app_platform")


def _version() -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in VERSION]


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
