"""How a wave is shared, and of each placement the how-manieth of its case it is and why its agency got it.

Of what was placed before, the tier follows from the placements themselves.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0106"
down_revision = "0105"

TIERS = """
update placements p set tier = told.tier
from (
    select creditor_id, agency_id, id,
           row_number() over (partition by creditor_id, case_id, service order by placed_at, id) as tier
    from placements
) told
where p.creditor_id = told.creditor_id and p.agency_id = told.agency_id and p.id = told.id and told.tier > 1
"""


def upgrade() -> None:
    op.add_column("placement_waves", sa.Column("strategy", postgresql.JSONB()))
    op.add_column("placements", sa.Column("tier", sa.BigInteger(), nullable=False, server_default=sa.text("1")))
    op.add_column("placements", sa.Column("arm", sa.Text()))
    # Row by row these walls would hide every row from whoever migrates.
    op.execute("alter table placements no force row level security")
    op.execute(TIERS)
    op.execute("alter table placements force row level security")


def downgrade() -> None:
    op.drop_column("placements", "arm")
    op.drop_column("placements", "tier")
    op.drop_column("placement_waves", "strategy")
