"""Uploads: the record a check goes on from, counts per fault, the choice to apply good rows only.

And statistics of freshly filled tables: nobody but their owner may gather them, and without them the plans that apply
a million staged rows would be made for a handful.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0020"

GATHER_STATISTICS = """
create function gather_statistics(name text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    if name not in ('staged_portfolio', 'staged_payments', 'staged_activities',
                    'portfolios', 'debtors', 'cases', 'contact_points') then
        raise exception 'no statistics are gathered for %', name using errcode = '42501';
    end if;
    execute format('analyze %I', name);
end $$
"""


def upgrade() -> None:
    op.add_column("uploads", sa.Column("offset_line", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("uploads", sa.Column("error_counts", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("uploads", sa.Column("good_rows_only", sa.Boolean(), nullable=True))
    op.alter_column("uploads", "offset_line", server_default=None)
    op.alter_column("uploads", "error_counts", server_default=None)
    op.execute(GATHER_STATISTICS)
    op.execute("revoke execute on function gather_statistics from public")
    op.execute("grant execute on function gather_statistics to app_creditor, app_agency")


def downgrade() -> None:
    op.execute("drop function gather_statistics")
    op.drop_column("uploads", "good_rows_only")
    op.drop_column("uploads", "error_counts")
    op.drop_column("uploads", "offset_line")
