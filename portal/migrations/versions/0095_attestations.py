"""Sub-processors, templates of a creditor, and what was attested when something was placed.

What was signed can come to need renewal before its day: the one change that is allowed on an attestation that stands.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0095"
down_revision = "0094"

BOTH = ["creditor_id", "agency_id"]
INSTANT = sa.DateTime(timezone=True)
PANEL = ["panel_members.creditor_id", "panel_members.agency_id"]
HOLDING = ("consignments", "locate_batches")
RENEWED = """
    -- Either side may say, once, that what was signed has to be renewed; nothing else changes with it.
    if tg_op = 'UPDATE' and old.outdated_at is null and new.outdated_at is not null
       and old.state in ('submitted', 'accepted')
       and to_jsonb(new) - 'outdated_at' = to_jsonb(old) - 'outdated_at' then
        return new;
    end if;
    if tg_op = 'UPDATE' and new.outdated_at is distinct from old.outdated_at and old.state <> 'draft'
       and not (new.state = 'draft' and new.outdated_at is null) then
        raise exception 'what was found to be out of date stays so' using errcode = '42501';
    end if;
"""
MOVES = """
create or replace function attestation_moves() returns trigger language plpgsql as $$
declare
    side text := current_setting('role');
    is_filled boolean := tg_op = 'INSERT' or old.state = 'draft';
begin
{renewed}
    if (side = 'app_agency' and new.state in ('accepted', 'rejected', 'superseded'))
       or (side = 'app_creditor' and new.state in ('draft', 'submitted'))
       or (tg_op = 'UPDATE' and side = 'app_agency' and (old.state, new.state) not in (
           ('draft', 'draft'), ('draft', 'submitted'), ('submitted', 'draft'), ('accepted', 'revoked')))
       or (tg_op = 'UPDATE' and side = 'app_creditor' and (old.state, new.state) not in (
           ('submitted', 'accepted'), ('submitted', 'rejected'), ('accepted', 'superseded'), ('accepted', 'revoked')))
    then
        raise exception 'an attestation is signed by one side and judged by the other' using errcode = '42501';
    end if;
    -- What was signed stands as it was signed; taken back, it holds until no day.
    if side = 'app_agency' and not is_filled and (
        (new.answers, new.evidence_on, new.template_version{more})
            is distinct from (old.answers, old.evidence_on, old.template_version{old_more})
        or (new.state <> 'draft' and (new.valid_until, new.submitted_at)
            is distinct from (old.valid_until, old.submitted_at))
    ) then
        raise exception 'what was signed is not changed' using errcode = '42501';
    end if;
    return new;
end $$
"""
LIST_IS_OPEN = """
create function subprocessor_list_is_open() returns trigger language plpgsql as $$
declare
    entry subprocessors%rowtype;
begin
    entry := case when tg_op = 'DELETE' then old else new end;
    if not exists (
        select from subprocessor_lists l where l.creditor_id = entry.creditor_id and l.agency_id = entry.agency_id
           and l.version = entry.version and l.published_at is null
    ) or (tg_op = 'UPDATE' and new.version <> old.version) then
        raise exception 'a published list of sub-processors is not changed' using errcode = '42501';
    end if;
    return entry;
end $$
"""
PUBLISHED_STAYS = """
create function published_stays() returns trigger language plpgsql as $$
begin
    if old.published_at is not null
       and to_jsonb(new) - 'retired_on' is distinct from to_jsonb(old) - 'retired_on' then
        raise exception 'what was published is not changed' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.add_column("attestations", sa.Column("list_version", sa.BigInteger()))
    op.add_column("attestations", sa.Column("outdated_at", INSTANT))
    op.execute(MOVES.format(renewed=RENEWED, more=", new.list_version", old_more=", old.list_version"))
    op.execute("grant update (list_version, outdated_at) on attestations to app_agency")
    op.execute("grant update (outdated_at) on attestations to app_creditor")
    _make_snapshots()
    _make_lists()
    _make_templates()


def downgrade() -> None:
    for table in HOLDING:
        op.drop_constraint(f"fk_{table}_creditor_id_agency_id_snapshot_id", table, type_="foreignkey")
        op.drop_column(table, "snapshot_id")
    for table in (
        "creditor_templates",
        "subprocessor_decisions",
        "subprocessors",
        "subprocessor_lists",
        "attestation_snapshots",
    ):
        op.drop_table(table)
    op.execute("drop function subprocessor_list_is_open")
    op.execute("drop function published_stays")
    op.execute("drop function published_is_kept")
    op.execute(MOVES.format(renewed="", more="", old_more=""))
    op.drop_column("attestations", "outdated_at")
    op.drop_column("attestations", "list_version")


