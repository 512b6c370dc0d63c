"""Live placements follow what their cases say of a hold, and what is reported of them, a statement for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from assignments.placements.lifecycle import STANDS
from assignments.placements.models import Consignment

# Recalled placements stay so: where they stand is asked again when the recall is withdrawn.
_FOLLOW_HOLDS = text(f"""
update placements l set state = s.state
from (
    select l.agency_id, l.id, {STANDS} as state
    from placements l
    join cases c on c.creditor_id = l.creditor_id and c.id = l.case_id
    join consignments k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id and k.id = l.consignment_id
    where l.creditor_id = :creditor and l.case_id = any(cast(:cases as bigint[])) and l.ended_at is null
      and l.state in ('acknowledged', 'active', 'on_hold')
) s
where l.creditor_id = :creditor and l.agency_id = s.agency_id and l.id = s.id
  and (l.state = 'on_hold') <> (s.state = 'on_hold')
""")  # noqa: S608  put together from constants

_HOLD_TAKEN_ON = text("""
update placements l set state = 'on_hold' from cases c
where l.creditor_id = :creditor and l.agency_id = :agency and l.consignment_id = :consignment
  and l.state = 'acknowledged' and c.creditor_id = l.creditor_id and c.id = l.case_id and c.held_since is not null
""")

_TOLD = {
    "upload": "{table} t where t.agency_id = :agency and t.creditor_id = :creditor and t.upload_id = :number",
    "activity": "activities t where t.agency_id = :agency and t.creditor_id = :creditor and t.id = :number",
}
_ACTIVE = """
update placements l set state = 'active'
where l.creditor_id = :creditor and l.agency_id = :agency and l.state = 'acknowledged' and l.ended_at is null
  and l.id in (select t.placement_id from {told})
"""


def follow_holds(session: Session, creditor_id: int, case_ids: Sequence[int]) -> None:
    """Put on hold, or set free again, the live placements of these cases, as the cases say."""
    session.execute(_FOLLOW_HOLDS, {"creditor": creditor_id, "cases": list(case_ids)})


def hold_taken_on(session: Session, consignment: Consignment) -> None:
    """What its creditor held before the agency took it on is not to be worked yet."""
    keys = {"creditor": consignment.creditor_id, "agency": consignment.agency_id, "consignment": consignment.id}
    session.flush()
    session.execute(_HOLD_TAKEN_ON, keys)


def active_by_upload(session: Session, creditor_id: int, agency_id: int, upload_id: int, table: str) -> None:
    """What the activities or payments of an upload tell of is being worked."""
    told = _TOLD["upload"].format(table=table)
    keys = {"creditor": creditor_id, "agency": agency_id, "number": upload_id}
    session.execute(text(_ACTIVE.format(told=told)), keys)


def active_by_activity(session: Session, creditor_id: int, agency_id: int, activity_id: int) -> None:
    """What one activity tells of is being worked."""
    keys = {"creditor": creditor_id, "agency": agency_id, "number": activity_id}
    session.execute(text(_ACTIVE.format(told=_TOLD["activity"])), keys)
