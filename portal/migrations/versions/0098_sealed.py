"""Documents, telephones, e-mails and addresses are sealed wherever they stand, and found by blind indexes.

What was written before is sealed here, with the keys of the installation: `DATA_KEYS` and `INDEX_KEY` must be set where
rows exist. Then the readable columns go; there is no way back but a backup.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import context, op

from agencies.kernel.sealing import Keyring
from config import Settings
from portal.migrations.first_sealing import seal_everything

revision = "0098"
down_revision = "0097"

NEW = {
    "debtors": ("document_index", "sealed", "phone_index", "phone_2_index", "email_index", "address_index"),
    "contact_points": ("form", "sealed"),
    "findings": ("form", "sealed"),
    "locate_subjects": ("sealed",),
    "uploads": ("sealed_sample",),
    "upload_errors": ("sealed",),
    "staged_portfolio": ("sealed", "identity", "phone_index", "phone_2_index", "email_index", "address_index"),
    "staged_portfolio_update": ("sealed",),
    "staged_findings": ("sealed",),
}
REACHED = ("phone", "phone_e164", "phone_2", "phone_2_e164", "email", "address", "address_normal")
GONE = {
    "debtors": ("old_identity", "id_number", *REACHED),
    "contact_points": ("value", "normal"),
    "findings": ("raw", "value"),
    "locate_subjects": ("id_number", "known"),
    "uploads": ("sample",),
    "staged_portfolio": ("national_id", "id_check_digit", *REACHED),
    "staged_portfolio_update": REACHED,
    "staged_findings": ("value",),
}
NEEDED = {
    "debtors": ("identity",),
    "contact_points": ("form", "part", "sealed"),
    "findings": ("form", "sealed"),
    "locate_subjects": ("sealed",),
}
#: Read and written once; their walls bind the owner too, except while the force is lifted.
FORCED = (*NEW, "organisations")

VIEW = """
create view debtor_contacts with (security_invoker = true) as
select d.creditor_id, d.agency_id, d.id as debtor_id, c.place, c.kind, c.part, c.form, d.identity, d.sealed,
       null::bigint as finding_id, null::varchar(40) as authorisation, null::timestamptz as released_at
from debtors d
cross join lateral (
    values (-4::bigint, 'phone'::varchar(40), 'phone'::text, d.phone_index), (-3, 'phone', 'phone_2', d.phone_2_index),
           (-2, 'email', 'email', d.email_index), (-1, 'address', 'address', d.address_index)
) c (place, kind, part, form)
where c.form is not null
union all
select p.creditor_id, p.agency_id, p.debtor_id, p.id, p.kind, p.part, p.form, d.identity, p.sealed,
       p.finding_id, p.authorisation, p.released_at
from contact_points p
join debtors d on d.creditor_id = p.creditor_id and d.id = p.debtor_id
"""

#: What a portfolio fills, as the loader.
LOADED = {
    "debtors": "id, identity, country, id_type, document_index, name, person_type, birth_date, sealed, phone_index, "
    "phone_2_index, email_index, address_index",
    "contact_points": "agency_id, debtor_id, portfolio_id, kind, part, form, sealed",
}
#: Grants that named columns that are gone.
FOUND = "form, sealed"

# What was found stays what it is: it is sealed anew by a newer key, which only those have who could read it anyway.
RESEALED = """
create function only_newer_keys() returns trigger language plpgsql as $$
declare
    was jsonb := to_jsonb(old);
    becomes jsonb := to_jsonb(new);
    name text;
begin
    -- The owner alone takes it away, while it erases a person.
    if coalesce(current_setting('app.erasing', true), '') = 'on'
       and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
        return new;
    end if;
    foreach name in array tg_argv loop
        -- The first two bytes, here four hexadecimals behind a mark, are the version of the key.
        if was ->> name is not null and was -> name is distinct from becomes -> name
           and (left(becomes ->> name, 6) > left(was ->> name, 6)) is not true then
            raise exception 'what is sealed in % is sealed anew by a newer key only', tg_table_name
                using errcode = '42501';
        end if;
    end loop;
    return new;
