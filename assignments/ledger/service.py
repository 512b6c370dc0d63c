"""Books what agencies report, whole files at a time, in the transaction that takes the payments in.

The payments table is named in the statement and not imported, because reports stand to the right of the ledger: the
entry points at the payment by a foreign key, as it does in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.ledger.commission import COMMISSION_SQL, TERMS_SQL
from assignments.ledger.posting import POSTINGS_SQL

_ENTRIES = f"""
with entered as (
    insert into entries (creditor_id, agency_id, kind, idempotency_key, inputs_hash, payment_id,
                         mandate_version_id, commission_bp, occurred_on, currency, total_minor, booked_at)
    select p.creditor_id, p.agency_id, 'payment', 'payment:' || p.natural_key,
           sha256(convert_to(concat_ws('|', p.creditor_id, p.agency_id, p.natural_key,
                                       to_char(p.paid_on, 'YYYY-MM-DD'), p.currency, p.amount_minor, p.received_by,
                                       l.mandate_version_id, l.commission_bp), 'UTF8')),
           p.id, l.mandate_version_id, l.commission_bp, p.paid_on, p.currency, p.amount_minor + {COMMISSION_SQL}, :now
    from payments p
    join placements l on l.creditor_id = p.creditor_id and l.agency_id = p.agency_id and l.id = p.placement_id
    {TERMS_SQL}
    where p.agency_id = :agency and p.upload_id = :upload
      and not exists (
          select from entries e where e.creditor_id = p.creditor_id and e.agency_id = p.agency_id
                                  and e.payment_id = p.id and e.kind = 'payment'
      )
    order by p.id
    returning currency, payment_id, total_minor
)
select n.currency, count(*), sum(p.amount_minor)::bigint, sum(n.total_minor - p.amount_minor)::bigint
from entered n join payments p on p.id = n.payment_id and p.agency_id = :agency and p.upload_id = :upload
group by n.currency order by n.currency
"""  # noqa: S608  put together from constants


@dataclass(frozen=True)
class Booked:
    """What one file of payments added to the books, in one currency."""

    currency: str
    payments: int
    collected_minor: int
    commission_minor: int


def book_payments(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> list[Booked]:
    """Book an upload's payments with the commission each one's placement was made at; what is booked stays as it is."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    upload = {"agency": agency_id, "upload": upload_id}
    booked = [Booked(*row) for row in session.execute(text(_ENTRIES), {**upload, "now": now})]
    # Each posting asks for its entry; unless the planner knows how many there are, it reads them all to find one.
    gather_statistics(session, sum(one.payments for one in booked), "entries")
    session.execute(text(POSTINGS_SQL), upload)
    return booked
