"""Lots and their cases, offers and sealed bids.

The creditor's role has no right on `bids` at all: what it may read of a bid is its copy in `opened_bids`, which only a
function of the owner makes, and only once the time for bids is over by the database's clock. Triggers hold a lot to its
moves, keep what was listed as it was listed, and let bids change only while their offer stands.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0074"

OFFER = ["creditor_id", "agency_id", "lot_id"]
INSTANT = sa.DateTime(timezone=True)
STATES = "'draft', 'listed', 'closed', 'awarded', 'withdrawn', 'expired'"
REASONS = "'price', 'return', 'record', 'capacity', 'terms', 'standing', 'expired'"
BID = (
    "commission_bp, bands, capacity, starts_on, first_contact_hours, promise_6_bp, promise_12_bp, basis, "
    "subcontractors, data_country, conflicts, note, valid_until, attestations, submitted_at, submitted_by"
)

LOT_MOVES = """
create function lot_moves() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'draft' then
            raise exception 'a lot begins as a draft' using errcode = '42501';
        end if;
        return new;
    end if;
    if old.state <> 'draft' and (
        to_jsonb(new) - array['state', 'closed_at', 'ended_at', 'ended_by', 'wave_id']
        is distinct from to_jsonb(old) - array['state', 'closed_at', 'ended_at', 'ended_by', 'wave_id']
    ) then
        raise exception 'a lot stays as it was listed' using errcode = '42501';
    end if;
    if new.state <> old.state and (old.state, new.state) not in (
        ('draft', 'listed'), ('draft', 'withdrawn'), ('listed', 'closed'), ('listed', 'withdrawn'),
        ('closed', 'awarded'), ('closed', 'withdrawn'), ('closed', 'expired')
    ) then
        raise exception 'a lot does not go from % to %', old.state, new.state using errcode = '42501';
    end if;
    if new.state <> old.state and new.state = 'closed' and new.bids_until > clock_timestamp() then
        raise exception 'the time for bids is not over' using errcode = '42501';
    end if;
    return new;
end $$
"""

# Asked of all added rows at once. A lot's cases are written down before it is listed; later ones never join it.
CASES_BEFORE_LISTING = """
create function lot_cases_come_first() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct creditor_id, lot_id from added) a
        where not exists (
            select from lots l where l.creditor_id = a.creditor_id and l.id = a.lot_id and l.state = 'draft')
    ) then
        raise exception 'a lot keeps the cases it was listed with' using errcode = '42501';
    end if;
    if exists (
        select from added a join lots l on l.creditor_id = a.creditor_id and l.id = a.lot_id
        where not exists (
            select from cases c
            where c.creditor_id = a.creditor_id and c.id = a.case_id and c.currency = l.currency)
    ) then
        raise exception 'lot_cases: case_id is no case of the creditor in the currency of the lot'
            using errcode = '23503';
    end if;
    return null;
end $$
"""

# Holding the offer keeps its closing, and with it the opening of the bids, waiting until this bid is written.
BIDS_STAND_OPEN = """
create function bid_is_in_time() returns trigger language plpgsql as $$
begin
    perform from lot_offers o where o.creditor_id = new.creditor_id and o.agency_id = new.agency_id
       and o.lot_id = new.lot_id and o.state = 'listed' for share;
    if not found then
        raise exception 'the time for bids is over' using errcode = '42501';
    end if;
    return new;
