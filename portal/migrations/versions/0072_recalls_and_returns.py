"""Commission by age, recalls and returns.

A placement keeps the age it was placed at and the commission that follows. It ends in one way for both sides: the
owner's function takes the case, its debtor and the contact points away from the agency in the transaction that ends it,
because an agency may not write to them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"

CODES = (
    "'paid_full', 'settled', 'partial_paid', 'deceased', 'insolvent', 'untraceable', 'disputed', 'exhausted', "
    "'time_barred', 'uneconomic', 'settlement_refused', 'client_unresponsive', 'hardship', 'vulnerable', "
    "'self_harm_risk', 'fraud', 'invalidated'"
)
REASONS = (
    "'strategy', 'no_activity', 'performance', 'settled_with_creditor', 'sold', 'agreement_ended', 'complaint', "
    "'data_protection', 'compliance'"
)
#: What an agency writes of a recall.
ANSWERED = "state, answer, answered_at, answered_by, objection, objection_note, proposed_on"
STATES = "'sent', 'acknowledged', 'recall_pending', 'ended'"

# Whoever places or ends for a creditor does so one after the other: of two that end cases of one debtor, the later one
# must see that none is left. A debtor and its contact points are freed with its last case.
END_PLACEMENTS = """
create function end_placements(
    creditor bigint, agency bigint, ending bigint[], code text, then_state text, given_code text, at timestamptz,
    on_day date
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
        set state = 'ended', ended_at = at, end_code = code, tail_until = on_day + v.tail_days::integer
        from mandate_versions v
        where l.creditor_id = creditor and l.agency_id = agency and l.id = any(ending) and l.ended_at is null
          and v.creditor_id = l.creditor_id and v.agency_id = l.agency_id and v.id = l.mandate_version_id
        returning l.id, l.case_id
    )
    select coalesce(array_agg(case_id), '{}'), coalesce(array_agg(id), '{}') into freed, gone from ended;
    perform sla_cases_ended(creditor, agency, gone);
    update cases c set agency_id = null, state = then_state, return_code = given_code
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
    update consignments k set state = 'ended'
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

