"""Agency files, attestations and their evidence.

An agency may not accept its own attestation and a creditor may not sign one: a trigger holds each side to its moves,
because a grant can name a column but not a value. A creditor reads the files of the agencies on its panel.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0071"
down_revision = "0070"

BOTH = ["creditor_id", "agency_id"]
KEY = [*BOTH, "attestation_id"]
INSTANT = sa.DateTime(timezone=True)
STATES = "'draft', 'submitted', 'accepted', 'rejected', 'revoked', 'superseded'"

JUDGED_BY_ITS_SIDE = """
create function attestation_moves() returns trigger language plpgsql as $$
declare
    side text := current_setting('role');
    is_filled boolean := tg_op = 'INSERT' or old.state = 'draft';
begin
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
        (new.answers, new.evidence_on, new.template_version)
            is distinct from (old.answers, old.evidence_on, old.template_version)
        or (new.state <> 'draft' and (new.valid_until, new.submitted_at)
            is distinct from (old.valid_until, old.submitted_at))
    ) then
        raise exception 'what was signed is not changed' using errcode = '42501';
    end if;
    return new;
end $$
"""
# What was signed stands as it was signed: evidence comes and goes only while the attestation is a draft.
EVIDENCE_IS_OPEN = """
create function attestation_evidence_is_open() returns trigger language plpgsql as $$
declare
    file attestation_files%rowtype;
begin
    file := case when tg_op = 'DELETE' then old else new end;
    if not exists (
        select from attestations a where a.creditor_id = file.creditor_id and a.agency_id = file.agency_id
           and a.id = file.attestation_id and a.state = 'draft'
    ) then
        raise exception 'the evidence of a signed attestation is not changed' using errcode = '42501';
    end if;
    return file;
end $$
"""


def upgrade() -> None:
    _make_files()
    _make_attestations()
    _make_parts()
    _wall("agency_files", {"agency": "select, insert, update"})
    _wall("agency_credentials", {"agency": "select, insert, update (removed_at)"})
    on_panel = "agency_id in (select agency_id from panel_members)"
    for table in ("agency_files", "agency_credentials"):
        op.execute(f"create policy app_creditor on {table} to app_creditor using ({on_panel}) with check ({on_panel})")
        op.execute(f"grant select on {table} to app_creditor")
    filled = "state, answers, evidence_on, valid_until, template_version, submitted_at"
    revoked = "revoked_at, revoked_by, revocation_reason"
    _wall(
        "attestations",
        {
            "agency": f"select, insert, update ({filled}, {revoked})",
            "creditor": f"select, update (state, reviewed_at, reviewed_by, review_reason, {revoked})",
        },
    )
    _wall("attestation_files", {"agency": "select, insert, delete", "creditor": "select"})
    _wall("attestation_signatures", {"agency": "select, insert", "creditor": "select"})
    op.execute(
        "create trigger append_only before update or delete or truncate on attestation_signatures "
        "for each statement execute function refuse_change()"
    )
    op.execute(JUDGED_BY_ITS_SIDE)
    op.execute(
        "create trigger moves before insert or update on attestations for each row execute function attestation_moves()"
    )
    op.execute(EVIDENCE_IS_OPEN)
    op.execute(
        "create trigger is_open before insert or delete on attestation_files "
        "for each row execute function attestation_evidence_is_open()"
    )


def _make_files() -> None:
    op.create_table(
        "agency_files",
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("services", postgresql.JSONB(), nullable=False),
        sa.Column("countries", postgresql.JSONB(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("capacity", sa.BigInteger()),
        sa.Column("complaints_contact", sa.Text(), nullable=False),
        sa.Column("incidents_contact", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("updated_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("agency_id"),
        sa.CheckConstraint("capacity > 0", name="capacity"),
    )
    op.create_table(
        "agency_credentials",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("removed_at", INSTANT),
        sa.PrimaryKeyConstraint("agency_id", "id"),
        sa.CheckConstraint("limit_minor >= 0", name="limit_minor"),
        sa.CheckConstraint("kind in ('licence', 'insurance')", name="credentialkind"),
    )


def _make_attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*BOTH),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("recall_id", sa.BigInteger()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("evidence_on", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("submitted_at", INSTANT),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("reviewed_by", sa.BigInteger()),
        sa.Column("review_reason", sa.Text()),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", sa.BigInteger()),
        sa.Column("revocation_reason", sa.Text()),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.ForeignKeyConstraint(
            BOTH, ["panel_members.creditor_id", "panel_members.agency_id"], name="fk_attestations_creditor_id_agency_id"
        ),
        sa.CheckConstraint(f"state in ({STATES})", name="attestationstate"),
        sa.CheckConstraint("state <> 'accepted' or valid_until is not null", name="accepted_until"),
    )
    for name, states in (("open", "state in ('draft', 'submitted')"), ("accepted", "state = 'accepted'")):
        op.create_index(
            f"uq_attestations_{name}",
            "attestations",
            [*BOTH, "code", "recall_id"],
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text(states),
        )
    op.create_index("ix_attestations_agency_id", "attestations", ["agency_id"])


def _make_parts() -> None:
    op.create_table(
        "attestation_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*KEY),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
    )
    op.create_table(
        "attestation_signatures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_columns(*KEY),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signer_id", sa.Text(), nullable=False),
        sa.Column("signer_role", sa.String(40), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("signed_by", sa.BigInteger()),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.CheckConstraint("signer_role in ('legal_representative', 'data_officer')", name="signerrole"),
    )
    for table in ("attestation_files", "attestation_signatures"):
        op.create_foreign_key(
            f"fk_{table}_creditor_id_agency_id_attestation_id", table, "attestations", KEY, [*BOTH, "id"]
        )
        op.create_index(f"ix_{table}_creditor_id_agency_id_attestation_id", table, KEY)


def _columns(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
