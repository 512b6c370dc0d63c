"""Row-level security, grants, append-only tables, the audit chain and the balance of the books.

Every tenant-owned table gets `FORCE ROW LEVEL SECURITY` and one policy per side, a bare equality on a column of its
own. `TENANTS` is the one list of who may see and do what; the catalogue test reads the result from the database.
"""

from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"

#: The roles a signed-in side may take; `app_door` and `app_worker` come before and behind them.
SIDES = ("app_creditor", "app_agency", "app_platform")
ROLES = (*SIDES, "app_door", "app_worker")
OWN = "organisation_id = current_organisation()"
CREDITOR = "creditor_id = current_organisation()"
AGENCY = "agency_id = current_organisation()"
ANY = "true"


class Access(NamedTuple):
    """What one role may do with the rows of one table that its predicate shows it."""

    role: str
    rows: str
    actions: str


def _both(rows: str, actions: str) -> list[Access]:
    return [Access("app_creditor", rows, actions), Access("app_agency", rows, actions)]


TENANTS: dict[str, list[Access]] = {
    "organisations": [
        Access("app_creditor", "id = current_organisation() or kind = 'agency'", "select"),
        Access("app_agency", "id = current_organisation() or id in (select creditor_id from mandates)", "select"),
        Access("app_platform", ANY, "select, insert, update"),
        Access("app_door", ANY, "select"),
        Access("app_worker", ANY, "select"),
    ],
    "users": [
        *_both(OWN, "select, insert, update"),
        Access("app_platform", ANY, "select, insert, update"),
        Access("app_door", ANY, "select, update"),
        Access("app_worker", ANY, "select"),
    ],
    "web_sessions": [
        *_both(OWN, "select, update"),
        Access("app_platform", OWN, "select, update"),
        Access("app_door", ANY, "select, insert, update"),
    ],
    "invitations": [
        *_both(OWN, "select, insert, update"),
        Access("app_platform", ANY, "select, insert, update"),
        Access("app_door", ANY, "select, update"),
    ],
    "work": [
        *_both(OWN, "select, insert, update"),
        Access("app_platform", ANY, "select, insert, update"),
        Access("app_worker", ANY, "select, insert, update"),
    ],
    "outbox": [
        *_both(OWN, "select, insert"),
        Access("app_platform", ANY, "select, insert"),
        Access("app_worker", ANY, "select, insert, update"),
    ],
    "audit_events": [*_both(OWN, "select"), Access("app_platform", ANY, "select")],
    "audit_heads": [*_both(OWN, "select"), Access("app_platform", ANY, "select")],
    "uploads": _both(OWN, "select, insert, update"),
    "upload_errors": _both(OWN, "select, insert, delete"),
    "header_mappings": _both(OWN, "select, insert, update"),
    "staged_portfolio": _both(OWN, "select, delete"),
    "staged_payments": _both(OWN, "select, delete"),
    "staged_activities": _both(OWN, "select, delete"),
    "mandates": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        Access("app_agency", AGENCY, "select"),
    ],
    "mandate_versions": [
        Access("app_creditor", CREDITOR, "select, insert"),
        Access("app_agency", AGENCY, "select"),
    ],
    "portfolios": [Access("app_creditor", CREDITOR, "select, insert, update")],
    "debtors": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        Access("app_agency", AGENCY, "select"),
    ],
    "cases": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        # An agency's payment lowers the balance and nothing else.
        Access("app_agency", AGENCY, "select, update (balance_minor)"),
    ],
    "contact_points": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        Access("app_agency", AGENCY, "select"),
    ],
    "placement_waves": [Access("app_creditor", CREDITOR, "select, insert, update")],
    "consignments": [
        Access("app_creditor", CREDITOR, "select, insert, update, delete"),
        Access(
            "app_agency",
            f"{AGENCY} and state is not null",
            "select, update (state, acknowledged_at, acknowledged_by, manifest_downloaded_at)",
        ),
    ],
    "placements": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        Access("app_agency", AGENCY, "select, update (state)"),
    ],
    "reports": [
        Access("app_creditor", CREDITOR, "select, insert, update"),
        Access("app_agency", AGENCY, "select, insert, update"),
    ],
    "payments": [Access("app_creditor", CREDITOR, "select"), Access("app_agency", AGENCY, "select, insert")],
    "activities": [
        Access("app_creditor", CREDITOR, "select"),
        Access("app_agency", AGENCY, "select, insert"),
    ],
    "entries": [Access("app_creditor", CREDITOR, "select"), Access("app_agency", AGENCY, "select, insert")],
    "postings": [Access("app_creditor", CREDITOR, "select"), Access("app_agency", AGENCY, "select, insert")],
    "placement_cells": [
        Access("app_creditor", CREDITOR, "select, insert, update, delete"),
        Access("app_agency", AGENCY, "select"),
    ],
    "recovery_cells": [
        Access("app_creditor", CREDITOR, "select, insert, update, delete"),
        Access("app_agency", AGENCY, "select, insert, update, delete"),
    ],
}

