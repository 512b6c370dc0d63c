"""Books what agencies report, whole files at a time, in the transaction that takes the payments in.

The payments table is named in the statement and not imported, because reports stand to the right of the ledger: the
entry points at the payment by a foreign key, as it does in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.ledger.commission import COMMISSION_SQL
from assignments.ledger.posting import POSTINGS_SQL

# An entry's id is drawn before anything is written, in the order of the payments, so that nothing has to be joined back
# to what was just inserted.
_BOOK = f"""
with priced as (
    select p.*, v.id as version_id, v.commission_bp, {COMMISSION_SQL} as commission_minor
    from payments p
    join placements l on l.creditor_id = p.creditor_id and l.agency_id = p.agency_id and l.id = p.placement_id
    join mandate_versions v on v.creditor_id = l.creditor_id and v.agency_id = l.agency_id
                           and v.id = l.mandate_version_id
    where p.agency_id = :agency and p.upload_id = :upload
      and not exists (
          select from entries e where e.creditor_id = p.creditor_id and e.agency_id = p.agency_id
                                  and e.idempotency_key = 'payment:' || p.natural_key
      )
    order by p.id
), booked as materialized (
    select priced.*, nextval(pg_get_serial_sequence('entries', 'id')) as entry_id,
           case received_by when 'agency' then 'held_by_agency' else 'received_by_creditor' end as holder
    from priced
), entered as (
    insert into entries (id, creditor_id, agency_id, kind, idempotency_key, inputs_hash, payment_id,
                         mandate_version_id, commission_bp, occurred_on, currency, total_minor, booked_at)
    select entry_id, creditor_id, agency_id, 'payment', 'payment:' || natural_key,
           sha256(convert_to(concat_ws('|', creditor_id, agency_id, natural_key, to_char(paid_on, 'YYYY-MM-DD'),
                                       currency, amount_minor, received_by, version_id, commission_bp), 'UTF8')),
           id, version_id, commission_bp, paid_on, currency, amount_minor + commission_minor, :now
    from booked order by entry_id
), posted as (
    {POSTINGS_SQL}
)
select currency, count(*), sum(amount_minor)::bigint, sum(commission_minor)::bigint from booked
group by currency order by currency
"""  # noqa: S608  put together from constants


@dataclass(frozen=True)
class Booked:
    """What one file of payments added to the books, in one currency."""

    currency: str
    payments: int
    collected_minor: int
    commission_minor: int


def book_payments(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> list[Booked]:
    """Book an upload's payments with the commission of each one's frozen terms; what is booked stays as it is."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    rows = session.execute(text(_BOOK), {"agency": agency_id, "upload": upload_id, "now": now})
    return [Booked(*row) for row in rows]
