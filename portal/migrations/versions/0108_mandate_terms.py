"""Mandates say everything, and both sides sign them.

Age bands become rate lines, which may also ask for the placement's number, the balance, the product and the debtor.
Either side proposes a version and the other answers it; what was agreed before signatures were kept stands as accepted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0108"
down_revision = "0107"

VERSION = ["creditor_id", "agency_id", "mandate_version_id"]
PARTIES = "'creditor', 'agency'"
#: Numbers and codes of a version, with what the versions that are there say by saying nothing.
ALWAYS_SAID = (
    ("direct_bp", sa.BigInteger(), "10000"),
    ("discovery_bp", sa.BigInteger(), "10000"),
    ("recall_free_days", sa.BigInteger(), "0"),
    ("plan_tail_days", sa.BigInteger(), "0"),
    ("bonus_bp", sa.BigInteger(), "0"),
    ("approver", sa.String(40), "director"),
    ("exclusive_days", sa.BigInteger(), "0"),
    ("subcontracting", sa.String(40), "with_consent"),
    ("proposed_by", sa.String(40), "creditor"),
)
AMOUNTS = ("floor_minor", "cap_minor", "bonus_from_minor", "longest_plan_months", "smallest_instalment_minor")
CHECKS = {
    "direct_bp": "direct_bp between 0 and 10000",
    "discovery_bp": "discovery_bp between 0 and 10000",
    "bonus_bp": "bonus_bp between 0 and 10000",
    "floor_minor": "floor_minor >= 0 and cap_minor >= 0 and floor_minor <= cap_minor",
    "proposed_by": f"proposed_by in ({PARTIES})",
    "approver": "approver in ('director', 'analyst', 'finance')",
    "subcontracting": "subcontracting in ('forbidden', 'with_consent')",
}
WRITTEN_BY_BOTH = ("mandate_versions", "locate_fees", "sla_clauses")

#: A rate line ends on the day before the next one begins.
BANDS_TO_LINES = """
insert into commission_lines (creditor_id, agency_id, mandate_version_id, position, rate_bp, age_from, age_to)
select creditor_id, agency_id, mandate_version_id,
       row_number() over version, commission_bp, from_days, lead(from_days) over version - 1
from commission_bands
window version as (partition by creditor_id, agency_id, mandate_version_id order by from_days)
"""
AGREED_BEFORE = """
insert into mandate_answers (creditor_id, agency_id, mandate_version_id, proposed_by, side, answer, reason, answered_at)
select creditor_id, agency_id, id, 'creditor', 'agency', 'accepted', '', created_at from mandate_versions
"""
# A grant can name a column but not a value. Nobody speaks for the other side; only the award of a lot writes down what
# its agency bid, and the signature for it names the bid.
SIDES_ARE_KEPT = """
create function mandate_sides_are_kept() returns trigger language plpgsql as $$
declare
    own text := case current_setting('role') when 'app_agency' then 'agency' when 'app_creditor' then 'creditor' end;
    row jsonb := to_jsonb(new);
begin
    if row ->> tg_argv[0] <> own
       and (own = 'agency' or tg_table_name = 'mandate_answers'
            or (tg_table_name = 'mandate_signatures' and row ->> 'lot_id' is null)) then
        raise exception 'each side of a mandate speaks for itself' using errcode = '42501';
    end if;
    return new;
