"""Incidents, each creditor's part of them, and whom they touch; requests of data subjects, holds and tombstones.

An agency that reports may not read whose a case was once it is gone from it, and is not to: the owner determines the
people for whoever asks, into a table that only the creditor reads.

Erasing reaches rows of agencies and rows of history, which nobody may change: the owner does it for a creditor, for a
debtor that has a tombstone and no hold.
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
    kept timestamptz := coalesce(wanted ->> 'kept_from', wanted ->> 'from');
    is_wider boolean;
    listed text[] := (select array_agg(value) from jsonb_array_elements_text(wanted -> 'accounts'));
    users bigint[] := (select array_agg(value::bigint) from jsonb_array_elements_text(wanted -> 'user_ids'));
    sent bigint[] := (select array_agg(value::bigint) from jsonb_array_elements_text(wanted -> 'consignment_ids'));
    people bigint;
    debts bigint;
    lands jsonb;
    asked bigint;
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
           (array['held', 'locate', 'not_returned', 'given_back', 'own', 'read'])[min(t.rank)]
    from (
        select p.case_id, case when p.ended_at is null or p.ended_at >= begins then 1
                               when r.id is not null then 3 else 4 end as rank
        from placements p
        left join recalls r on r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.id = p.recall_id
        where p.creditor_id = creditor and p.agency_id = part.agency_id and p.placed_at <= ends
          and (p.ended_at is null or p.ended_at >= begins
               or (r.id is not null and (r.closed_at is null or r.closed_at >= begins))
               -- Nothing certifies the data of what was given back gone: it counts on for as long as they may be kept.
               or (r.id is null and p.ended_at >= kept))
          and (sent is null or p.consignment_id = any(sent)) and users is null
        union all
        select o.case_id, case when o.closed_at is null or o.closed_at >= begins then 2 else 4 end
        from locate_orders o
        join locate_batches b on b.creditor_id = o.creditor_id and b.agency_id = o.agency_id and b.id = o.batch_id
        where o.creditor_id = creditor and o.agency_id = part.agency_id and sent is null and users is null
          and b.sent_at <= ends
          and (o.closed_at is null or o.closed_at >= kept)
        union all
        select k.id, 5 from cases k where k.creditor_id = creditor and part.agency_id is null and users is null
        union all
        select unnest(w.case_ids), 6 from case_reads w
        where w.creditor_id = creditor and w.agency_id is not distinct from part.agency_id
          and w.user_id = any(users) and w.at >= begins and w.at <= ends
        union all
        select s.case_id, 6 from (
            select distinct coalesce(w.agency_id, creditor) as sender, w.subject_id as file from case_reads w
            where w.creditor_id = creditor and w.agency_id is not distinct from part.agency_id
              and w.user_id = any(users) and w.at >= begins and w.at <= ends and w.subject_kind = 'upload'
        ) f cross join lateral cases_in_file(creditor, f.sender, f.file) s(case_id)
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
    is_wider := part.scope_no > 0 and (
        exists (select from jsonb_object_keys(lands) l(land) where not part.countries ? l.land)
        or exists (select from incident_subjects n
                   where n.creditor_id = creditor and n.incident_id = incident and n.scope_no = next_no
                     and not exists (select from incident_subjects e
                                     where e.creditor_id = creditor and e.incident_id = incident
                                       and e.scope_no < next_no and e.debtor_id = n.debtor_id)));
    insert into incident_scopes (creditor_id, agency_id, incident_id, no, wanted, subjects, cases, countries,
                                 determined_at, determined_by)
    values (creditor, part.agency_id, incident, next_no, wanted, people, debts, lands, at, by_user);
    -- Whoever was told before knows nothing of those who came in.
    update incidents i set scope_no = next_no, subjects = people, cases = debts, countries = lands,
        widened_at = case when is_wider then at else i.widened_at end,
        state = case when is_wider and i.state = 'notified' then 'assessed' else i.state end
    where i.creditor_id = creditor and i.id = incident;
    -- Whom the creditor writes to about it no agency may read: the creditor's own work finds out.
    if next_no = 1 and current_setting('role') = 'app_agency' then
        insert into work (organisation_id, kind, key, payload, state, attempt, next_attempt_at, stage, done, total,
                          created_at)
        values (creditor, 'warn_incidents', concat('incident:', incident), '{}', 'queued', 0, clock_timestamp(), '',
                0, 0, at)
        on conflict (organisation_id, kind, key) do nothing returning id into asked;
        insert into outbox (organisation_id, topic, key, payload, created_at)
        select creditor, 'work.ring', concat(asked, ':', 0), jsonb_build_object('work_id', asked), at
        where asked is not null
        on conflict do nothing;
    end if;
    return people;
end $$
"""

