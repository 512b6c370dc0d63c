"""Versions of reports, enquiries, and what service levels are measured from.

A payment that was not as reported is taken back by a row of its own, and only by a correction of a report; balances
count what stands. An activity may be recorded on a page and then comes from no file.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0073"
down_revision = "0072"

OWNERS = ["creditor_id", "agency_id"]

# As before, but a payment that was taken back does not count, and a case whose payments were all taken back counts too.
TOUCHED = """
        select p.creditor_id, p.case_id from payments p
        where p.agency_id = current_organisation() and p.upload_id = restate_balances.upload
        union
        select p.creditor_id, p.case_id from payment_reversals r
        join payments p on p.creditor_id = r.creditor_id and p.agency_id = r.agency_id and p.id = r.payment_id
        where r.agency_id = current_organisation() and r.upload_id = restate_balances.upload
"""

RESTATE_BALANCES = f"""
create or replace function restate_balances(upload bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    restated bigint;
begin
    perform 1 from cases c where (c.creditor_id, c.id) in ({TOUCHED})
    order by c.creditor_id, c.id for update;
    update cases c set balance_minor = c.placed_minor - paid.minor
    from (
        select t.creditor_id, t.case_id, coalesce(sum(p.amount_minor), 0)::bigint as minor
        from ({TOUCHED}) t
        left join payments p on p.creditor_id = t.creditor_id and p.case_id = t.case_id and not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
        )
        group by t.creditor_id, t.case_id
    ) paid
    where c.creditor_id = paid.creditor_id and c.id = paid.case_id;
    get diagnostics restated = row_count;
    return restated;
end $$
"""

# A case that leaves before its time is up and without an activity is no obligation any more. Called by
# `end_placements` with what has just ended, once.
CASES_ENDED = """
create function sla_cases_ended(creditor bigint, agency bigint, gone bigint[]) returns void
language sql set search_path = public, pg_temp as $$
    insert into sla_cells as c (creditor_id, agency_id, consignment_id, is_paused, due_at, cases, met, late)
    select l.creditor_id, l.agency_id, l.consignment_id, coalesce(x.is_paused, false), coalesce(x.due_at, k.due_at),
           -count(*), 0, 0
    from placements l
    join sla_clocks k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id
                     and k.consignment_id = l.consignment_id
    left join sla_extensions x on x.creditor_id = l.creditor_id and x.agency_id = l.agency_id
                              and x.placement_id = l.id
    where l.creditor_id = creditor and l.agency_id = agency and l.id = any(gone)
      and (coalesce(x.is_paused, false) or l.ended_at <= coalesce(x.due_at, k.due_at))
      and not exists (
          select from activities a where a.creditor_id = l.creditor_id and a.case_id = l.case_id
                                     and a.agency_id = l.agency_id and a.placement_id = l.id
      )
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (creditor_id, agency_id, consignment_id, is_paused, due_at) do update
    set cases = c.cases + excluded.cases
$$
"""

#: Who reported before there were versions is on the file, and a half without a file was declared to be empty.
FILES = """
insert into report_files (creditor_id, agency_id, report_id, version, part, upload_id, added, known, corrected,
                          reported_at, reported_by)
select r.creditor_id, r.agency_id, r.id, 1, h.part, u.id, coalesce(u.rows_applied, 0), coalesce(u.rows_unchanged, 0), 0,
       coalesce(u.applied_at, h.reported_at), coalesce(u.applied_by, u.created_by)
from reports r
cross join lateral (values ('payments', r.payments_at), ('activities', r.activities_at)) h (part, reported_at)
left join uploads u on u.organisation_id = r.agency_id and u.creditor_id = r.creditor_id and u.report_id = r.id
                   and u.kind = h.part and u.state = 'applied'
