"""Updates of cases, payments to the creditor itself, and recall lists, as a creditor's files tell them.

A balance follows what is on record: the creditor's latest word on it, or else what was handed over, less what was paid
since the day of that word, to whomever, each payment once. One function settles that, for both sides; it keeps the
cases locked meanwhile, so that of two who tell of one payment at the same time the later one meets the earlier.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0084"
down_revision = "0083"

CREDITOR = "creditor_id"
STAGED = {
    "portfolio_update": (
        "account_ref",
        ("balance_total", "principal", "interest", "late_interest", "fees"),
        "currency",
        ("delinquency_date", "last_payment_date", "cut_off_date"),
        ("days_past_due",),
        """product segment region city phone phone_2 email address hold hold_reason
        phone_e164 phone_2_e164 address_normal""",
    ),
    "creditor_payments": ("account_ref payment_ref", ("amount",), "currency method", ("paid_on",), (), ""),
    "recall_list": ("account_ref reason", (), "note", ("effective_on",), (), ""),
}

#: The word on a balance holds what was paid until the evening of its day, whenever that is told. `without` asks what
#: would be owed had that file never come.
OWED_ON_CASES = """
create function owed_on_cases(creditor bigint, touched bigint[], without bigint default null)
returns table (of_case bigint, owed_minor bigint)
language sql stable set search_path = public, pg_temp as $$
    with word as materialized (
        select distinct on (a.case_id) a.case_id, a.stated_minor, a.cut_off_date from balance_adjustments a
        where a.creditor_id = creditor and a.case_id = any(touched) and not a.takes_back
          and a.upload_id is distinct from without and not exists (
              select from balance_adjustments b
              where b.creditor_id = a.creditor_id and b.upload_id = a.upload_id and b.case_id = a.case_id
                and b.takes_back
          )
        order by a.case_id, a.cut_off_date desc, a.id desc
    ), paid as (
        select p.case_id, p.paid_on, p.amount_minor from payments p
        where p.creditor_id = creditor and p.case_id = any(touched) and not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
        )
        union all
        select m.case_id, m.paid_on, m.amount_minor from creditor_payments m
        where m.creditor_id = creditor and m.case_id = any(touched)
          and m.matched_payment_id is null and m.taken_back_at is null
    ), since as (
        select p.case_id, sum(p.amount_minor)::bigint as minor from paid p
        left join word w on w.case_id = p.case_id
        where w.case_id is null or p.paid_on > w.cut_off_date
        group by 1
    )
    select c.id, coalesce(w.stated_minor, c.placed_minor) - coalesce(s.minor, 0)
    from cases c
    left join word w on w.case_id = c.id
    left join since s on s.case_id = c.id
    where c.creditor_id = creditor and c.id = any(touched)
$$
"""

SETTLE_CASES = """
create function settle_cases(creditor bigint, touched bigint[]) returns bigint
language plpgsql set search_path = public, pg_temp as $$
declare
    settled bigint;
begin
    perform 1 from cases c where c.creditor_id = creditor and c.id = any(touched)
    order by c.creditor_id, c.id for update;
    if exists (select from creditor_payments m where m.creditor_id = creditor limit 1) then
        -- What an agency took back tells nobody of a payment any more.
        update creditor_payments m set matched_agency_id = null, matched_payment_id = null
        where m.creditor_id = creditor and m.case_id = any(touched) and m.matched_payment_id is not null
          and exists (
              select from payment_reversals r where r.creditor_id = m.creditor_id
                and r.agency_id = m.matched_agency_id and r.payment_id = m.matched_payment_id
          );
        -- One for one: first by reference and amount, because one machine's receipts begin at 1 again on the next;
        -- then what is said to have reached the creditor, by day and amount.
        for pass in 1..2 loop
            with received as (
                select m.id, m.case_id, m.reference, m.paid_on, m.amount_minor,
                       row_number() over (
                           partition by m.case_id, m.amount_minor, case pass when 1 then m.reference end,
                                        case pass when 2 then m.paid_on end
                           order by m.id
                       ) as place
                from creditor_payments m
                where m.creditor_id = creditor and m.case_id = any(touched) and m.matched_payment_id is null
                  and m.taken_back_at is null and (pass = 2 or m.reference is not null)
            ), told as (
                select p.agency_id, p.id, p.case_id, k.reference, p.paid_on, p.amount_minor,
                       row_number() over (
                           partition by p.case_id, p.amount_minor, case pass when 1 then k.reference end,
                                        case pass when 2 then p.paid_on end
                           order by p.id
                       ) as place
                from payments p
                cross join lateral (select substring(p.natural_key from '^(?:cor:[0-9]+:)?ref:(.*)$') as reference) k
                where p.creditor_id = creditor and p.case_id = any(touched)
                  and (case pass when 1 then k.reference is not null else p.received_by = 'creditor' end)
                  and not exists (
                      select from payment_reversals r
                      where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
                  )
                  and not exists (
                      select from creditor_payments x
                      where x.creditor_id = p.creditor_id and x.matched_agency_id = p.agency_id
                        and x.matched_payment_id = p.id
                  )
            )
            update creditor_payments m set matched_agency_id = t.agency_id, matched_payment_id = t.id
            from received n
            join told t on t.case_id = n.case_id and t.amount_minor = n.amount_minor and t.place = n.place
             and case pass when 1 then t.reference = n.reference else t.paid_on = n.paid_on end
            where m.creditor_id = creditor and m.id = n.id;
        end loop;
    end if;
    update cases c set balance_minor = o.owed_minor
    from owed_on_cases(creditor, touched) o
    where c.creditor_id = creditor and c.id = o.of_case;
    get diagnostics settled = row_count;
    return settled;