# Whoever looked into a file saw the cases it speaks of: those it opened, and those its rows name by their account.
CASES_IN_FILE = """
create function cases_in_file(creditor bigint, sender bigint, file bigint) returns setof bigint
language plpgsql stable set search_path = public, pg_temp as $$
declare
    rows_of text := (select 'staged_' || u.kind from uploads u where u.organisation_id = sender and u.id = file
                     and coalesce(u.creditor_id, u.organisation_id) = creditor);
begin
    return query select k.id from portfolios f
    join cases k on k.creditor_id = f.creditor_id and k.portfolio_id = f.id
    where f.creditor_id = creditor and sender = creditor and f.upload_id = file;
    if to_regclass(rows_of) is not null then
        return query execute format(
            'select k.id from cases k where k.creditor_id = $1 and k.account_ref in (select s.account_ref from %I s '
            'where s.organisation_id = $2 and s.upload_id = $3)', rows_of) using creditor, sender, file;
    end if;
end $$
"""
SEEN_IN_FILES = """
create function cases_seen_in_files(creditor bigint, reader bigint, begins timestamptz, ends timestamptz)
returns setof bigint language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
begin
    if current_setting('role') is distinct from 'app_creditor' or own is distinct from creditor then
        raise exception 'a creditor asks who saw its own cases' using errcode = '42501';
    end if;
    return query select distinct s.case_id from (
        select distinct coalesce(w.agency_id, creditor) as sender, w.subject_id as file from case_reads w
        where w.creditor_id = creditor and w.user_id = reader and w.at >= begins and w.at < ends
          and w.subject_kind = 'upload'
    ) f cross join lateral cases_in_file(creditor, f.sender, f.file) s(case_id);
end $$
"""
#: Rows of files that only their sender could read so far.
ROWS_OF_FILES = ("staged_creditor_payments", "staged_inventory", "staged_promises", "staged_recall_list")

FORGET = """
create function forget_columns(in_table text, names text[], condition text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    sets text;
begin
    select string_agg(
        format('%I = %s', c.column_name,
               case when c.is_nullable = 'YES' then 'null' when c.data_type = 'jsonb' then quote_literal('[]')
                    when c.data_type = 'bytea' then quote_literal('') else quote_literal('–') end), ', ')
    into sets from information_schema.columns c
    where c.table_schema = 'public' and c.table_name = in_table and c.column_name = any(names);
    if sets is not null then
        execute format('update %I set %s where %s', in_table, sets, condition);
    end if;
end $$
"""

