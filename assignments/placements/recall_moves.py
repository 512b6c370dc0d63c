"""Moves the placements of a recall, a statement for all of them: into it, along with it, and out of it again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from assignments.placements.lifecycle import STANDS
from assignments.placements.models import PlacementState, Recall

# A case that waits in another recall moves to this one.
_TAKE_IN = text("""
update placements l set state = 'recall_pending', recall_id = :recall
where l.creditor_id = :creditor and l.agency_id = :agency and l.id = any(cast(:taken as bigint[]))
  and l.ended_at is null
""")

# The recall is forgotten, so that the placement may come into another one.
_LET_GO = text(f"""
update placements l set state = {STANDS}, recall_id = null from consignments k, cases c
where l.creditor_id = :creditor and l.agency_id = :agency and l.recall_id = :recall and l.ended_at is null
  and k.creditor_id = l.creditor_id and k.agency_id = l.agency_id and k.id = l.consignment_id
  and c.creditor_id = l.creditor_id and c.id = l.case_id
""")  # noqa: S608  put together from constants

# What an agency has objected to stands so until the creditor has decided.
_RESTATE = text("""
update placements l set state = :state
where l.creditor_id = :creditor and l.agency_id = :agency and l.recall_id = :recall and l.ended_at is null
""")


def take_in(session: Session, recall: Recall, placement_ids: list[int]) -> None:
    """These placements wait for the recall's day."""
    session.execute(_TAKE_IN, {**_keys(recall), "taken": placement_ids})


def restate(session: Session, recall: Recall, state: PlacementState) -> None:
    """What waits in the recall stands as the two sides' words leave it."""
    session.flush()
    session.execute(_RESTATE, {**_keys(recall), "state": state.value})


def let_go(session: Session, recall: Recall) -> None:
    """What waits in the recall stands again where it would without it."""
    session.flush()
    session.execute(_LET_GO, _keys(recall))


def _keys(recall: Recall) -> dict[str, Any]:
    return {"creditor": recall.creditor_id, "agency": recall.agency_id, "recall": recall.id}
