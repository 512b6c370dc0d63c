"""Incidents, each creditor's part of them, and whom they touch.

An agency that reports may not read whose a case was once it is gone from it, and is not to: the owner determines the
people for whoever asks, into a table that only the creditor reads.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0096"
down_revision = "0095"

KINDS = "'loss', 'theft', 'unauthorised_access', 'disclosure', 'ransomware', 'other'"
STATES = "'reported', 'assessed', 'notified', 'closed'"
STEPS = "'assessed', 'authority_told', 'people_told', 'closed'"
#: Table -> what each side may do; history is new rows.
HISTORY = {
    "incident_statements": {"creditor": "select, insert", "agency": "select, insert"},
    "incident_scopes": {"creditor": "select", "agency": "select"},
    "incident_subjects": {"creditor": "select"},
    "incident_steps": {"creditor": "select, insert"},
    "incident_files": {"creditor": "select, insert", "agency": "select, insert"},
}

DETERMINE = """
create function determine_incident(creditor bigint, incident bigint, wanted jsonb, by_user bigint, at timestamptz)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    part incidents%rowtype;
    next_no bigint;
    begins timestamptz := wanted ->> 'from';
    ends timestamptz := wanted ->> 'to';
    listed text[] := (select array_agg(value) from jsonb_array_elements_text(wanted -> 'accounts'));
    sent bigint[] := (select array_agg(value::bigint) from jsonb_array_elements_text(wanted -> 'consignment_ids'));
    people bigint;
    debts bigint;
    lands jsonb;
begin
    select * into part from incidents i where i.creditor_id = creditor and i.id = incident for update;
    if part.id is null
       or not coalesce((current_setting('role') = 'app_creditor' and own = creditor)
                       or (current_setting('role') = 'app_agency' and own = part.agency_id), false) then
        raise exception 'an incident is determined by the two it concerns' using errcode = '42501';
    end if;
    next_no := part.scope_no + 1;
    insert into incident_subjects (creditor_id, incident_id, scope_no, debtor_id, country, cases, basis)
    select creditor, incident, next_no, d.id, d.country, count(distinct c.id),
           (array['held', 'locate', 'not_returned', 'own'])[min(t.rank)]
    from (
        select p.case_id, case when p.ended_at is null or p.ended_at >= begins then 1 else 3 end as rank
        from placements p
        left join recalls r on r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.id = p.recall_id
        where p.creditor_id = creditor and p.agency_id = part.agency_id and p.placed_at <= ends
          and (p.ended_at is null or p.ended_at >= begins
               or (r.id is not null and (r.closed_at is null or r.closed_at >= begins)))
          and (sent is null or p.consignment_id = any(sent))
        union all
        select o.case_id, 2
        from locate_orders o
        join locate_batches b on b.creditor_id = o.creditor_id and b.agency_id = o.agency_id and b.id = o.batch_id
        where o.creditor_id = creditor and o.agency_id = part.agency_id and sent is null and b.sent_at <= ends
          and (o.closed_at is null or o.closed_at >= begins)
        union all
        select k.id, 4 from cases k where k.creditor_id = creditor and part.agency_id is null
    ) t
    join cases c on c.creditor_id = creditor and c.id = t.case_id
    join debtors d on d.creditor_id = creditor and d.id = c.debtor_id
    where listed is null or c.account_ref = any(listed)
    group by d.id, d.country;
    select count(*), coalesce(sum(s.cases), 0) into people, debts from incident_subjects s
    where s.creditor_id = creditor and s.incident_id = incident and s.scope_no = next_no;
    select coalesce(jsonb_object_agg(l.country, l.people), '{}') into lands from (
        select s.country, count(*) as people from incident_subjects s
        where s.creditor_id = creditor and s.incident_id = incident and s.scope_no = next_no group by 1
    ) l;
    insert into incident_scopes (creditor_id, agency_id, incident_id, no, wanted, subjects, cases, countries,
                                 determined_at, determined_by)
    values (creditor, part.agency_id, incident, next_no, wanted, people, debts, lands, at, by_user);
    update incidents i set scope_no = next_no, subjects = people, cases = debts, countries = lands
    where i.creditor_id = creditor and i.id = incident;
    return people;
end $$
"""


def upgrade() -> None:
    _make_incidents()
    _make_history()
    _wall("incidents", {"creditor": "select, insert", "agency": "select, insert"})
    op.execute("grant update (kind, aware_at) on incidents to app_agency")
    op.execute(
        "grant update (kind, aware_at, state, assessed_at, tells_authority, tells_people, closed_at) "
        "on incidents to app_creditor"
    )
    for table, actions in HISTORY.items():
        _wall(table, actions)
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    for table in ("incidents", "incident_scopes", "incident_subjects"):
        op.execute(f"create policy owner on {table} to current_user using (true) with check (true)")
    op.execute("create policy owner on locate_batches for select to current_user using (true)")
    op.execute(DETERMINE)
    op.execute("revoke execute on function determine_incident from public")
    op.execute("grant execute on function determine_incident to app_creditor, app_agency")


def _make_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("report_key", sa.Text(), nullable=False),
        sa.Column("is_by_agency", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("aware_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.BigInteger()),
        sa.Column("scope_no", sa.BigInteger(), nullable=False),
        sa.Column("subjects", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("countries", postgresql.JSONB(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True)),
        sa.Column("tells_authority", sa.Boolean()),
        sa.Column("tells_people", sa.Boolean()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "report_key"),
        sa.CheckConstraint("subjects >= 0 and cases >= 0", name="counts"),
        sa.CheckConstraint(f"state in ({STATES})", name="incidentstate"),
        sa.CheckConstraint(f"kind in ({KINDS})", name="incidentkind"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id"],
            ["panel_members.creditor_id", "panel_members.agency_id"],
            name="fk_incidents_creditor_id_agency_id",
        ),
    )
    op.create_index(
        "ix_incidents_agency_id", "incidents", ["agency_id", "id"], postgresql_where=sa.text("agency_id is not null")
    )


def _make_history() -> None:
    _part("incident_statements", [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.BigInteger()),
        sa.Column("is_by_agency", sa.Boolean(), nullable=False),
    ], ["id"])  # fmt: skip
    _part("incident_scopes", [
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("subjects", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("countries", postgresql.JSONB(), nullable=False),
        sa.Column("determined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("determined_by", sa.BigInteger()),
    ], ["no"])  # fmt: skip
    _part("incident_subjects", [
        sa.Column("scope_no", sa.BigInteger(), nullable=False),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
    ], ["scope_no", "debtor_id"])  # fmt: skip
    _part("incident_steps", [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger()),
        sa.CheckConstraint(f"kind in ({STEPS})", name="stepkind"),
    ], ["id"])  # fmt: skip
    _part("incident_files", [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("is_by_agency", sa.Boolean(), nullable=False),
    ], ["id"])  # fmt: skip
    for table in ("incident_statements", "incident_scopes", "incident_files"):
        op.create_index(
            f"ix_{table}_agency_id", table, ["agency_id"], postgresql_where=sa.text("agency_id is not null")
        )


def _part(table: str, columns: list[Any], key: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("creditor_id", "incident_id", *key),
        sa.ForeignKeyConstraint(
            ["creditor_id", "incident_id"],
            ["incidents.creditor_id", "incidents.id"],
            name=f"fk_{table}_creditor_id_incident_id",
        ),
    )


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    op.execute("drop function determine_incident")
    op.execute("drop policy owner on locate_batches")
    for table in (*HISTORY, "incidents"):
        op.drop_table(table)