ERASE = """
create function erase_debtor(creditor bigint, debtor bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    accounts text[];
    debts bigint[];
    note_table text;
    staged_table text;
    whose text := format('creditor_id = %L::bigint', creditor);
    reaching text[] := '{phone,phone_e164,phone_2,phone_2_e164,email,address,address_normal,sealed,phone_index,'
        'phone_2_index,email_index,address_index}';
begin
    if current_setting('role') is distinct from 'app_creditor' or own is distinct from creditor then
        raise exception 'a creditor erases its own debtors' using errcode = '42501';
    end if;
    perform 1 from debtors d where d.creditor_id = creditor and d.id = debtor for update;
    if not exists (select from erasures e where e.creditor_id = creditor and e.debtor_id = debtor) then
        raise exception 'nobody is erased without a tombstone' using errcode = '23514';
    end if;
    -- Of those that were put together a hold on one holds all.
    if exists (select from legal_holds h join debtors d on d.creditor_id = h.creditor_id and d.id = h.debtor_id
               where h.creditor_id = creditor and coalesce(d.merged_into, d.id) = (
                   select coalesce(x.merged_into, x.id) from debtors x where x.creditor_id = creditor and x.id = debtor)
               and h.lifted_at is null and (h.until is null or h.until >= current_date)) then
        raise exception 'a legal hold wins' using errcode = '23514';
    end if;
    perform set_config('app.erasing', 'on', true);
    select coalesce(array_agg(c.id), '{}'), coalesce(array_agg(c.account_ref), '{}') into debts, accounts
    from cases c where c.creditor_id = creditor and c.debtor_id = debtor;
    if (select c.data_type from information_schema.columns c where c.table_schema = 'public'
        and c.table_name = 'debtors' and c.column_name = 'identity') = 'text' then
        execute format('update debtors set identity = %L where %s and id = %L::bigint',
                       'erased:' || debtor, whose, debtor);
    end if;
    perform forget_columns('debtors', array['id_type', 'id_number', 'document_index', 'name', 'birth_date'] || reaching,
                           format('%s and id = %L::bigint', whose, debtor));
    delete from contact_points p where p.creditor_id = creditor and p.debtor_id = debtor;
    delete from contact_stops s where s.creditor_id = creditor and s.debtor_id = debtor;
    update cases c set hold_reason = null
    where c.creditor_id = creditor and c.id = any(debts) and c.hold_reason is not null;
    perform forget_columns(
        'staged_portfolio',
        array['national_id', 'full_name', 'first_name', 'last_name', 'birth_date', 'id_check_digit', 'debtor_ref']
            || reaching,
        format('organisation_id = %L::bigint and (upload_id, line) in (select p.upload_id, c.line from cases c '
               'join portfolios p on p.creditor_id = c.creditor_id and p.id = c.portfolio_id '
               'where c.creditor_id = %L::bigint and c.id = any(%L::bigint[]))', creditor, creditor, debts));
    perform forget_columns('staged_portfolio_update', reaching || '{hold_reason}', format(
        'organisation_id = %L::bigint and account_ref = any(%L::text[])', creditor, accounts));
    -- A sample keeps whole rows from all over a file, whatever its kind is and whoever sent it.
    perform forget_columns('uploads', array['sample', 'sealed_sample'], format(
        'organisation_id = %L::bigint and id in (select p.upload_id from cases c join portfolios p '
        'on p.creditor_id = c.creditor_id and p.id = c.portfolio_id where c.creditor_id = %L::bigint '
        'and c.id = any(%L::bigint[]))', creditor, creditor, debts));
    for staged_table in
        select c.table_name from information_schema.columns c
        where c.table_schema = 'public' and c.table_name like 'staged%' and c.column_name = 'account_ref'
    loop
        perform forget_columns('uploads', array['sample', 'sealed_sample'], format(
            '%L::bigint in (creditor_id, organisation_id) and (organisation_id, id) in '
            '(select s.organisation_id, s.upload_id from %I s where s.account_ref = any(%L::text[]))',
            creditor, staged_table, accounts));
    end loop;
    foreach note_table in array array['staged_activities', 'staged_closures', 'staged_findings'] loop
        perform forget_columns(
            note_table, array['note', 'value', 'source_ref', 'evidence', 'sealed'],
            format('account_ref = any(%L::text[]) and (organisation_id, upload_id) in '
                   '(select u.organisation_id, u.id from uploads u where u.creditor_id = %L::bigint)',
                   accounts, creditor));
    end loop;
    perform forget_columns('activities', array['note'], format('%s and case_id = any(%L::bigint[])', whose, debts));
    perform forget_columns('returns', array['note'], format('%s and case_id = any(%L::bigint[])', whose, debts));
    perform forget_columns('enquiries', array['question'], format('%s and case_id = any(%L::bigint[])', whose, debts));
    update enquiries q set answer = '–'
    where q.creditor_id = creditor and q.case_id = any(debts) and q.answer is not null;
    update case_updates u
    set before = u.before - (reaching || '{hold_reason}'), after = u.after - (reaching || '{hold_reason}')
    where u.creditor_id = creditor and u.case_id = any(debts);
    perform forget_columns(
        'locate_subjects', array['name', 'id_type', 'id_number', 'birth_date', 'region', 'city', 'known', 'sealed'],
        format('%s and order_id in (select o.id from locate_orders o where o.creditor_id = %L::bigint '
               'and o.debtor_id = %L::bigint)', whose, creditor, debtor));
    perform forget_columns('locate_orders', array['searched'], format('%s and debtor_id = %L::bigint', whose, debtor));
    perform forget_findings(creditor, (select coalesce(array_agg(f.id), '{}') from findings f
        join locate_orders o on o.creditor_id = f.creditor_id and o.agency_id = f.agency_id and o.id = f.order_id
        where f.creditor_id = creditor and o.debtor_id = debtor));
    perform set_config('app.erasing', 'off', true);
end $$
"""