where h.reported_at is not null
order by r.id, coalesce(u.applied_at, h.reported_at), u.id
"""

#: The first version says what all files of a complete report say, for until now none of them could take back anything.
VERSIONS = """
insert into report_versions (creditor_id, agency_id, report_id, version, made_at, payments, collected, activities)
select r.creditor_id, r.agency_id, r.id, 1, r.submitted_at, paid.payments, paid.collected, worked.activities
from reports r
cross join lateral (
    select coalesce(sum(c.payments), 0)::bigint as payments,
           coalesce(jsonb_object_agg(c.currency, c.minor), '{}') as collected
    from (
        select p.currency, count(*) as payments, sum(p.amount_minor)::bigint as minor
        from report_files f
        join payments p on p.creditor_id = f.creditor_id and p.agency_id = f.agency_id and p.upload_id = f.upload_id
        where f.creditor_id = r.creditor_id and f.agency_id = r.agency_id and f.report_id = r.id
        group by 1
    ) c
) paid
cross join lateral (
    select count(*) as activities
    from report_files f
    join activities a on a.creditor_id = f.creditor_id and a.agency_id = f.agency_id and a.upload_id = f.upload_id
    where f.creditor_id = r.creditor_id and f.agency_id = r.agency_id and f.report_id = r.id
) worked
where r.version > 0
"""

#: What that is read from and written to; the walls bind the owner too.
WALLED = ("reports", "uploads", "payments", "activities", "report_files", "report_versions")


def upgrade() -> None:
    _version_reports()
    _take_payments_back()
    _record_on_pages()
    _measure()
    _ask()


def _version_reports() -> None:
    op.add_column("reports", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("reports", "version", server_default=None)
    op.execute("grant update (version) on reports to app_agency")
    op.create_table(
        "report_versions",
        *_owners(),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger()),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("collected", postgresql.JSONB(), nullable=False),
        sa.Column("activities", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*OWNERS, "report_id", "version"),
        sa.CheckConstraint("version > 0", name="version"),
    )
    op.create_table(
        "report_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_owners(),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("upload_id", sa.BigInteger()),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.BigInteger(), nullable=False),
        sa.Column("corrected", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*OWNERS, "id"),
        sa.UniqueConstraint(*OWNERS, "upload_id"),
        sa.CheckConstraint("part in ('payments', 'activities')", name="reportpart"),
    )
    op.create_index("ix_report_files_report_id", "report_files", [*OWNERS, "report_id"])
    for table in ("report_versions", "report_files"):
        _refer(table, "reports", "report_id")
        _wall(table, {"creditor": "select", "agency": "select, insert"})
        _only_add(table)
    for table in WALLED:
        op.execute(f"alter table {table} no force row level security")
    op.execute("update reports set version = 1 where submitted_at is not null")
    op.execute(FILES)
    op.execute(VERSIONS)
    for table in WALLED:
        op.execute(f"alter table {table} force row level security")


def _take_payments_back() -> None:
    op.drop_constraint("ck_entries_entrykind", "entries")
    op.create_check_constraint("entrykind", "entries", "kind in ('payment', 'reversal')")
    op.create_table(
        "payment_reversals",
        *_owners(),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("reference_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*OWNERS, "payment_id"),
        sa.UniqueConstraint(*OWNERS, "reference_key", "revision"),
        sa.CheckConstraint("revision > 0", name="revision"),
    )
    op.create_index("ix_payment_reversals_upload_id", "payment_reversals", ["agency_id", "upload_id"])
    _refer("payment_reversals", "payments", "payment_id")
    _wall("payment_reversals", {"creditor": "select", "agency": "select, insert"})
    _only_add("payment_reversals")
    op.execute("create policy owner on payment_reversals for select to current_user using (true)")
    op.execute(RESTATE_BALANCES)


def _record_on_pages() -> None:
    for name in ("upload_id", "line"):
        op.alter_column("activities", name, nullable=True)
    op.add_column("activities", sa.Column("recorded_by", sa.BigInteger()))


def _measure() -> None:
    op.create_table(
        "sla_clocks",
        *_owners(),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*OWNERS, "consignment_id"),
    )
    op.create_table(
        "sla_extensions",
        *_owners(),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*OWNERS, "placement_id"),
    )
    op.create_index("ix_sla_extensions_consignment_id", "sla_extensions", [*OWNERS, "consignment_id"])
    op.create_table(
        "sla_cells",
        *_owners(),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("cases", "met", "late")),
        sa.PrimaryKeyConstraint(*OWNERS, "consignment_id", "is_paused", "due_at"),
    )
    op.create_index("ix_sla_cells_agency_id", "sla_cells", ["agency_id"])
    _refer("sla_clocks", "consignments", "consignment_id")
    _refer("sla_extensions", "placements", "placement_id")
    _refer("sla_cells", "consignments", "consignment_id")
    # Both sides move clocks: the agency acknowledges, works and asks, the creditor answers and takes cases back.
    _wall("sla_clocks", {"creditor": "select", "agency": "select, insert"})
    _wall("sla_extensions", dict.fromkeys(("creditor", "agency"), "select, insert, update"))
    _wall("sla_cells", dict.fromkeys(("creditor", "agency"), "select, insert, update"))
    for table in ("sla_clocks", "sla_extensions", "activities"):
        op.execute(f"create policy owner on {table} for select to current_user using (true)")
    op.execute("create policy owner on sla_cells to current_user using (true) with check (true)")
    op.execute(CASES_ENDED)
    op.execute("revoke execute on function sla_cases_ended from public")


def _ask() -> None:
    op.create_table(
        "enquiries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_owners(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger()),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint(*OWNERS, "id"),
        sa.CheckConstraint("(answered_at is null) = (answer is null)", name="answer"),
        sa.CheckConstraint("subject in ('document', 'balance', 'payment', 'debtor', 'other')", name="enquirysubject"),
    )
    op.create_foreign_key(
        "fk_enquiries_creditor_id_agency_id_placement_id_case_id",
        "enquiries",
        "placements",
        [*OWNERS, "placement_id", "case_id"],
        [*OWNERS, "id", "case_id"],
    )
    op.create_index(
        "uq_enquiries_open",
        "enquiries",
        [*OWNERS, "placement_id"],
        unique=True,
        postgresql_where=sa.text("answered_at is null"),
    )
    op.create_index("ix_enquiries_case_id", "enquiries", ["creditor_id", "case_id"])
    op.create_index("ix_enquiries_agency_id", "enquiries", ["agency_id", "id"])
    op.create_index("ix_enquiries_creditor_id", "enquiries", ["creditor_id", "id"])
    _wall(
        "enquiries",
        {"creditor": "select, update (answer, answered_at, answered_by)", "agency": "select, insert"},
    )


def _owners() -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in OWNERS]


def _refer(table: str, parent: str, column: str) -> None:
    name = f"fk_{table}_creditor_id_agency_id_{column}"
    op.create_foreign_key(name, table, parent, [*OWNERS, column], [*OWNERS, "id"])


def _only_add(table: str) -> None:
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
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
