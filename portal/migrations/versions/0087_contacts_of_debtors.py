"""What a debtor's first row told stands with the debtor; contact points are what came later, or was released.

A million rows of a portfolio no longer become three million more. The view shows both alike, under the walls of both:
it asks as whoever reads it. One file may open a portfolio for each of its currencies.
"""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"

FIRST = ("phone", "phone_e164", "phone_2", "phone_2_e164", "email", "address", "address_normal")

VIEW = """
create view debtor_contacts with (security_invoker = true) as
select d.creditor_id, d.agency_id, d.id as debtor_id, c.place, c.kind, c.value, c.normal,
       null::bigint as finding_id, null::varchar(40) as authorisation, null::timestamptz as released_at
from debtors d
cross join lateral (
    values (-4::bigint, 'phone'::varchar(40), d.phone, d.phone_e164), (-3, 'phone', d.phone_2, d.phone_2_e164),
           (-2, 'email', d.email, null), (-1, 'address', d.address, d.address_normal)
) c (place, kind, value, normal)
where c.value is not null
union all
select creditor_id, agency_id, debtor_id, id, kind, value, normal, finding_id, authorisation, released_at
from contact_points
"""

#: Released points stay what they are, and so does a point that somebody else sees than its debtor.
MOVE = """
with ranked as (
    select p.creditor_id, p.debtor_id, p.id, p.kind, p.value,
           row_number() over (partition by p.creditor_id, p.debtor_id, p.kind order by p.id) as place
    from contact_points p
    join debtors d on d.creditor_id = p.creditor_id and d.id = p.debtor_id
    where p.finding_id is null and p.agency_id is not distinct from d.agency_id
), firsts as (
    select * from ranked where place = 1 or (kind = 'phone' and place = 2)
), told as (
    update debtors d
    set phone = f.phone, phone_2 = f.phone_2, email = f.email, address = f.address
    from (
        select creditor_id, debtor_id,
               max(value) filter (where kind = 'phone' and place = 1) as phone,
               max(value) filter (where place = 2) as phone_2,
               max(value) filter (where kind = 'email') as email,
               max(value) filter (where kind = 'address') as address
        from firsts group by creditor_id, debtor_id
    ) f
    where d.creditor_id = f.creditor_id and d.id = f.debtor_id
)
delete from contact_points p using firsts f
where p.creditor_id = f.creditor_id and p.debtor_id = f.debtor_id and p.id = f.id
"""

#: As before, but nobody sorts out a million parents that are all different before they are looked up.
PARENTS_EXIST = """
create or replace function {child}_have_debtors() returns trigger language plpgsql as $$
begin
    if exists (
        select from added a
        where not exists (select from debtors p where p.creditor_id = a.creditor_id and p.id = a.debtor_id)
    ) then
        raise exception '{child}: debtor_id is not one of the creditor''s debtors' using errcode = '23503';
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    for child in ("cases", "contact_points"):
        op.execute(PARENTS_EXIST.format(child=child))
    for name in FIRST:
        op.add_column("debtors", sa.Column(name, sa.Text()))
    op.add_column("contact_points", sa.Column("normal", sa.Text()))
    op.execute(MOVE)
    op.execute(VIEW)
    op.execute("grant select on debtor_contacts to app_creditor, app_agency")
    op.drop_constraint("uq_portfolios_creditor_id_upload_id", "portfolios")
    op.create_unique_constraint(
        "uq_portfolios_creditor_id_upload_id_currency", "portfolios", ["creditor_id", "upload_id", "currency"]
    )


def downgrade() -> None:
    raise NotImplementedError("portfolios of several currencies would have to be merged; restore a backup instead")