end $$
"""
SPOKEN_BY = {"mandate_versions": "proposed_by", "mandate_answers": "side", "mandate_signatures": "side"}


def upgrade() -> None:
    _widen_versions()
    _make_lines()
    _make_answers()
    _make_signatures()
    with_owner = ("commission_bands", "mandate_versions", "commission_lines", "mandate_answers")
    for table in with_owner:
        op.execute(f"alter table {table} no force row level security")
    op.execute(BANDS_TO_LINES)
    op.execute(AGREED_BEFORE)
    for table in with_owner:
        op.execute(f"alter table {table} force row level security")
    for table in ("commission_lines", "mandate_answers", "mandate_signatures"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.drop_table("commission_bands")
    for table in WRITTEN_BY_BOTH:
        op.execute(f"grant insert on {table} to app_agency")
    op.execute(SIDES_ARE_KEPT)
    for table, column in SPOKEN_BY.items():
        op.execute(
            f"create trigger sides before insert on {table} for each row "
            f"execute function mandate_sides_are_kept('{column}')"
        )


def _widen_versions() -> None:
    table = "mandate_versions"
    for name, kind, default in ALWAYS_SAID:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
        op.alter_column(table, name, server_default=None)
    for name in AMOUNTS:
        op.add_column(table, sa.Column(name, sa.BigInteger()))
    op.add_column(table, sa.Column("currency", sa.Text()))
    # The migration fills a column of rows that nobody edits, as their owner.
    for name in (table, "locate_fees", "organisations"):
        op.execute(f"alter table {name} no force row level security")
    op.execute(f"alter table {table} disable trigger append_only")
    op.execute(
        "update mandate_versions v set currency = coalesce((select min(f.currency) from locate_fees f "
        "where f.creditor_id = v.creditor_id and f.agency_id = v.agency_id and f.mandate_version_id = v.id), "
        "(select o.currency from organisations o where o.id = v.creditor_id))"
    )
    op.execute(f"alter table {table} enable trigger append_only")
    for name in (table, "locate_fees", "organisations"):
        op.execute(f"alter table {name} force row level security")
    op.alter_column(table, "currency", nullable=False)
    for name, check in CHECKS.items():
        op.create_check_constraint(name, table, check)
    op.create_unique_constraint(
        "uq_mandate_versions_creditor_id_agency_id_id_proposed_by",
        table,
        ["creditor_id", "agency_id", "id", "proposed_by"],
    )


def _make_lines() -> None:
    op.create_table(
        "commission_lines",
        *_version(),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("rate_bp", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.BigInteger()),
        sa.Column("age_from", sa.BigInteger()),
        sa.Column("age_to", sa.BigInteger()),
        sa.Column("balance_from_minor", sa.BigInteger()),
        sa.Column("balance_to_minor", sa.BigInteger()),
        sa.Column("product", sa.Text()),
        sa.Column("debtor_type", sa.String(40)),
        sa.PrimaryKeyConstraint(*VERSION, "position"),
        sa.ForeignKeyConstraint(VERSION, _versions("id")),
        sa.CheckConstraint("rate_bp between 0 and 10000", name="rate_bp"),
        sa.CheckConstraint("position > 0", name="position"),
        sa.CheckConstraint("tier > 0", name="tier"),
        sa.CheckConstraint("age_from >= 0 and age_to >= 0 and age_from <= age_to", name="age_from"),
        sa.CheckConstraint(
            "balance_from_minor >= 0 and balance_to_minor >= 0 and balance_from_minor <= balance_to_minor",
            name="balance_from_minor",
        ),
        sa.CheckConstraint("debtor_type in ('person', 'company')", name="debtortype"),
    )
    _wall("commission_lines")


def _make_answers() -> None:
    op.create_table(
        "mandate_answers",
        *_version(),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("side", sa.String(40), nullable=False),
        sa.Column("answer", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.BigInteger()),
        sa.Column("lot_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*VERSION),
        sa.ForeignKeyConstraint([*VERSION, "proposed_by"], _versions("id", "proposed_by")),
        sa.CheckConstraint("(answer = 'withdrawn') = (side = proposed_by)", name="side"),
        sa.CheckConstraint("(answer = 'declined') = (reason <> '')", name="reason"),
        sa.CheckConstraint(f"proposed_by in ({PARTIES})", name="proposed_by"),
        sa.CheckConstraint(f"side in ({PARTIES})", name="party"),
        sa.CheckConstraint("answer in ('accepted', 'declined', 'withdrawn')", name="answer"),
    )
    _wall("mandate_answers")


def _make_signatures() -> None:
    op.create_table(
        "mandate_signatures",
        *_version(),
        sa.Column("side", sa.String(40), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signer_position", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.BigInteger()),
        sa.Column("lot_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*VERSION, "side"),
        sa.ForeignKeyConstraint(VERSION, _versions("id")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "lot_id"],
            [f"opened_bids.{name}" for name in ("creditor_id", "agency_id", "lot_id")],
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.CheckConstraint(f"side in ({PARTIES})", name="party"),
    )
    _wall("mandate_signatures")


def _version() -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in VERSION]


def _versions(*columns: str) -> list[str]:
    return [f"mandate_versions.{name}" for name in ("creditor_id", "agency_id", *columns)]


def _wall(table: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side in ("creditor", "agency"):
        mine = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({mine}) with check ({mine})")
        op.execute(f"grant select, insert on {table} to app_{side}")


def downgrade() -> None:
    # Only what the former tables can say comes back: rates by age, and of every version that it is agreed.
    op.create_table(
        "commission_bands",
        *_version(),
        sa.Column("from_days", sa.BigInteger(), nullable=False),
        sa.Column("commission_bp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*VERSION, "from_days"),
        sa.ForeignKeyConstraint(VERSION, _versions("id")),
        sa.CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
        sa.CheckConstraint("from_days > 0", name="from_days"),
    )
    op.execute("alter table commission_lines no force row level security")
    op.execute(
        "insert into commission_bands (creditor_id, agency_id, mandate_version_id, from_days, commission_bp) "
        "select distinct on (creditor_id, agency_id, mandate_version_id, age_from) "
        "creditor_id, agency_id, mandate_version_id, age_from, rate_bp from commission_lines "
        "where age_from > 0 and coalesce(tier, balance_from_minor, balance_to_minor) is null "
        "and product is null and debtor_type is null "
        "order by creditor_id, agency_id, mandate_version_id, age_from, position"
    )
    _wall("commission_bands")
    op.execute("revoke insert on commission_bands from app_agency")
    op.execute(
        "create trigger append_only before update or delete or truncate on commission_bands "
        "for each statement execute function refuse_change()"
    )
    for table in ("mandate_signatures", "mandate_answers", "commission_lines"):
        op.drop_table(table)
    for table in WRITTEN_BY_BOTH:
        op.execute(f"revoke insert on {table} from app_agency")
    table = "mandate_versions"
    op.execute(f"drop trigger sides on {table}")
    op.execute("drop function mandate_sides_are_kept()")
    op.drop_constraint("uq_mandate_versions_creditor_id_agency_id_id_proposed_by", table)
    for name in CHECKS:
        op.drop_constraint(f"ck_{table}_{name}", table)
    for name in ("currency", *AMOUNTS, *(name for name, _, _ in ALWAYS_SAID)):
        op.drop_column(table, name)
