"""Contact points are kept by debtor, with one index, not two; a portfolio knows what its cases can be filtered by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0021"


def upgrade() -> None:
    op.drop_index("ix_contact_points_debtor_id", "contact_points")
    op.drop_constraint("pk_contact_points", "contact_points")
    op.create_primary_key("pk_contact_points", "contact_points", ["creditor_id", "debtor_id", "id"])
    op.add_column("portfolios", sa.Column("facets", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.alter_column("portfolios", "facets", server_default=None)


def downgrade() -> None:
    op.drop_column("portfolios", "facets")
    op.drop_constraint("pk_contact_points", "contact_points")
    op.create_primary_key("pk_contact_points", "contact_points", ["creditor_id", "id"])
    op.create_index("ix_contact_points_debtor_id", "contact_points", ["creditor_id", "debtor_id"])