#: Tables the loader copies checked rows into, and may do nothing else with.
LOADED = ("staged_portfolio", "staged_payments", "staged_activities", "upload_errors")
#: History is new rows.
APPEND_ONLY = ("audit_events", "payments", "activities", "entries", "postings", "mandate_versions")

CURRENT_ORGANISATION = """
create function current_organisation() returns bigint language sql stable parallel safe as
$$ select nullif(current_setting('app.organisation', true), '')::bigint $$
"""

# The owner writes the chain for whoever acts, so that no role needs write access to it. An actor signs as itself:
# only before sign-in (no organisation set) may an event carry another organisation's name.
APPEND_AUDIT_EVENT = """
create function append_audit_event(
    chain bigint, at timestamptz, action text, actor_organisation bigint, actor_user bigint, body text
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    head audit_heads%rowtype;
    link bytea;
begin
    if actor_organisation is distinct from current_organisation() then
        raise exception 'an audit event is signed by the organisation that acts' using errcode = '42501';
    end if;
    insert into audit_heads (organisation_id, seq, hash) values (chain, 0, decode(repeat('00', 32), 'hex'))
    on conflict do nothing;
    select * into head from audit_heads where organisation_id = chain for update;
    link := sha256(head.hash || convert_to(body, 'UTF8'));
    insert into audit_events
        (organisation_id, seq, at, action, actor_organisation_id, actor_user_id, body, previous, hash)
    values (chain, head.seq + 1, at, action, actor_organisation, actor_user, body, head.hash, link);
    update audit_heads set seq = head.seq + 1, hash = link where organisation_id = chain;
    return head.seq + 1;
end $$
"""

REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only', tg_table_name using errcode = '42501'; end $$
"""

ENTRY_BALANCES = """
create function entry_balances() returns trigger language plpgsql as $$
declare
    moved bigint;
    strangers bigint;
begin
    select coalesce(sum(amount_minor), 0), count(*) filter (where currency <> new.currency) into moved, strangers
    from postings where creditor_id = new.creditor_id and agency_id = new.agency_id and entry_id = new.id;
    if moved <> new.total_minor or strangers > 0 then
        raise exception 'entry % does not balance: % posted, % stated', new.id, moved, new.total_minor
            using errcode = '23514';
    end if;
    return null;
end $$
"""

# Set-based, once per statement: no posting may be added to an entry that was complete without it.
POSTINGS_BALANCE = """
create function postings_balance() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct creditor_id, agency_id, entry_id from added) touched
        join entries e on e.creditor_id = touched.creditor_id and e.agency_id = touched.agency_id
                      and e.id = touched.entry_id
        join postings p on p.creditor_id = e.creditor_id and p.agency_id = e.agency_id and p.entry_id = e.id
        group by e.creditor_id, e.agency_id, e.id, e.total_minor
        having sum(p.amount_minor) > e.total_minor
    ) then
        raise exception 'postings exceed their entry' using errcode = '23514';
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    op.execute(CURRENT_ORGANISATION)
    op.execute(f"grant usage on schema public to {', '.join(ROLES)}, app_loader")
    op.execute(f"grant select on alembic_version to {', '.join(ROLES)}")
    op.execute("grant select, insert on schedule_runs to app_worker")
    for table, accesses in TENANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        for role, rows, actions in accesses:
            op.execute(f"create policy {role} on {table} to {role} using ({rows}) with check ({rows})")
            op.execute(f"grant {actions} on {table} to {role}")
    for table in LOADED:
        op.execute(f"grant insert on {table} to app_loader")
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    for table in ("audit_events", "audit_heads"):
        op.execute(f"create policy owner on {table} to current_user using (true) with check (true)")
    op.execute(APPEND_AUDIT_EVENT)
    op.execute("revoke execute on function append_audit_event from public")
    op.execute(f"grant execute on function append_audit_event to {', '.join(ROLES)}")
    op.execute(ENTRY_BALANCES)
    op.execute(
        "create constraint trigger entry_balances after insert on entries deferrable initially deferred "
        "for each row execute function entry_balances()"
    )
    op.execute(POSTINGS_BALANCE)
    op.execute(
        "create trigger postings_balance after insert on postings referencing new table as added "
        "for each statement execute function postings_balance()"
    )


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
