"""What is covered of a person to be found, and of what was found, in full for a purpose, to those who need it now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.tenancy import Actor, Side, require
from agencies.organisations.permissions import Permission
from assignments.contacts.revealing import BIRTH_DATE, DOCUMENT, Revealed
from assignments.locates.desk import FindingDetail, get_finding
from assignments.locates.investigating import in_sight
from assignments.locates.knowledge import Knowledge
from assignments.locates.models import LocateSubject
from assignments.reads import revealing
from assignments.reads.models import Purpose, Subject

FINDING = "finding"


def reveal_subject(
    session: Session, actor: Actor, order_id: int, place: str, purpose: Purpose, *, now: datetime
) -> Revealed:
    """A field of the person of an open order; raises `NotFound`, `CollectsNow`, `Forbidden` and `TooManyReveals`."""
    require(actor, Permission.CONTACT_REVEAL)
    order, subject = in_sight(session, actor, order_id)
    found = next((one for at, one in fields(subject) if at == place), None)
    if found is None:
        raise NotFound
    what = (Subject.LOCATE_ORDER, order_id)
    revealing.permit(session, actor, (order.creditor_id, order.case_id), found.field, purpose, subject=what, now=now)
    return found


def reveal_finding(session: Session, actor: Actor, finding_id: int, purpose: Purpose, *, now: datetime) -> Revealed:
    """What was found, for whoever verifies it or still works the order; raises as `reveal_subject` does."""
    require(actor, Permission.CONTACT_REVEAL)
    detail = get_finding(session, actor, finding_id)
    if not is_in_the_open(detail, actor):
        raise Forbidden
    order, what = detail.order, (Subject.FINDING, finding_id)
    revealing.permit(session, actor, (order.creditor_id, order.case_id), FINDING, purpose, subject=what, now=now)
    return Revealed(FINDING, detail.finding.value)


def is_in_the_open(detail: FindingDetail, actor: Actor) -> bool:
    """Whether the actor needs the finding itself: a creditor who verifies, an agency whose order is still open."""
    if actor.side is Side.CREDITOR:
        return actor.may(Permission.LOCATE_VERIFY)
    return actor.may(Permission.LOCATE_WORK) and detail.order.closed_at is None and not detail.is_collected


def fields(subject: LocateSubject) -> Iterator[tuple[str, Revealed]]:
    """Everything of the person that pages cover, by the name under which it is asked for."""
    if subject.id_number:
        yield DOCUMENT, Revealed(DOCUMENT, subject.id_number)
    if subject.birth_date:
        yield BIRTH_DATE, Revealed(BIRTH_DATE, subject.birth_date)
    for at, point in enumerate(Knowledge.of(subject).points()):
        yield f"point{at}", Revealed(point.kind.value, point.value)
