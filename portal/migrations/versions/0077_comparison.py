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


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
