"""A portfolio's rows are sorted once, into a table of their transaction, and their debtors numbered on the way."""

from alembic import op

revision = "0090"
down_revision = "0089"

TEMPORARY = """
do $$ begin
    execute format('{verb} temporary on database %I {to} app_creditor', current_database());
end $$
"""


def upgrade() -> None:
    op.execute(TEMPORARY.format(verb="grant", to="to"))
    op.execute("grant usage on sequence debtors_id_seq to app_creditor")


def downgrade() -> None:
    op.execute("revoke usage on sequence debtors_id_seq from app_creditor")
    op.execute(TEMPORARY.format(verb="revoke", to="from"))
