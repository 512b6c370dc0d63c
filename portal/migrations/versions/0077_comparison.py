"""What the comparison on three axes is read from.

Sums of squares and products over cases stand beside the sums, so that the interval of a rate of money is exact without
reading a case. An agency sees the others of a creditor's panel as rows without a name, which only the owner can add up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"

SQUARES = {
    "placement_cells": ("placed_squares",),
    "recovery_cells": ("collected_squares", "placed_collected", "net_squares", "placed_net"),
}

PLACED = """
update placement_cells c set placed_squares = f.squares
from (
    select l.creditor_id, l.agency_id, l.currency, l.stratum,
           date_trunc('month', l.placed_at at time zone o.time_zone)::date as month,
           sum(l.placed_minor::numeric * l.placed_minor) as squares
    from placements l join organisations o on o.id = l.creditor_id group by 1, 2, 3, 4, 5
) f
where (c.creditor_id, c.agency_id, c.currency, c.stratum, c.placement_month)
    = (f.creditor_id, f.agency_id, f.currency, f.stratum, f.month)
"""

RECOVERED = """
update recovery_cells c
set collected_squares = f.squares, placed_collected = f.placed_collected, net_squares = f.net_squares,
    placed_net = f.placed_net
from (
    select p.creditor_id, p.agency_id, l.currency, l.stratum, l.month,
           ((extract(year from p.paid_on) - extract(year from l.month)) * 12
            + extract(month from p.paid_on) - extract(month from l.month))::bigint as month_on_book,
           sum(p.amount * (2 * p.so_far - p.amount)) as squares, sum(l.placed * p.amount) as placed_collected,
           sum(p.net * (2 * p.net_so_far - p.net)) as net_squares, sum(l.placed * p.net) as placed_net
    from (
        select p.creditor_id, p.agency_id, p.placement_id, p.paid_on, p.amount_minor::numeric as amount,
               2 * p.amount_minor - e.total_minor as net, sum(p.amount_minor) over so_far as so_far,
               sum(2 * p.amount_minor - e.total_minor) over so_far as net_so_far
        from payments p
        join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
                      and e.kind = 'payment'
        where not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
        )
        window so_far as (partition by p.creditor_id, p.agency_id, p.placement_id order by p.paid_on, p.id
                          rows unbounded preceding)
    ) p
    join (
        select l.creditor_id, l.agency_id, l.id, l.currency, l.stratum, l.placed_minor::numeric as placed,
               date_trunc('month', l.placed_at at time zone o.time_zone)::date as month
        from placements l join organisations o on o.id = l.creditor_id
    ) l on l.creditor_id = p.creditor_id and l.agency_id = p.agency_id and l.id = p.placement_id
    group by 1, 2, 3, 4, 5, 6
) f
where (c.creditor_id, c.agency_id, c.currency, c.stratum, c.placement_month, c.month_on_book)
    = (f.creditor_id, f.agency_id, f.currency, f.stratum, f.month, f.month_on_book)
"""

#: What is read to fill the new columns in; their walls bind the owner too.
READ = ("organisations", "placements", "payments", "payment_reversals", "entries", *SQUARES)

#: What the panel is added up from, which its owner must see; it sees the cells of service levels already.
ADDED_UP = ("placement_cells", "recovery_cells", "reports", "conduct_cells")


def _limits(top: str, squares: str, product: str) -> str:
    """A rate of money with its limits by the delta method, rounded so that no amount can be read back from it."""
    rate, bottom, square = f"o.{top} / o.placed", "o.placed", "o.placed * o.placed"
    error = (
        f"sqrt(o.cases * (o.{squares} * {bottom} * {bottom} - 2 * o.{top} * {bottom} * o.{product}"
        f" + o.{top} * o.{top} * o.placed_squares) / ((o.cases - 1) * {square} * {square})) * 1.959963984540054"
    )
    return (
        f"round({rate}, 4)::double precision, round(greatest(least({rate}, 0), {rate} - {error}), 4)::double precision,"
        f" round({rate} + {error}, 4)::double precision"
    )


# Only agencies that look at a creditor they work for get anything, and only where three others have enough data: with
# two, an agency that knows one would know the other. No window of months or bands can be chosen, because the difference
# of two windows would be the figure of one placement.
POSITIONS = f"""
create function panel_positions(
    creditor bigint, chosen_currency text, age bigint, this_month date, at timestamptz
) returns table (
    gross double precision, gross_low double precision, gross_high double precision, net double precision,
    net_low double precision, net_high double precision, on_time double precision, first_activity double precision,
    compliant double precision
) language sql stable security definer set search_path = public, pg_temp as $$
with placed as (
    select c.agency_id, sum(c.cases) as cases, sum(c.placed_minor) as placed, sum(c.placed_squares) as placed_squares
    from placement_cells c
    where c.creditor_id = creditor and c.currency = chosen_currency
      and (age is null or c.placement_month <= this_month - make_interval(months => (age + 1)::int))
    group by 1
), back as (
    select c.agency_id, sum(c.new_payers) as payers, sum(c.collected_minor) as collected,
           sum(c.collected_minor - c.commission_minor) as net, sum(c.collected_squares) as collected_squares,
           sum(c.placed_collected) as placed_collected, sum(c.net_squares) as net_squares,
           sum(c.placed_net) as placed_net
    from recovery_cells c
    where c.creditor_id = creditor and c.currency = chosen_currency
      and (age is null or (c.month_on_book <= age
                           and c.placement_month <= this_month - make_interval(months => (age + 1)::int)))
    group by 1
), others as (
    select * from placed join back using (agency_id)
    where agency_id <> current_organisation() and payers >= 10 and placed > 0 and cases > 1
)
select {_limits("collected", "collected_squares", "placed_collected")},
       {_limits("net", "net_squares", "placed_net")},
       (select round(avg((r.submitted_at <= r.due_at and r.submitted_at is not null)::int), 4)::double precision
        from reports r where r.creditor_id = creditor and r.agency_id = o.agency_id and r.due_at < at),
       (select round(sum(s.met) / nullif(sum(s.cases), 0), 4)::double precision
        from sla_cells s
        where s.creditor_id = creditor and s.agency_id = o.agency_id and not s.is_paused and s.due_at < at),
       (select round(sum(k.activities) filter (where k.verdict = 'compliant')
                     / nullif(sum(k.activities) filter (where k.verdict in ('compliant', 'violation')), 0),
                     4)::double precision
        from conduct_cells k where k.creditor_id = creditor and k.agency_id = o.agency_id)
from others o
where current_setting('role') = 'app_agency' and are_partners(current_organisation(), creditor)
  and exists (select from placed p where p.agency_id = current_organisation())
  and (select count(*) from others) >= 3
order by sha256(convert_to(concat_ws('|', creditor, current_organisation(), chosen_currency, age, o.agency_id), 'UTF8'))
$$
"""


def upgrade() -> None:
    for table, names in SQUARES.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Numeric(), nullable=False, server_default="0"))
    for table in READ:
        op.execute(f"alter table {table} no force row level security")
    op.execute(PLACED)
    op.execute(RECOVERED)
    for table in READ:
        op.execute(f"alter table {table} force row level security")
    for table, names in SQUARES.items():
        for name in names:
            op.alter_column(table, name, server_default=None)
    for table in ADDED_UP:
        op.execute(f"create policy owner on {table} for select to current_user using (true)")
    op.execute(POSITIONS)
    op.execute("revoke execute on function panel_positions from public")
    op.execute("grant execute on function panel_positions to app_agency")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
