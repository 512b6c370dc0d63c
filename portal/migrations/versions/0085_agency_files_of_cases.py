"""Promises, closures and inventories of an agency.

The facts of a promise stay: an agency may write what it says became of it, and that it takes it back, and nothing else;
the grants name the columns. What came out of an inventory is written once.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0085"
down_revision = "0084"

BOTH = ["creditor_id", "agency_id"]
PLACED = ["creditor_id", "agency_id", "placement_id", "case_id"]
PLACEMENT = ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"]
STATES = ("pending", "kept", "broken", "cancelled")
DIFFERENCES = ("never_yours", "no_longer_yours", "not_listed", "currency_differs", "balance_differs")
#: Columns of the staged rows that are not text.
STAGED = {
    "staged_promises": (
        "account_ref", "promise_ref", "made_on", "promised_on", "amount", "currency", "plan_ref", "instalment",
        "instalments", "is_settlement", "discount_percent", "discount_amount", "state",
    ),
    "staged_closures": ("account_ref", "code", "closed_on", "note"),
    "staged_inventory": ("account_ref", "balance", "currency", "status", "placed_on", "case_ref", "as_of"),
}  # fmt: skip
DATES = {"made_on", "promised_on", "closed_on", "placed_on", "as_of"}
NUMBERS = {"amount", "instalment", "instalments", "discount_amount", "balance"}

# Every kind of file has a staging table; a list of them would have to grow with each kind.
GATHER_STATISTICS = """
create or replace function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name !~ '^staged_[a-z_]+$' and name not in (
        'portfolios', 'debtors', 'cases', 'contact_points', 'placements', 'locate_orders', 'locate_subjects',
        'findings', 'payments', 'activities', 'entries', 'postings', 'promises', 'inventory_differences',
        'balance_adjustments', 'case_updates', 'creditor_payments'
    ) then
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
    execute format('analyze %I', name);
end $$
"""


def upgrade() -> None:
    _make_staging()
    _make_promises()
    _make_inventories()
    op.add_column("returns", sa.Column("stated_on", sa.Date()))
    op.execute(GATHER_STATISTICS)


def _make_staging() -> None:
    own = "organisation_id = current_organisation()"
    for table, columns in STAGED.items():
        op.create_table(
            table,
            *[_number(name) for name in ("organisation_id", "upload_id", "line")],
            *[sa.Column(name, _type(name)) for name in columns],
            sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line"),
        )
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        for role in ("app_creditor", "app_agency"):
            op.execute(f"create policy {role} on {table} to {role} using ({own}) with check ({own})")
            op.execute(f"grant select, delete on {table} to {role}")
        op.execute(f"grant insert on {table} to app_loader")


def _make_promises() -> None:
    op.create_table(
        "promises",
        _identity(),
        *[_number(name) for name in (*BOTH, "case_id", "placement_id")],
        _text("natural_key"),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        _text("currency"),
        _number("amount_minor"),
        _text("plan_ref", nullable=True),
        *[_number(name, nullable=True) for name in ("instalment", "instalments")],
        sa.Column("is_settlement", sa.Boolean(), nullable=False),
        *[_number(name, nullable=True) for name in ("discount_bp", "settlement_minor")],
        _number("authority_bp"),
        sa.Column("is_beyond", sa.Boolean(), nullable=False),
        sa.Column("stated_state", sa.String(40), nullable=False),
        _instant("stated_at"),
        *[_number(name) for name in ("upload_id", "line")],
        _instant("reported_at"),
        _instant("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.ForeignKeyConstraint(PLACED, PLACEMENT, name=f"fk_promises_{'_'.join(PLACED)}"),
        sa.CheckConstraint("amount_minor > 0", name="amount_minor"),
        _among("stated_state", "promisestate", STATES),
    )
    op.create_index(
        "uq_promises_natural_key",
        "promises",
        [*BOTH, "natural_key"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_index("ix_promises_case_id", "promises", ["creditor_id", "case_id"])
    op.create_index("ix_promises_creditor_id", "promises", ["creditor_id", "promised_on", "id"])
    op.create_index("ix_promises_agency_id", "promises", ["agency_id", "promised_on", "id"])
    op.create_index("ix_promises_upload_id", "promises", ["agency_id", "upload_id"])
    _wall(
        "promises",
        {"creditor": "select", "agency": "select, insert, update (stated_state, stated_at, withdrawn_at)"},
    )
    op.create_table(
        "promise_statements",
        _identity(),
        *[_number(name) for name in (*BOTH, "promise_id")],
        sa.Column("state", sa.String(40), nullable=False),
        _instant("told_at"),
        *[_number(name) for name in ("upload_id", "line")],
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.UniqueConstraint(*BOTH, "promise_id", "upload_id"),
        sa.ForeignKeyConstraint(
            [*BOTH, "promise_id"],
            [f"promises.{name}" for name in (*BOTH, "id")],
            name="fk_promise_statements_creditor_id_agency_id_promise_id",
        ),
        _among("state", "promisestate", STATES),
    )
    op.create_index("ix_promise_statements_upload_id", "promise_statements", ["agency_id", "upload_id"])
    _wall("promise_statements", {"creditor": "select", "agency": "select, insert"})
    _append_only("promise_statements")


def _make_inventories() -> None:
    op.create_table(
        "inventories",
        _identity(),
        *[_number(name) for name in (*BOTH, "upload_id")],
        sa.Column("as_of", sa.Date(), nullable=False),
        *[_number(name) for name in ("listed", "held", "matched")],
        *[sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("counts", "sums")],
        _instant("made_at"),
        _number("made_by", nullable=True),
        _instant("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.UniqueConstraint(*BOTH, "upload_id"),
    )
    op.create_index("ix_inventories_creditor_id", "inventories", ["creditor_id", "id"])
    op.create_index("ix_inventories_agency_id", "inventories", ["agency_id", "id"])
    _wall("inventories", {"creditor": "select", "agency": "select, insert, update (withdrawn_at)"})
    op.create_table(
        "inventory_differences",
        _identity(),
        *[_number(name) for name in (*BOTH, "inventory_id")],
        sa.Column("kind", sa.String(40), nullable=False),
        _text("account_ref"),
        *[_number(name, nullable=True) for name in ("placement_id", "case_id", "line")],
        _text("their_currency", nullable=True),
        _number("theirs_minor", nullable=True),
        _text("our_currency", nullable=True),
        _number("ours_minor", nullable=True),
        *[_text(name, nullable=True) for name in ("stated_status", "stated_ref")],
        sa.PrimaryKeyConstraint(*BOTH, "id"),
        sa.ForeignKeyConstraint(
            [*BOTH, "inventory_id"],
            [f"inventories.{name}" for name in (*BOTH, "id")],
            name="fk_inventory_differences_creditor_id_agency_id_inventory_id",
        ),
        sa.ForeignKeyConstraint(PLACED, PLACEMENT, name="fk_inventory_differences_placement"),
        _among("kind", "differencekind", DIFFERENCES),
    )
    op.create_index("ix_inventory_differences_inventory_id", "inventory_differences", [*BOTH, "inventory_id", "id"])
    _wall("inventory_differences", {"creditor": "select", "agency": "select, insert"})
    _append_only("inventory_differences")


def _type(name: str) -> sa.types.TypeEngine:
    if name in DATES:
        return sa.Date()
    return sa.BigInteger() if name in NUMBERS else sa.Text()


def _identity() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _among(column: str, name: str, codes: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in ({', '.join(map(repr, codes))})", name=name)


def _append_only(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