def _make_snapshots() -> None:
    op.create_table(
        "attestation_snapshots",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*BOTH),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("held", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        _to_panel("attestation_snapshots"),
        sa.CheckConstraint("act in ('place', 'download', 'bid', 'order_locate', 'close_recall')", name="act"),
    )
    _wall("attestation_snapshots", {"creditor": "select, insert", "agency": "select"})
    _append_only("attestation_snapshots")
    for table in HOLDING:
        op.add_column(table, sa.Column("snapshot_id", sa.BigInteger()))
        op.create_foreign_key(
            f"fk_{table}_creditor_id_agency_id_snapshot_id",
            table,
            "attestation_snapshots",
            [*BOTH, "snapshot_id"],
            [*BOTH, "id"],
        )
    op.execute("grant update (snapshot_id) on consignments to app_creditor")


def _make_lists() -> None:
    op.create_table(
        "subprocessor_lists",
        *_columns(*BOTH, "version"),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("begun_by", sa.BigInteger()),
        sa.Column("published_at", INSTANT),
        sa.Column("published_by", sa.BigInteger()),
        sa.Column("text", sa.Text()),
        sa.Column("sha256", sa.LargeBinary()),
        sa.PrimaryKeyConstraint(*BOTH, "version"),
        _to_panel("subprocessor_lists"),
        sa.CheckConstraint(
            "(published_at is null) = (sha256 is null) and (published_at is null) = (text is null)", name="published"
        ),
    )
    op.create_index(
        "uq_subprocessor_lists_draft",
        "subprocessor_lists",
        BOTH,
        unique=True,
        postgresql_where=sa.text("published_at is null"),
    )
    op.create_table(
        "subprocessors",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*BOTH, "version"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "country", "tax_id")),
        sa.Column("is_tax_id_valid", sa.Boolean()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("service", "data_kinds", "hosting")),
        sa.Column("authorised_on", sa.Date()),
        sa.Column("contract_file_key", sa.Text()),
        sa.Column("contract_name", sa.Text()),
        sa.Column("contract_type", sa.Text()),
        sa.Column("contract_size", sa.BigInteger()),
        sa.Column("contract_sha256", sa.LargeBinary()),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.ForeignKeyConstraint(
            [*BOTH, "version"],
            ["subprocessor_lists.creditor_id", "subprocessor_lists.agency_id", "subprocessor_lists.version"],
            name="fk_subprocessors_creditor_id_agency_id_version",
        ),
        sa.CheckConstraint("(contract_file_key is null) = (contract_sha256 is null)", name="contract"),
    )
    op.create_index("ix_subprocessors_creditor_id_agency_id_version", "subprocessors", [*BOTH, "version"])
    op.create_table(
        "subprocessor_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*BOTH),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        _to_panel("subprocessor_decisions"),
        sa.CheckConstraint("verdict in ('approved', 'objected')", name="subprocessorverdict"),
    )
    _wall(
        "subprocessor_lists",
        {"agency": "select, insert, update (published_at, published_by, text, sha256)", "creditor": "select"},
    )
    _wall("subprocessors", {"agency": "select, insert, update, delete", "creditor": "select"})
    _wall("subprocessor_decisions", {"creditor": "select, insert", "agency": "select"})
    _append_only("subprocessor_decisions")
    op.execute(LIST_IS_OPEN)
    op.execute(
        "create trigger is_open before insert or update or delete on subprocessors "
        "for each row execute function subprocessor_list_is_open()"
    )
    op.execute(PUBLISHED_STAYS)
    _published_stays("subprocessor_lists")


def _make_templates() -> None:
    op.create_table(
        "creditor_templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("retired_on", sa.Date()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("published_at", INSTANT),
        sa.Column("published_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "code", "version", name="uq_creditor_templates_creditor_id_code_version"),
        sa.CheckConstraint("published_at is null or valid_from is not null", name="published_from"),
        sa.CheckConstraint("code ~ '^EX-[0-9]{2}$'", name="code"),
    )
    op.create_index(
        "uq_creditor_templates_draft",
        "creditor_templates",
        ["creditor_id", "code"],
        unique=True,
        postgresql_where=sa.text("published_at is null"),
    )
    _wall("creditor_templates", {"creditor": "select, insert, update, delete"})
    # A draft is nobody's business but the creditor's.
    asked = "published_at is not null and creditor_id in (select creditor_id from panel_members)"
    op.execute(f"create policy app_agency on creditor_templates to app_agency using ({asked}) with check ({asked})")
    op.execute("grant select on creditor_templates to app_agency")
    _published_stays("creditor_templates")
    op.execute(
        "create function published_is_kept() returns trigger language plpgsql as $$ begin"
        " if old.published_at is not null then"
        " raise exception 'what was published is not removed' using errcode = '42501'; end if; return old; end $$"
    )
    op.execute(
        "create trigger is_kept before delete on creditor_templates for each row execute function published_is_kept()"
    )


def _columns(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _to_panel(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(BOTH, PANEL, name=f"fk_{table}_creditor_id_agency_id")


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def _append_only(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )


def _published_stays(table: str) -> None:
    op.execute(
        f"create trigger published_stays before update on {table} for each row execute function published_stays()"
    )