FORGET_FINDINGS = """
create function forget_findings(creditor bigint, chosen bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    these text := format('creditor_id = %L::bigint and id = any(%L::bigint[])', creditor, chosen);
begin
    perform forget_columns(
        'findings', array['raw', 'value', 'detail', 'source_ref', 'evidence', 'file_key', 'file_name', 'file_type',
                          'file_size', 'file_sha256', 'sealed', 'form'], these);
    perform forget_columns('verifications', array['note'], format(
        'creditor_id = %L::bigint and finding_id = any(%L::bigint[])', creditor, chosen));
end $$
"""

#: What was located and never confirmed is given up after its time, but for people whose data are held fast.
EXPIRE_FINDINGS = """
create function expire_findings(creditor bigint, until timestamptz, today date) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    chosen bigint[];
begin
    if current_setting('role') is distinct from 'app_creditor' or own is distinct from creditor then
        raise exception 'a creditor gives up its own findings' using errcode = '42501';
    end if;
    select coalesce(array_agg(f.id), '{}') into chosen from findings f
    join locate_orders o on o.creditor_id = f.creditor_id and o.agency_id = f.agency_id and o.id = f.order_id
    where f.creditor_id = creditor and f.created_at < until and f.raw <> '–'
      and coalesce(f.grade, '') not in ('verified_with_debtor', 'verified_third_source') and f.released_at is null
      and not exists (select from legal_holds h where h.creditor_id = creditor and h.debtor_id = o.debtor_id
                      and h.lifted_at is null and (h.until is null or h.until >= today));
    perform set_config('app.erasing', 'on', true);
    perform forget_findings(creditor, chosen);
    perform set_config('app.erasing', 'off', true);
    return cardinality(chosen);
end $$
"""

#: What some people are not to be reached by; an empty form is all of it. An agency asks for whom it works or looks for,
#: and learns blind indexes.
STOPPED = """
create function stopped_contacts(creditor bigint, people bigint[]) returns table (debtor_id bigint, form bytea)
language sql stable security definer set search_path = public, pg_temp as $$
    select s.debtor_id, s.form from contact_stops s
    where s.creditor_id = creditor and s.debtor_id = any(people) and (
        (current_setting('role') = 'app_creditor' and current_organisation() = creditor)
        or (current_setting('role') = 'app_agency' and (
            exists (select from debtors d where d.creditor_id = creditor and d.id = s.debtor_id
                    and d.agency_id = current_organisation())
            or exists (select from locate_orders o where o.creditor_id = creditor and o.debtor_id = s.debtor_id
                       and o.agency_id = current_organisation() and o.closed_at is null)))
    )
$$
"""
# History stays history for everybody: the owner alone, and only while it erases, takes personal words out of it.
REFUSE_BUT_ERASING = """
create function refuse_change_but_erasing() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or coalesce(current_setting('app.erasing', true), '') <> 'on'
       or current_user <> (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
        raise exception '% is append-only', tg_table_name using errcode = '42501';
    end if;
    return null;
end $$
"""
OWNED = ("stopped_contacts", "erase_debtor", "expire_findings", "forget_findings", "forget_columns")
#: History that holds free words or ways to reach people.
WITH_WORDS = ("activities", "returns", "case_updates", "verifications")
#: What erasing reaches, beyond what the owner reached before.
REACHED = (
    "returns", "case_updates", "verifications", "enquiries", "locate_subjects", "findings", "uploads",
    "staged_portfolio", "staged_portfolio_update", "staged_activities", "staged_closures", "staged_findings",
    "erasures", "legal_holds", "activities", "locate_orders",
    "contact_stops", "subject_debtors",
)  # fmt: skip
REQUESTS = {
    "subject_requests": {"creditor": "select, insert", "agency": "select, insert"},
    "subject_debtors": {"creditor": "select, insert"},
    "subject_steps": {"creditor": "select, insert"},
    "subject_answers": {"creditor": "select, insert"},
    "contact_stops": {"creditor": "select, insert"},
    "legal_holds": {"creditor": "select, insert"},
    "erasures": {"creditor": "select, insert"},
}
REQUEST_KINDS = "'access', 'rectification', 'erasure', 'opposition', 'revocation'"
CHANNELS = "'letter', 'email', 'phone', 'in_person', 'web', 'authority'"
REQUEST_STATES = "'received', 'identified', 'answered', 'refused'"
OUTCOMES = "'granted', 'partly', 'refused'"
REQUEST_STEPS = (
    "'identity_accepted', 'identity_refused', 'matched', 'marked', 'extended', 'exported', 'rectified', 'erased', "
    "'erasure_refused', 'stopped', 'answered'"
)


