"""Whom the telling covered decides whether an incident was widened: those of the scope that stands.

Compared with every earlier scope, somebody who went out of an incident and came back in was no news, though the telling
in between had left them out. Whoever is told is told of the scope that stands then, and later scopes that are not wider
lie within it.
"""

from importlib import import_module

from alembic import op

revision = "0103"
down_revision = "0102"

EVER, NOW = "e.scope_no < next_no", "e.scope_no = part.scope_no"


def _determine(compared: str) -> str:
    before = import_module("portal.migrations.versions.0096_incidents")
    statement: str = before.DETERMINE.replace("create function", "create or replace function", 1)
    if EVER not in statement:
        raise AssertionError("determine_incident is not what this revision was written for")
    return statement.replace(EVER, compared)


def upgrade() -> None:
    op.execute(_determine(NOW))


def downgrade() -> None:
    op.execute(_determine(EVER))
