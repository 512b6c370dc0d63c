"""Books that a payment was not as reported: its entry the other way round, so that the two come to nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission

#: On the day of the payment: for that day's figures it never was. Later days' books say when it was taken back.
_ENTRIES = """
    insert into entries (creditor_id, agency_id, kind, idempotency_key, inputs_hash, payment_id, mandate_version_id,
                         commission_bp, occurred_on, currency, total_minor, booked_at)
    select e.creditor_id, e.agency_id, 'reversal', 'reversal:' || p.natural_key,
           sha256(convert_to(concat_ws('|', 'reversal', encode(e.inputs_hash, 'hex')), 'UTF8')),
           e.payment_id, e.mandate_version_id, e.commission_bp, e.occurred_on, e.currency, e.total_minor, :now
    from payment_reversals r
    join payments p on p.creditor_id = r.creditor_id and p.agency_id = r.agency_id and p.id = r.payment_id
    join entries e on e.creditor_id = r.creditor_id and e.agency_id = r.agency_id and e.payment_id = r.payment_id
                  and e.kind = 'payment'
    where r.agency_id = :agency and r.upload_id = :upload
    order by e.id
    on conflict (creditor_id, agency_id, idempotency_key) do nothing
    returning id
"""

_POSTINGS = """
    insert into postings (creditor_id, agency_id, entry_id, position, source, destination, currency, amount_minor)
    select v.creditor_id, v.agency_id, v.id, t.position, t.destination, t.source, t.currency, t.amount_minor
    from entries v
    join entries e on e.creditor_id = v.creditor_id and e.agency_id = v.agency_id and e.payment_id = v.payment_id
                  and e.kind = 'payment'
    join postings t on t.creditor_id = e.creditor_id and t.agency_id = e.agency_id and t.entry_id = e.id
    where v.agency_id = :agency and v.id = any(:entries)
    order by v.id, t.position
"""


def reverse_payments(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> int:
    """Book what an upload took back; returns how many payments. Run again, it changes nothing."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    made = session.scalars(text(_ENTRIES), {"agency": agency_id, "upload": upload_id, "now": now}).all()
    if made:
        session.execute(text(_POSTINGS), {"agency": agency_id, "entries": list(made)})
    return len(made)