def upgrade() -> None:
    _upgrade_incidents()
    _make_requests()
    _make_proofs()
    for table, actions in REQUESTS.items():
        _wall(table, actions)
    op.execute(
        "grant update (state, due_at, marked_at, extended_at, extension_reason, identity_shown, identity_at, "
        "identity_by, answered_at, answered_by, outcome) on subject_requests to app_creditor"
    )
    op.execute("grant update (lifted_at, lifted_by, lift_reason) on legal_holds to app_creditor")
    op.execute("grant update (name, birth_date) on debtors to app_creditor")
    op.add_column("cases", sa.Column("claim_since", sa.DateTime(timezone=True)))
    op.execute("grant update (claim_since) on cases to app_creditor")
    for table in ("subject_steps", "subject_answers", "erasures"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    _let_the_owner_erase()


def _let_the_owner_erase() -> None:
    op.execute(REFUSE_BUT_ERASING)
    for table in WITH_WORDS:
        op.execute(f"drop trigger append_only on {table}")
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change_but_erasing()"
        )
    for table in REACHED:
        op.execute(f"create policy owner_erases on {table} to current_user using (true) with check (true)")
    for body in (FORGET, FORGET_FINDINGS, ERASE, EXPIRE_FINDINGS, STOPPED):
        op.execute(body)
    for name in (*OWNED, "refuse_change_but_erasing"):
        op.execute(f"revoke execute on function {name} from public")
    op.execute("grant execute on function erase_debtor, expire_findings, stopped_contacts to app_creditor")
    op.execute("grant execute on function stopped_contacts to app_agency")


def _make_requests() -> None:
    when = sa.DateTime(timezone=True)
    op.create_table(
        "subject_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("agency_id", sa.BigInteger()),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("received_at", when, nullable=False),
        sa.Column("registered_at", when, nullable=False),
        sa.Column("registered_by", sa.BigInteger()),
        sa.Column("term", postgresql.JSONB(), nullable=False),
        sa.Column("due_at", when, nullable=False),
        sa.Column("mark_due_at", when),
        sa.Column("marked_at", when),
        sa.Column("extended_at", when),
        sa.Column("extension_reason", sa.Text()),
        sa.Column("identity_shown", sa.Text()),
        sa.Column("identity_at", when),
        sa.Column("identity_by", sa.BigInteger()),
        sa.Column("answered_at", when),
        sa.Column("answered_by", sa.BigInteger()),
        sa.Column("outcome", sa.String(40)),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
        sa.UniqueConstraint("creditor_id", "request_key"),
        sa.CheckConstraint(f"kind in ({REQUEST_KINDS})", name="requestkind"),
        sa.CheckConstraint(f"channel in ({CHANNELS})", name="requestchannel"),
        sa.CheckConstraint(f"state in ({REQUEST_STATES})", name="requeststate"),
        sa.CheckConstraint(f"outcome in ({OUTCOMES})", name="outcome"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "agency_id"],
            ["panel_members.creditor_id", "panel_members.agency_id"],
            name="fk_subject_requests_creditor_id_agency_id",
        ),
    )
    op.create_index(
        "ix_subject_requests_agency_id", "subject_requests", ["agency_id", "id"],
        postgresql_where=sa.text("agency_id is not null"),
    )  # fmt: skip
    op.create_index(
        "ix_subject_requests_due", "subject_requests", ["creditor_id", "due_at"],
        postgresql_where=sa.text("state in ('received', 'identified')"),
    )  # fmt: skip