end $$
"""
# History that has something sealed in it stays history: all else of it as it was, that by a newer key only.
HISTORY = """
create function refuse_change_but_newer_keys() returns trigger language plpgsql as $$
begin
    if to_jsonb(old) - tg_argv::text[] is distinct from to_jsonb(new) - tg_argv::text[] then
        raise exception '% is append-only', tg_table_name using errcode = '42501';
    end if;
    return new;
end $$
"""
#: Table -> its sealed columns, and the sides that seal them anew; those that could change them before are not named.
TURNED = {
    "findings": ("sealed", "app_creditor"),
    "locate_subjects": ("sealed", "app_creditor"),
    "upload_errors": ("sealed", "app_creditor, app_agency"),
    "staged_portfolio": ("sealed", "app_creditor, app_agency"),
    "staged_portfolio_update": ("sealed", "app_creditor"),
    "staged_findings": ("sealed", "app_creditor, app_agency"),
    "subject_requests": ("person", "app_creditor"),
    "subject_steps": ("sealed", "app_creditor"),
    "subject_answers": ("sealed", "app_creditor"),
    "principals": ("document", "app_agency"),
    "bank_accounts": ("number, holder_tax_id", "app_agency"),
    "letter_addresses": ("sealed", "app_creditor, app_agency, app_platform"),
}
#: Of them, those of which nothing else may ever change.
PROVING = ("subject_steps", "subject_answers", "bank_accounts")

#: As revision 0088 made it, but it knows of holds, requests and stops; and what is sealed for the debtor that goes, its
#: document and its points, is sealed for the other one by the product, which has the keys.
MERGE = """
create or replace function merge_debtors(creditor bigint, kept bigint, gone bigint) returns bigint[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    holder bigint;
    holders bigint;
    standing bigint;
    moved bigint[];
    pair record;
begin
    if current_setting('role') is distinct from 'app_creditor' or own is distinct from creditor or kept = gone then
        raise exception 'a creditor puts its own debtors together' using errcode = '42501';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('placing', creditor));
    perform 1 from debtors d where d.creditor_id = creditor and d.id in (kept, gone) order by d.id for update;
    select count(*), count(distinct d.agency_id), max(d.agency_id) into standing, holders, holder
    from debtors d where d.creditor_id = creditor and d.id in (kept, gone) and d.merged_into is null;
    if standing <> 2 or holders > 1 then
        raise exception 'these two cannot be put together' using errcode = '23514';
    end if;
    update contact_points p set debtor_id = kept, agency_id = holder
    where p.creditor_id = creditor and p.debtor_id in (kept, gone);
    with moving as (
        update cases c set debtor_id = kept where c.creditor_id = creditor and c.debtor_id = gone returning c.id
    )
    select coalesce(array_agg(id order by id), '{}') into moved from moving;
    update locate_orders o set debtor_id = kept where o.creditor_id = creditor and o.debtor_id = gone;
    update conduct_verdicts v set debtor_id = kept where v.creditor_id = creditor and v.debtor_id = gone;
    -- What holds a person's data fast, what it asked, and what it is not to be reached by are the person's still.
    update legal_holds h set debtor_id = kept where h.creditor_id = creditor and h.debtor_id = gone;
    delete from subject_debtors s where s.creditor_id = creditor and s.debtor_id = gone and exists (
        select from subject_debtors k
        where k.creditor_id = creditor and k.request_id = s.request_id and k.debtor_id = kept);
    update subject_debtors s set debtor_id = kept where s.creditor_id = creditor and s.debtor_id = gone;
    delete from contact_stops s where s.creditor_id = creditor and s.debtor_id = gone and exists (
        select from contact_stops k where k.creditor_id = creditor and k.request_id = s.request_id
          and k.debtor_id = kept and k.form = s.form);
    update contact_stops s set debtor_id = kept where s.creditor_id = creditor and s.debtor_id = gone;
    update cases c set claim_since = claimed.since
    from (select min(m.claim_since) as since from cases m where m.creditor_id = creditor and m.debtor_id = kept) claimed
    where c.creditor_id = creditor and c.debtor_id = kept and c.claim_since is null and claimed.since is not null;
    update debtors d set merged_into = kept, agency_id = null
    where d.creditor_id = creditor and (d.id = gone or d.merged_into = gone);
    update debtors d
    set agency_id = holder, name = coalesce(d.name, g.name), birth_date = coalesce(d.birth_date, g.birth_date),
        person_type = coalesce(d.person_type, g.person_type),
        id_type = case when d.document_index is null then g.id_type else d.id_type end,
        document_index = coalesce(d.document_index, g.document_index)
    from debtors g
    where d.creditor_id = creditor and d.id = kept and g.creditor_id = creditor and g.id = gone;
    -- Other pairs that wait with the one that went now wait with the one that stayed, unless they do already.
    for pair in
        select m.id, m.debtor_id + m.other_id - gone as third from debtor_matches m
        where m.creditor_id = creditor and m.state = 'proposed' and gone in (m.debtor_id, m.other_id)
          and kept not in (m.debtor_id, m.other_id)
        order by m.id
    loop
        if exists (
            select from debtor_matches o where o.creditor_id = creditor
              and o.debtor_id = least(kept, pair.third) and o.other_id = greatest(kept, pair.third)
        ) then
            delete from debtor_matches m where m.creditor_id = creditor and m.id = pair.id;
        else
            update debtor_matches m
            set debtor_id = least(kept, pair.third), other_id = greatest(kept, pair.third)
            where m.creditor_id = creditor and m.id = pair.id;
        end if;
    end loop;
    return moved;
