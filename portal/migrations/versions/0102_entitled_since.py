"""Since when somebody has had the role they have: whoever got it after a question is no second person for it.

It is set by the database whenever a role changes or somebody is let in again, by its own clock, so that no side can set
it back. Of the people there are, the audit trail tells when that last happened: it has had an event for each such
change, in the same transaction, ever since they can be made. The hour of this migration instead would have left every
request that waits with nobody who may approve it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"

#: Their walls bind the owner too, except while the force is lifted.
READ = ("users", "invitations", "audit_events")
KNOWN = """
update users u set entitled_since = greatest(
    u.created_at,
    (select max(i.used_at) from invitations i where i.organisation_id = u.organisation_id and i.user_id = u.id),
    (select max(e.at) from audit_events e
     where e.organisation_id = u.organisation_id and e.action in ('user.role_changed', 'user.enabled')
       and e.body::jsonb #>> '{details,subject_user_id}' = u.id::text)
)
"""
# Whoever comes in does so at the door, which no side opens for itself; all else is dated by the clock of the database.
ENTITLED_SINCE = """
create function entitled_since() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        new.entitled_since := greatest(new.created_at, new.entitled_since);
        if current_user in ('app_creditor', 'app_agency') and new.state <> 'invited' then
            new.entitled_since := greatest(new.entitled_since, clock_timestamp());
        end if;
        return new;
    end if;
    new.entitled_since := greatest(old.entitled_since, new.entitled_since);
    if current_user <> 'app_door' and (
        new.role is distinct from old.role
        or (new.state is distinct from old.state and new.state <> 'disabled')
    ) then
        new.entitled_since := greatest(new.entitled_since, clock_timestamp());
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.add_column("users", sa.Column("entitled_since", sa.DateTime(timezone=True)))
    for table in READ:
        op.execute(f"alter table {table} no force row level security")
    op.execute(KNOWN)
    # What was changed is looked at before the table is changed further.
    op.execute("set constraints all immediate")
    for table in READ:
        op.execute(f"alter table {table} force row level security")
    op.alter_column("users", "entitled_since", nullable=False)
    op.execute(ENTITLED_SINCE)
    op.execute(
        "create trigger entitled_since before insert or update of role, state, entitled_since "
        "on users for each row execute function entitled_since()"
    )
    op.execute("grant update (entitled_since) on users to app_creditor, app_agency")


def downgrade() -> None:
    op.execute("drop trigger entitled_since on users")
    op.execute("drop function entitled_since()")
    op.drop_column("users", "entitled_since")
