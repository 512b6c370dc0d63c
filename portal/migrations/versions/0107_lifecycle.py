"""The moves of a placement: held to one table, and each written down.

Two triggers read what a statement changed: one refuses a move that is not in the table, with the rights of whoever
writes, and one writes the history as its owner, because no side may write that by itself. They fire once per statement,
for a million cases may be taken on at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0107"
down_revision = "0106"

STATES = "'sent', 'acknowledged', 'rejected', 'active', 'on_hold', 'recall_pending', 'recall_objected', 'ended'"
#: The table of `assignments.placements.lifecycle`; a test compares the two.
MOVES = """
    ('sent', 'acknowledged'), ('sent', 'rejected'), ('sent', 'recall_pending'), ('sent', 'ended'),
    ('acknowledged', 'active'), ('acknowledged', 'on_hold'), ('acknowledged', 'recall_pending'),
    ('acknowledged', 'ended'),
    ('active', 'on_hold'), ('active', 'recall_pending'), ('active', 'ended'),
    ('on_hold', 'acknowledged'), ('on_hold', 'active'), ('on_hold', 'recall_pending'), ('on_hold', 'ended'),
    ('recall_pending', 'sent'), ('recall_pending', 'acknowledged'), ('recall_pending', 'active'),
    ('recall_pending', 'on_hold'), ('recall_pending', 'recall_objected'), ('recall_pending', 'ended'),
    ('recall_objected', 'sent'), ('recall_objected', 'acknowledged'), ('recall_objected', 'active'),
    ('recall_objected', 'on_hold'), ('recall_objected', 'recall_pending'), ('recall_objected', 'ended')
"""
#: What an agency may write by itself; that a placement is over is written by the owner's function only.
AGENCY_MOVES = """
    ('sent', 'acknowledged'), ('acknowledged', 'active'), ('acknowledged', 'on_hold'),
    ('recall_pending', 'recall_objected')
"""

CHECK_MOVES = f"""
create function check_placement_moves() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (
        select from former f join latter l using (creditor_id, agency_id, id)
        where f.state <> l.state and (
            (f.state, l.state) not in ({MOVES})
            or (current_user = 'app_agency' and (f.state, l.state) not in ({AGENCY_MOVES}))
        )
    ) then
        raise exception 'a placement does not move like this' using errcode = '42501';
    end if;
    return null;
end $$
"""

WRITE_MOVES = """
create function write_placement_moves() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    insert into placement_moves (creditor_id, agency_id, placement_id, from_state, to_state, moved_at, organisation_id,
                                 moved_by, why)
    select l.creditor_id, l.agency_id, l.id, f.state, l.state,
           coalesce(nullif(current_setting('app.move_at', true), '')::timestamptz, clock_timestamp()),
           current_organisation(), nullif(current_setting('app.move_by', true), '')::bigint,
           nullif(current_setting('app.move_why', true), '')
    from former f join latter l using (creditor_id, agency_id, id)
    where f.state <> l.state
    order by l.creditor_id, l.agency_id, l.id;
    return null;