end $$
"""

#: What an agency's file touched, as before; what it comes to is settled in one place.
RESTATE_BALANCES = """
create or replace function restate_balances(upload bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    restated bigint := 0;
    mine record;
begin
    for mine in
        select t.creditor_id, array_agg(t.case_id order by t.case_id) as touched from (
            select p.creditor_id, p.case_id from payments p
            where p.agency_id = current_organisation() and p.upload_id = restate_balances.upload
            union
            select p.creditor_id, p.case_id from payment_reversals r
            join payments p on p.creditor_id = r.creditor_id and p.agency_id = r.agency_id and p.id = r.payment_id
            where r.agency_id = current_organisation() and r.upload_id = restate_balances.upload
        ) t
        group by t.creditor_id order by t.creditor_id
    loop
        restated := restated + settle_cases(mine.creditor_id, mine.touched);
    end loop;
    return restated;
end $$
"""

#: An agency reads day and amount of these payments and no reference. It may know where its own file names one that the
#: creditor has under another amount.
REFERENCES_TOLD = """
create function references_told_by_creditor(creditor bigint, upload bigint) returns setof bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct t.line::bigint from staged_payments t
    join placements o on o.agency_id = current_organisation() and o.creditor_id = creditor
                     and o.account_ref = t.account_ref
    join creditor_payments m on m.creditor_id = creditor and m.agency_id = current_organisation()
                            and m.case_id = o.case_id and m.reference = t.payment_ref
    where t.organisation_id = current_organisation() and t.upload_id = upload and t.amount > 0
      and m.amount_minor <> t.amount and m.matched_payment_id is null and m.taken_back_at is null
$$
"""

#: Whoever frees a case that its creditor holds back leaves it held back.
HELD_STAYS = """
create function held_cases_stay() returns trigger language plpgsql as $$
begin
    new.state := 'on_hold';
    return new;
end $$
"""

GATHER_STATISTICS = """
create or replace function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name not like 'staged\\_%'
       and name not in ('portfolios', 'debtors', 'cases', 'contact_points',
                        'placements', 'locate_orders', 'locate_subjects', 'findings',
                        'payments', 'activities', 'entries', 'postings',
                        'balance_adjustments', 'case_updates', 'creditor_payments') then
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
    execute format('analyze %I', name);
end $$
"""


def upgrade() -> None:
    _stage()
    _hold_cases()
    _adjust_balances()
    _receive_payments()
    op.add_column("contact_points", sa.Column("upload_id", sa.BigInteger()))
    op.add_column("recalls", sa.Column("upload_id", sa.BigInteger()))
    op.create_index(
        "ix_recalls_upload_id",
        "recalls",
        ["creditor_id", "upload_id"],
        postgresql_where=sa.text("upload_id is not null"),
    )
    op.execute(OWED_ON_CASES)
    op.execute(SETTLE_CASES)
    for name in ("owed_on_cases", "settle_cases"):
        op.execute(f"revoke execute on function {name} from public")
        op.execute(f"grant execute on function {name} to app_creditor")
    op.execute(REFERENCES_TOLD)
    op.execute("revoke execute on function references_told_by_creditor from public")
    op.execute("grant execute on function references_told_by_creditor to app_agency")
    op.execute(RESTATE_BALANCES)
    op.execute(GATHER_STATISTICS)


def _stage() -> None:
    for kind, (first, amounts, after, dates, numbers, last) in STAGED.items():
        table = f"staged_{kind}"
        op.create_table(
            table,
            *(_number(name) for name in ("organisation_id", "upload_id", "line")),
            *(sa.Column(name, sa.Text()) for name in first.split()),
            *(sa.Column(name, sa.BigInteger()) for name in (*amounts, *numbers)),
            *(sa.Column(name, sa.Text()) for name in f"{after} {last}".split()),
            *(sa.Column(name, sa.Date()) for name in dates),
            sa.PrimaryKeyConstraint("organisation_id", "upload_id", "line"),
        )
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        own = "organisation_id = current_organisation()"
        op.execute(f"create policy app_creditor on {table} to app_creditor using ({own}) with check ({own})")
        op.execute(f"grant select, delete on {table} to app_creditor")
        op.execute(f"grant insert on {table} to app_loader")


def _hold_cases() -> None:
    op.add_column("cases", sa.Column("held_since", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("hold_reason", sa.Text()))
    op.execute(HELD_STAYS)
    op.execute(
        "create trigger held_cases_stay before update of state on cases for each row "
        "when (new.state = 'open' and new.held_since is not null) execute function held_cases_stay()"
    )
    op.create_table(
        "case_updates",
        *_of_case(),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        *_keys("case_updates"),
    )
    _index("case_updates")
    _wall("case_updates", {"creditor": "select, insert", "agency": "select"})
    _only_add("case_updates")


def _adjust_balances() -> None:
    op.create_table(
        "balance_adjustments",
        *_of_case(),
        *(_number(name) for name in ("before_minor", "after_minor", "delta_minor")),
        sa.Column("cut_off_date", sa.Date(), nullable=False),
        _number("stated_minor"),
        *_keys("balance_adjustments"),
        sa.CheckConstraint("after_minor = before_minor + delta_minor", name="delta_minor"),
    )
    _index("balance_adjustments")
    _wall("balance_adjustments", {"creditor": "select, insert", "agency": "select"})
    _only_add("balance_adjustments")
    op.execute("create policy owner on balance_adjustments for select to current_user using (true)")


def _receive_payments() -> None:
    op.create_table(
        "creditor_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _number("creditor_id"),
        _number("agency_id", nullable=True),
        _number("case_id"),
        _number("placement_id", nullable=True),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        _number("amount_minor"),
        sa.Column("method", sa.Text()),
        _number("upload_id"),
        _number("line"),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        _number("matched_agency_id", nullable=True),
        _number("matched_payment_id", nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "case_id"],
            ["cases.creditor_id", "cases.id"],
            name="fk_creditor_payments_creditor_id_case_id",
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            [f"placements.{name}" for name in ("creditor_id", "agency_id", "id", "case_id")],
            name="fk_creditor_payments_creditor_id_agency_id_placement_id_case_id",
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "matched_agency_id", "matched_payment_id"],
            [f"payments.{name}" for name in ("creditor_id", "agency_id", "id")],
            name="fk_creditor_payments_creditor_id_matched_agency_id_matc_7eb0",
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount_minor"),
        sa.CheckConstraint("taken_back_at is null or matched_payment_id is null", name="taken_back_at"),
    )
    # What was taken back with its file may be told again.
    op.create_index(
        "uq_creditor_payments_natural_key",
        "creditor_payments",
        ["creditor_id", "natural_key"],
        unique=True,
        postgresql_where=sa.text("taken_back_at is null"),
    )
    op.create_index(
        "uq_creditor_payments_matched",
        "creditor_payments",
        ["creditor_id", "matched_agency_id", "matched_payment_id"],
        unique=True,
        postgresql_where=sa.text("matched_payment_id is not null"),
    )
    op.create_index("ix_creditor_payments_upload_id", "creditor_payments", ["creditor_id", "upload_id"])
    _index("creditor_payments")
    seen = "creditor_id, agency_id, id, case_id, placement_id, paid_on, currency, amount_minor, taken_back_at"
    _wall(
        "creditor_payments",
        {
            "creditor": "select, insert, update (matched_agency_id, matched_payment_id, taken_back_at)",
            "agency": f"select ({seen}, matched_payment_id)",
        },
    )
    op.execute("create policy owner on creditor_payments to current_user using (true) with check (true)")


def _of_case() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _number("creditor_id"),
        _number("agency_id", nullable=True),
        _number("case_id"),
        _number("upload_id"),
        _number("line"),
        sa.Column("takes_back", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "upload_id", "case_id", "takes_back"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"], name=f"fk_{table}_creditor_id_case_id"
        ),
    ]


def _index(table: str) -> None:
    op.create_index(f"ix_{table}_case_id", table, ["creditor_id", "case_id"])
    op.create_index(
        f"ix_{table}_agency_id",
        table,
        ["agency_id", "case_id"],
        postgresql_where=sa.text("agency_id is not null"),
    )


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def _only_add(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