end $$
"""

OPEN_BIDS = f"""
create function open_bids(lot bigint, at timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    opened bigint;
begin
    if current_setting('role') <> 'app_creditor' or not exists (
        select from lots l where l.creditor_id = current_organisation() and l.id = lot and l.state = 'closed'
           and l.bids_until <= clock_timestamp()
    ) then
        raise exception 'bids are opened by the creditor, when their time is over' using errcode = '42501';
    end if;
    insert into opened_bids (creditor_id, agency_id, lot_id, opened_at, {BID})
    select creditor_id, agency_id, lot_id, at, {BID} from bids
    where creditor_id = current_organisation() and lot_id = lot and state = 'submitted';
    get diagnostics opened = row_count;
    return opened;
end $$
"""

# Nothing where the creditor did not choose to show it: not even to the creditor.
COUNT_BIDS = """
create function count_bids(creditor bigint, lot bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select (select count(*) from bids b
            where b.creditor_id = l.creditor_id and b.lot_id = l.id and b.state = 'submitted')
    from lots l
    where l.creditor_id = count_bids.creditor and l.id = count_bids.lot and l.shows_bid_count and (
        (current_setting('role') = 'app_creditor' and l.creditor_id = current_organisation())
        or (current_setting('role') = 'app_agency' and exists (
            select from lot_offers o
            where o.creditor_id = l.creditor_id and o.lot_id = l.id and o.agency_id = current_organisation()))
    )
$$
"""


def upgrade() -> None:
    op.add_column("placement_waves", sa.Column("shares", postgresql.JSONB()))
    _make_lots()
    _make_offers()
    _make_bids()
    _raise_walls()


def _make_lots() -> None:
    op.create_table(
        "lots",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        _text("name"),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        _json("selection"),
        _text("currency"),
        *_numbers("cases", "debtors", "value_minor"),
        *(_json(name) for name in ("mix", "tape", "terms")),
        sa.Column("is_split", sa.Boolean(), nullable=False),
        sa.Column("shows_bid_count", sa.Boolean(), nullable=False),
        _json("invited"),
        sa.Column("reserve_bp", sa.BigInteger()),
        *_numbers("seed", "bands"),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("bids_until", "decision_until", "created_at")),
        sa.Column("created_by", sa.BigInteger()),
        *(sa.Column(name, INSTANT) for name in ("listed_at", "closed_at", "ended_at")),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("wave_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "name"),
        sa.ForeignKeyConstraint(["creditor_id", "wave_id"], ["placement_waves.creditor_id", "placement_waves.id"]),
        sa.CheckConstraint("bids_until < decision_until", name="timetable"),
        sa.CheckConstraint("reserve_bp between 0 and 10000", name="reserve_bp"),
        sa.CheckConstraint("service in ('collect', 'locate')", name="service"),
        sa.CheckConstraint(f"state in ({STATES})", name="lotstate"),
    )
    op.create_table(
        "lot_cases",
        *_numbers("creditor_id", "lot_id", "case_id"),
        sa.PrimaryKeyConstraint("creditor_id", "lot_id", "case_id"),
    )


def _make_offers() -> None:
    op.create_table(
        "lot_offers",
        *_numbers(*OFFER),
        _text("name"),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        _text("currency"),
        _json("tape"),
        _json("terms"),
        sa.Column("is_split", sa.Boolean(), nullable=False),
        sa.Column("shows_bid_count", sa.Boolean(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("bids_until", "decision_until", "offered_at")),
        sa.Column("seen_at", INSTANT),
        sa.Column("outcome", sa.String(40)),
        sa.Column("reason", sa.String(40)),
        sa.Column("share_bp", sa.BigInteger()),
        sa.Column("mandate_id", sa.BigInteger()),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint(*OFFER),
        sa.ForeignKeyConstraint(["creditor_id", "lot_id"], ["lots.creditor_id", "lots.id"]),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"], ["mandates.creditor_id", "mandates.agency_id", "mandates.id"]
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisations.id"]),
        sa.CheckConstraint("share_bp between 1 and 10000", name="share_bp"),
        sa.CheckConstraint("service in ('collect', 'locate')", name="service"),
        sa.CheckConstraint(f"state in ({STATES})", name="lotstate"),
        sa.CheckConstraint("outcome in ('won', 'declined', 'absent')", name="outcome"),
        sa.CheckConstraint(f"reason in ({REASONS})", name="declinereason"),
    )
    op.create_index("ix_lot_offers_agency_id", "lot_offers", ["agency_id", "lot_id"])
    op.create_index("ix_lot_offers_lot_id", "lot_offers", ["creditor_id", "lot_id"])


def _make_bids() -> None:
    for table, own in (
        ("bids", sa.Column("state", sa.String(40), nullable=False)),
        ("opened_bids", sa.Column("opened_at", INSTANT, nullable=False)),
    ):
        op.create_table(
            table,
            *_numbers(*OFFER, "commission_bp"),
            _json("bands"),
            sa.Column("capacity", sa.BigInteger()),
            sa.Column("starts_on", sa.Date(), nullable=False),
            *(sa.Column(n, sa.BigInteger()) for n in ("first_contact_hours", "promise_6_bp", "promise_12_bp")),
            *(_text(name) for name in ("basis", "subcontractors", "data_country", "conflicts", "note")),
            sa.Column("valid_until", sa.Date(), nullable=False),
            _json("attestations"),
            sa.Column("submitted_at", INSTANT, nullable=False),
            sa.Column("submitted_by", sa.BigInteger()),
            own,
            sa.PrimaryKeyConstraint(*OFFER),
            sa.ForeignKeyConstraint(OFFER, ["lot_offers.creditor_id", "lot_offers.agency_id", "lot_offers.lot_id"]),
            sa.CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
            *([sa.CheckConstraint("state in ('submitted', 'withdrawn')", name="bidstate")] if table == "bids" else []),
        )


def _raise_walls() -> None:
    _wall("lots", {"creditor": "select, insert, update"})
    _wall("lot_cases", {"creditor": "select, insert"})
    _wall("lot_offers", {"creditor": "select, insert, update", "agency": "select, update (seen_at)"})
    _wall("bids", {"agency": "select, insert, update"})
    _wall("opened_bids", {"creditor": "select", "agency": "select"})
    for table in ("lots", "lot_offers", "bids"):
        op.execute(f"create policy owner on {table} for select to current_user using (true)")
    op.execute("create policy owner on opened_bids to current_user using (true) with check (true)")
    op.execute(LOT_MOVES)
    op.execute("create trigger moves before insert or update on lots for each row execute function lot_moves()")
    op.execute(CASES_BEFORE_LISTING)
    op.execute(
        "create trigger come_first after insert on lot_cases referencing new table as added "
        "for each statement execute function lot_cases_come_first()"
    )
    op.execute(BIDS_STAND_OPEN)
    op.execute("create trigger in_time before insert or update on bids for each row execute function bid_is_in_time()")
    for table in ("lot_cases", "opened_bids"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute(OPEN_BIDS)
    op.execute(COUNT_BIDS)
    op.execute("revoke execute on function open_bids, count_bids from public")
    op.execute("grant execute on function open_bids to app_creditor")
    op.execute("grant execute on function count_bids to app_creditor, app_agency")


def _numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