end $$
"""

REASONS = (
    "'below_minimum', 'untraceable', 'outside_coverage', 'time_barred', 'licence_bar', 'insolvent_or_deceased', "
    "'information_missing', 'conflict_of_interest', 'disputed_or_legal', 'no_capacity', 'already_held', "
    "'no_data_basis'"
)
RECALL_REASONS = (
    "'strategy', 'no_activity', 'performance', 'settled_with_creditor', 'sold', 'agreement_ended', 'expired', "
    "'complaint', 'data_protection', 'compliance'"
)
PLACED = ("creditor_id", "agency_id", "placement_id", "case_id")

# As before, and what an agency does not take on ends in the same way: without a tail, and perhaps held for its creditor
# to settle what is wrong with it.
END_PLACEMENTS = """
create function end_placements(
    creditor bigint, agency bigint, ending bigint[], code text, then_state text, given_code text, at timestamptz,
    on_day date, then_placed text, then_held boolean
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    freed bigint[];
    gone bigint[];
    bare bigint[];
begin
    if not coalesce(
        (current_setting('role') = 'app_creditor' and own = creditor)
        or (current_setting('role') = 'app_agency' and own = agency), false
    ) then
        raise exception 'a side ends its own placements' using errcode = '42501';
    end if;
    if then_placed <> 'ended' and (then_placed <> 'rejected' or own <> agency or exists (
        select from placements l where l.creditor_id = creditor and l.agency_id = agency and l.id = any(ending)
                                   and l.state <> 'sent')) then
        raise exception 'an agency rejects what it has not taken on' using errcode = '42501';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('placing', creditor));
    -- And not while a report of that agency is taken in, which counts first activities against time.
    perform pg_advisory_xact_lock(hashtextextended('reports:' || creditor, agency));
    -- In the order in which payments lock them, so that a report that comes in meanwhile waits and does not deadlock.
    perform 1 from cases c
    where c.creditor_id = creditor and c.id in (
        select l.case_id from placements l
        where l.creditor_id = creditor and l.agency_id = agency and l.id = any(ending) and l.ended_at is null
    )
    order by c.creditor_id, c.id for update;
    with ended as (
        update placements l
        set state = then_placed, ended_at = at, end_code = code,
            tail_until = case then_placed when 'ended' then on_day + v.tail_days::integer end
        from mandate_versions v
        where l.creditor_id = creditor and l.agency_id = agency and l.id = any(ending) and l.ended_at is null
          and v.creditor_id = l.creditor_id and v.agency_id = l.agency_id and v.id = l.mandate_version_id
        returning l.id, l.case_id
    )
    select coalesce(array_agg(case_id), '{}'), coalesce(array_agg(id), '{}') into freed, gone from ended;
    perform sla_cases_ended(creditor, agency, gone);
    update cases c
    set agency_id = null, state = then_state, return_code = given_code,
        held_since = case when then_held then coalesce(c.held_since, at) else c.held_since end
    where c.creditor_id = creditor and c.id = any(freed) and c.agency_id = agency;
    select coalesce(array_agg(distinct c.debtor_id), '{}') into bare from cases c
    where c.creditor_id = creditor and c.id = any(freed) and not exists (
        select from cases o
        where o.creditor_id = c.creditor_id and o.debtor_id = c.debtor_id and o.agency_id = agency
    );
    update debtors d set agency_id = null
    where d.creditor_id = creditor and d.id = any(bare) and d.agency_id = agency;
    update contact_points p set agency_id = null
    where p.creditor_id = creditor and p.debtor_id = any(bare) and p.agency_id = agency;
    -- What has no live placement left is over as a whole: the consignment, and a recall that waits for its day.
    update consignments k
    set state = case
            when k.state = 'sent' and then_placed = 'rejected' and not exists (
                select from placements l where l.creditor_id = creditor and l.consignment_id = k.id
                                           and l.state <> 'rejected') then 'rejected'
            else 'ended'
        end
    where k.creditor_id = creditor and k.agency_id = agency and k.state in ('sent', 'acknowledged')
      and k.id in (select l.consignment_id from placements l
                   where l.creditor_id = creditor and l.agency_id = agency and l.id = any(ending))
      and not exists (select from placements l where l.creditor_id = creditor and l.consignment_id = k.id
                                                 and l.ended_at is null);
    update recalls r set state = 'ended', ended_at = at
    where r.creditor_id = creditor and r.agency_id = agency and r.state in ('pending', 'objected')
      and not exists (select from placements l where l.creditor_id = creditor and l.agency_id = agency
                                                 and l.recall_id = r.id and l.ended_at is null);
    return cardinality(freed);
end $$
"""

#: Where what is placed stands by the new states; its history begins now.
RESTATE = """
update placements l
set state = case
        when l.state = 'recall_pending' then 'recall_objected'
        when c.held_since is not null then 'on_hold'
        else 'active'
    end