def _of_request(table: str, columns: list[Any], key: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("creditor_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("creditor_id", "request_id", *key),
        sa.ForeignKeyConstraint(
            ["creditor_id", "request_id"],
            ["subject_requests.creditor_id", "subject_requests.id"],
            name=f"fk_{table}_creditor_id_request_id",
        ),
    )


def _make_proofs() -> None:
    when = sa.DateTime(timezone=True)
    _of_request("subject_debtors", [
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", when, nullable=False),
        sa.Column("matched_by", sa.BigInteger()),
    ], ["debtor_id"])  # fmt: skip
    op.create_index("ix_subject_debtors_debtor_id", "subject_debtors", ["creditor_id", "debtor_id"])
    _of_request("subject_steps", [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("at", when, nullable=False),
        sa.Column("by", sa.BigInteger()),
        sa.CheckConstraint(f"kind in ({REQUEST_STEPS})", name="requeststepkind"),
    ], ["id"])  # fmt: skip
    _of_request("subject_answers", [
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", when, nullable=False),
        sa.Column("made_by", sa.BigInteger()),
    ], [])  # fmt: skip
    _of_request("contact_stops", [
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("stopped_at", when, nullable=False),
        sa.Column("stopped_by", sa.BigInteger()),
    ], ["debtor_id", "form"])  # fmt: skip
    op.create_index("ix_contact_stops_debtor_id", "contact_stops", ["creditor_id", "debtor_id"])
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("placed_at", when, nullable=False),
        sa.Column("placed_by", sa.BigInteger()),
        sa.Column("lifted_at", when),
        sa.Column("lifted_by", sa.BigInteger()),
        sa.Column("lift_reason", sa.Text()),
        sa.PrimaryKeyConstraint("creditor_id", "id"),
    )
    op.create_index(
        "ix_legal_holds_debtor_id", "legal_holds", ["creditor_id", "debtor_id"],
        postgresql_where=sa.text("lifted_at is null"),
    )  # fmt: skip
    op.create_table(
        "erasures",
        sa.Column("creditor_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("debtor_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger()),
        sa.Column("erased_at", when, nullable=False),
        sa.Column("erased_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("creditor_id", "mark"),
    )
    op.create_index("ix_erasures_debtor_id", "erasures", ["creditor_id", "debtor_id"])


def _upgrade_incidents() -> None:
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
    for table in ROWS_OF_FILES:
        op.execute(f"create policy owner on {table} for select to current_user using (true)")
    for body in (CASES_IN_FILE, SEEN_IN_FILES, DETERMINE):
        op.execute(body)
    for name in ("determine_incident", "cases_in_file", "cases_seen_in_files"):
        op.execute(f"revoke execute on function {name} from public")
    op.execute("grant execute on function determine_incident to app_creditor, app_agency")
    op.execute("grant execute on function cases_seen_in_files to app_creditor")


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
        sa.Column("widened_at", sa.DateTime(timezone=True)),
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
    for name in OWNED:
        op.execute(f"drop function {name}")
    for table in WITH_WORDS:
        op.execute(f"drop trigger append_only on {table}")
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute("drop function refuse_change_but_erasing")
    for table in REACHED:
        op.execute(f"drop policy owner_erases on {table}")
    op.drop_column("cases", "claim_since")
    op.drop_table("contact_stops")
    for table in ("erasures", "legal_holds", "subject_answers", "subject_steps", "subject_debtors", "subject_requests"):
        op.drop_table(table)
    for name in ("determine_incident", "cases_seen_in_files", "cases_in_file"):
        op.execute(f"drop function {name}")
    for table in ROWS_OF_FILES:
        op.execute(f"drop policy owner on {table}")
    op.execute("drop policy owner on locate_batches")
    for table in (*HISTORY, "incidents"):
        op.drop_table(table)