# A creditor asks and an agency answers; that the cases are back is written by the owner's function only.
RECALL_MOVES = """
create function recall_moves() returns trigger language plpgsql as $$
declare
    is_allowed boolean := true;
    is_objection_kept boolean := tg_op = 'UPDATE' and
        (new.objection, new.objection_note, new.proposed_on)
        is not distinct from (old.objection, old.objection_note, old.proposed_on);
begin
    if current_user = 'app_creditor' and tg_op = 'INSERT' then
        is_allowed := new.state = 'pending' and new.answer is null;
    elsif current_user = 'app_creditor' then
        is_allowed := (old.state, new.state) in (
                ('pending', 'withdrawn'), ('objected', 'withdrawn'), ('objected', 'pending'), ('ended', 'closed'))
            and is_objection_kept
            and (new.answer, new.answered_at, new.answered_by)
                is not distinct from (old.answer, old.answered_at, old.answered_by);
    elsif current_user = 'app_agency' and new.answer = 'objected' then
        is_allowed := old.answer is null and old.state = 'pending' and new.state = 'objected';
    elsif current_user = 'app_agency' then
        is_allowed := new.answer is not distinct from 'accepted' and old.answer is distinct from 'accepted'
            and old.state in ('pending', 'objected', 'ended') and new.state = old.state and is_objection_kept;
    end if;
    if not is_allowed then
        raise exception 'a recall is asked by one side and answered by the other' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    _widen_states()
    _make_recalls()
    _price_placements()
    _make_returns()
    for table in ("placements", "debtors", "contact_points", "consignments", "recalls"):
        op.execute(f"create policy owner on {table} to current_user using (true) with check (true)")
    op.execute("create policy owner on mandate_versions for select to current_user using (true)")
    op.execute(END_PLACEMENTS)
    op.execute("revoke execute on function end_placements from public")
    op.execute("grant execute on function end_placements to app_creditor, app_agency")


def _widen_states() -> None:
    for table in ("placements", "consignments"):
        op.drop_constraint(f"ck_{table}_placementstate", table)
        op.create_check_constraint("placementstate", table, f"state in ({STATES})")
    op.drop_constraint("ck_cases_casestate", "cases")
    op.create_check_constraint("casestate", "cases", "state in ('open', 'placed', 'on_hold', 'closed')")
    op.add_column("cases", sa.Column("return_code", sa.String(40)))
    op.create_check_constraint("returncode", "cases", f"return_code in ({CODES})")


def _make_recalls() -> None:
    op.create_table(
        "recalls",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("mandate_version_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.BigInteger()),
        sa.Column("answer", sa.String(40)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.BigInteger()),
        sa.Column("objection", sa.String(40)),
        sa.Column("objection_note", sa.Text()),
        sa.Column("proposed_on", sa.Date()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
            name="fk_recalls_creditor_id_agency_id_mandate_version_id",
        ),
        sa.CheckConstraint(f"reason in ({REASONS})", name="recallreason"),
        sa.CheckConstraint("state in ('pending', 'objected', 'withdrawn', 'ended', 'closed')", name="recallstate"),
        sa.CheckConstraint("answer in ('accepted', 'objected')", name="recallanswer"),
        sa.CheckConstraint(
            "objection in ('payment_plan', 'promise', 'payment_in_transit', 'legal_action', 'other')",
            name="objectionreason",
        ),
    )
    op.create_index("ix_recalls_agency_id", "recalls", ["agency_id", "id"])
    op.create_index("ix_recalls_creditor_id", "recalls", ["creditor_id", "id"])
    _wall(
        "recalls",
        {
            "creditor": "select, insert, update",
            "agency": f"select, update ({ANSWERED})",
        },
    )
    op.execute(RECALL_MOVES)
    op.execute("create trigger moves before insert or update on recalls for each row execute function recall_moves()")


def _price_placements() -> None:
    op.add_column("placements", sa.Column("age_days", sa.BigInteger()))
    op.add_column("placements", sa.Column("commission_bp", sa.BigInteger()))
    op.add_column("placements", sa.Column("recall_id", sa.BigInteger()))
    op.add_column("placements", sa.Column("tail_until", sa.Date()))
    # The owner may see rows only while the force is lifted.
    for table in ("placements", "mandate_versions"):
        op.execute(f"alter table {table} no force row level security")
    # Nobody kept the age of what is placed already: it goes on at the rate that it was placed at.
    op.execute(
        "update placements l set commission_bp = v.commission_bp from mandate_versions v "
        "where v.creditor_id = l.creditor_id and v.agency_id = l.agency_id and v.id = l.mandate_version_id"
    )
    for table in ("placements", "mandate_versions"):
        op.execute(f"alter table {table} force row level security")
    op.alter_column("placements", "commission_bp", nullable=False)
    op.create_check_constraint("commission_bp", "placements", "commission_bp between 0 and 10000")
    op.create_foreign_key(
        "fk_placements_creditor_id_agency_id_recall_id",
        "placements",
        "recalls",
        ["creditor_id", "agency_id", "recall_id"],
        ["creditor_id", "agency_id", "id"],
    )
    op.create_index(
        "ix_placements_recall_id",
        "placements",
        ["creditor_id", "agency_id", "recall_id"],
        postgresql_where=sa.text("recall_id is not null"),
    )


def _make_returns() -> None:
    op.create_table(
        "returns",
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
            name="fk_returns_creditor_id_agency_id_placement_id_case_id",
        ),
        sa.CheckConstraint(f"code in ({CODES})", name="returncode"),
    )
    op.create_index("ix_returns_agency_id", "returns", ["agency_id", "placement_id"])
    op.create_index("ix_returns_case_id", "returns", ["creditor_id", "case_id"])
    _wall("returns", {"creditor": "select", "agency": "select, insert"})
    op.execute(
        "create trigger append_only before update or delete or truncate on returns "
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
    raise NotImplementedError("restore a backup instead")