from cases c
where c.creditor_id = l.creditor_id and c.id = l.case_id and l.ended_at is null and (
    (l.state = 'recall_pending' and exists (
        select from recalls r where r.creditor_id = l.creditor_id and r.agency_id = l.agency_id and r.id = l.recall_id
                                and r.state = 'objected'))
    or (l.state = 'acknowledged' and (
        c.held_since is not null
        or exists (select from activities a where a.creditor_id = l.creditor_id and a.case_id = l.case_id
                                              and a.agency_id = l.agency_id and a.placement_id = l.id)
        or exists (select from payments p where p.creditor_id = l.creditor_id and p.case_id = l.case_id
                                            and p.agency_id = l.agency_id and p.placement_id = l.id)))
)
"""
#: What that reads and writes; the walls bind the owner too.
WALLED = ("placements", "cases", "recalls", "activities", "payments")


def upgrade() -> None:
    for table in ("placements", "consignments"):
        op.drop_constraint(f"ck_{table}_placementstate", table)
        op.create_check_constraint("placementstate", table, f"state in ({STATES})")
    for table in WALLED:
        op.execute(f"alter table {table} no force row level security")
    op.execute(RESTATE)
    for table in WALLED:
        op.execute(f"alter table {table} force row level security")
    _keep_moves()
    _make_rejections()
    _end_anew()
    _come_back()


def _keep_moves() -> None:
    op.create_table(
        "placement_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("creditor_id", "agency_id", "placement_id")),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger()),
        sa.Column("moved_by", sa.BigInteger()),
        sa.Column("why", sa.Text()),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id", "id"),
        sa.CheckConstraint(f"from_state in ({STATES})", name="from_state"),
        sa.CheckConstraint(f"to_state in ({STATES})", name="to_state"),
    )
    _wall("placement_moves", {"creditor": "select", "agency": "select"})
    op.execute("create policy owner on placement_moves to current_user using (true) with check (true)")
    _append_only("placement_moves")
    op.execute(CHECK_MOVES)
    op.execute(WRITE_MOVES)
    op.execute("revoke execute on function write_placement_moves from public")
    for name in ("check_placement_moves", "write_placement_moves"):
        op.execute(
            f"create trigger {name} after update on placements referencing old table as former new table as latter "
            f"for each statement execute function {name}()"
        )


def _make_rejections() -> None:
    op.create_table(
        "rejections",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*PLACED, "consignment_id")),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rejected_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*PLACED[:3]),
        sa.ForeignKeyConstraint(
            PLACED,
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
            name="fk_rejections_creditor_id_agency_id_placement_id_case_id",
        ),
        sa.CheckConstraint(f"reason in ({REASONS})", name="rejectreason"),
    )
    op.create_index("ix_rejections_consignment_id", "rejections", ["creditor_id", "agency_id", "consignment_id"])
    op.create_index("ix_rejections_case_id", "rejections", ["creditor_id", "case_id"])
    _wall("rejections", {"creditor": "select", "agency": "select, insert"})
    _append_only("rejections")


def _end_anew() -> None:
    op.execute("drop function end_placements(bigint, bigint, bigint[], text, text, text, timestamptz, date)")
    op.execute(END_PLACEMENTS)
    op.execute("revoke execute on function end_placements from public")
    op.execute("grant execute on function end_placements to app_creditor, app_agency")


def _come_back() -> None:
    for name in ("term_days", "no_work_days", "no_payment_days"):
        op.add_column("mandate_versions", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("mandate_versions", name, server_default=None)
    op.drop_constraint("ck_recalls_recallreason", "recalls")
    op.create_check_constraint("recallreason", "recalls", f"reason in ({RECALL_REASONS})")


def _append_only(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table} "
        "for each statement execute function refuse_change()"
    )


def _wall(table: str, actions: dict[str, str]) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for side, granted in actions.items():
        rows = f"{side}_id = current_organisation()"
        op.execute(f"create policy app_{side} on {table} to app_{side} using ({rows}) with check ({rows})")
        op.execute(f"grant {granted} on {table} to app_{side}")


def downgrade() -> None:
    raise NotImplementedError("the history of placements is not given up; restore a backup instead")