end $$
"""

#: Of an erased finding nothing is kept that tells two apart but its number.
FORGET_FINDINGS = """
create or replace function forget_findings(creditor bigint, chosen bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    these text := format('creditor_id = %L::bigint and id = any(%L::bigint[])', creditor, chosen);
begin
    perform forget_columns(
        'findings', array['detail', 'source_ref', 'evidence', 'file_key', 'file_name', 'file_type', 'file_size',
                          'file_sha256', 'sealed'], these);
    update findings f set form = convert_to('erased:' || f.id, 'UTF8')
    where f.creditor_id = creditor and f.id = any(chosen);
    perform forget_columns('verifications', array['note'], format(
        'creditor_id = %L::bigint and finding_id = any(%L::bigint[])', creditor, chosen));
end $$
"""
#: What revision 0096 wrote for columns that are readable no more.
REPLACED = {
    "ERASE": (
        (
            """    if (select c.data_type from information_schema.columns c where c.table_schema = 'public'
        and c.table_name = 'debtors' and c.column_name = 'identity') = 'text' then
        execute format('update debtors set identity = %L where %s and id = %L::bigint',
                       'erased:' || debtor, whose, debtor);
    end if;
""",
            """    update debtors d set identity = convert_to('erased:' || debtor, 'UTF8')
    where d.creditor_id = creditor and d.id = debtor;
""",
        ),
        ("'debtor_ref']", "'debtor_ref', 'identity']"),
        # What was wrong with a person's row is the person's, whatever file said it.
        (
            "    foreach note_table in array",
            """    perform forget_columns('upload_errors', array['value', 'sealed'], format(
        'organisation_id = %L::bigint and (upload_id, line) in (select p.upload_id, c.line from cases c '
        'join portfolios p on p.creditor_id = c.creditor_id and p.id = c.portfolio_id '
        'where c.creditor_id = %L::bigint and c.id = any(%L::bigint[]))', creditor, creditor, debts));
    foreach note_table in array array['staged_portfolio', 'staged_portfolio_update', 'staged_activities',
                                      'staged_closures', 'staged_findings'] loop
        perform forget_columns('upload_errors', array['value', 'sealed'], format(
            '(organisation_id, upload_id, line) in (select s.organisation_id, s.upload_id, s.line from %I s '
            'join uploads u on u.organisation_id = s.organisation_id and u.id = s.upload_id '
            'where s.account_ref = any(%L::text[]) and %L::bigint in (u.creditor_id, u.organisation_id))',
            note_table, accounts, creditor));
    end loop;
    foreach note_table in array""",
        ),
    ),
    "EXPIRE_FINDINGS": (("f.raw <> '–'", "f.sealed <> ''"),),
}


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("drop view debtor_contacts")
    op.drop_constraint("uq_debtors_creditor_id_identity", "debtors")
    op.alter_column("debtors", "identity", new_column_name="old_identity", nullable=True)
    op.add_column("debtors", sa.Column("identity", sa.LargeBinary()))
    op.add_column("contact_points", sa.Column("part", sa.Text()))
    op.alter_column("upload_errors", "value", server_default="")
    for table, names in NEW.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.LargeBinary()))
    _seal(connection)
    op.drop_constraint("uq_findings_creditor_id_agency_id_order_id_kind_value", "findings")
    for table, names in GONE.items():
        for name in names:
            op.drop_column(table, name)
    for table, names in NEEDED.items():
        for name in names:
            op.alter_column(table, name, nullable=False)
    op.create_unique_constraint("uq_debtors_creditor_id_identity", "debtors", ["creditor_id", "identity"])
    op.create_index(
        "ix_debtors_document_index",
        "debtors",
        ["creditor_id", "document_index"],
        postgresql_where=sa.text("document_index is not null"),
    )
    op.create_unique_constraint(
        "uq_findings_creditor_id_agency_id_order_id_kind_form",
        "findings",
        ["creditor_id", "agency_id", "order_id", "kind", "form"],
    )
    op.execute(VIEW)
    op.execute("grant select on debtor_contacts to app_creditor, app_agency")
    op.execute(MERGE)
    _erase()
    _grant()


def _erase() -> None:
    """Erasing speaks of the columns that there are now."""
    op.execute(FORGET_FINDINGS)
    op.execute("create policy owner_erases on upload_errors to current_user using (true) with check (true)")
    before = import_module("portal.migrations.versions.0096_incidents")
    for name, changes in REPLACED.items():
        statement = getattr(before, name).replace("create function", "create or replace function", 1)
        for old, new in changes:
            if old not in statement:
                raise AssertionError(f"{name} is not what this revision was written for")
            statement = statement.replace(old, new)
        op.execute(statement)


def _seal(connection: sa.Connection) -> None:
    """Seal what is there; where nothing is, nobody needs keys."""
    for table in FORCED:
        op.execute(f"alter table {table} no force row level security")
    has_rows = " or ".join(f"exists (select from {table})" for table in NEW)
    if connection.scalar(sa.text(f"select {has_rows}")):
        seal_everything(connection, _keyring())
    # What was changed is looked at before the tables are changed further.
    op.execute("set constraints all immediate")
    for table in FORCED:
        op.execute(f"alter table {table} force row level security")


def _keyring() -> Keyring:
    given: Keyring | None = context.config.attributes.get("keyring")
    if given is not None:
        return given
    settings = Settings.from_env()
    return Keyring(settings.data_keys, settings.index_key)


def _grant() -> None:
    for table, columns in LOADED.items():
        op.execute(f"grant insert ({columns}) on {table} to app_loader")
    op.execute(f"grant insert ({FOUND}) on findings to app_agency")
    for body in (RESEALED, HISTORY):
        op.execute(body)
    for table, (columns, sides) in TURNED.items():
        names = ", ".join(f"'{name}'" for name in columns.split(", "))
        op.execute(
            f"create trigger only_newer_keys before update of {columns} on {table} "
            f"for each row execute function only_newer_keys({names})"
        )
        op.execute(f"grant update ({columns}) on {table} to {sides}")
        if table in PROVING:
            op.execute(f"drop trigger append_only on {table}")
            op.execute(
                f"create trigger append_only before delete or truncate on {table} "
                "for each statement execute function refuse_change()"
            )
            op.execute(
                f"create trigger history before update on {table} "
                f"for each row execute function refuse_change_but_newer_keys({names})"
            )
    op.execute("grant update (client_secret) on sign_in_providers to app_door")


def downgrade() -> None:
    raise NotImplementedError("nobody writes sealed data out readable; restore a backup instead")
