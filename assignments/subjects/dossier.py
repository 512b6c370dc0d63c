"""Everything a creditor holds on the people of a request, gathered for them: plain values, section by section."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import Session

from agencies.approvals import limits
from agencies.approvals.models import ApprovalKind
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case, Debtor
from assignments.cases.reaching import stops_of
from assignments.contacts.models import Authorisation, DebtorContact
from assignments.locates.models import Finding, LocateOrder
from assignments.reads import service as reads
from assignments.reads.models import Purpose, ReadKind, Subject
from assignments.reads.taking import taken_in_full
from assignments.subjects import erasing
from assignments.subjects.marking import debtors_of
from assignments.subjects.models import RequestStepKind, SubjectRequest
from assignments.subjects.service import locked, write

Section = list[dict[str, Any]]

#: Section -> what is read of the cases of the people; none of it needs a key.
_OF_CASES = {
    "cases": "select account_ref, state, product, currency, placed_minor, balance_minor, principal_minor, "
    "interest_minor, late_interest_minor, fees_minor, opened_on, due_on, delinquent_on, charged_off_on, "
    "last_payment_on, stage, segment, region, city from cases where creditor_id = :creditor and id = any(:cases) "
    "order by id",
    "activities": "select k.account_ref, a.happened_at, o.name as agency, a.channel, a.result, a.counterpart, "
    "a.direction, a.note from activities a join cases k on k.creditor_id = a.creditor_id and k.id = a.case_id "
    "join organisations o on o.id = a.agency_id where a.creditor_id = :creditor and a.case_id = any(:cases) "
    "order by a.happened_at, a.id",
    "promises": "select k.account_ref, p.made_on, p.promised_on, p.currency, p.amount_minor, p.instalment, "
    "p.instalments, p.withdrawn_at from promises p join cases k on k.creditor_id = p.creditor_id and k.id = p.case_id "
    "where p.creditor_id = :creditor and p.case_id = any(:cases) order by p.made_on, p.id",
    "payments": "select k.account_ref, p.paid_on, p.currency, p.amount_minor, p.received_by, p.method "
    "from payments p join cases k on k.creditor_id = p.creditor_id and k.id = p.case_id "
    "where p.creditor_id = :creditor and p.case_id = any(:cases) order by p.paid_on, p.id",
    "flags": "select f.account_ref, f.kind, f.since, o.name as agency, f.note, f.confirmed_at, f.ended_at, f.ended_how "
    "from flags f left join organisations o on o.id = f.agency_id where f.creditor_id = :creditor "
    "and f.debtor_id in (select debtor_id from cases where creditor_id = :creditor and id = any(:cases)) order by f.id",
    "who_had_the_data": "select k.account_ref, o.name as agency, p.service, p.placed_at, p.ended_at, p.end_code "
    "from placements p join cases k on k.creditor_id = p.creditor_id and k.id = p.case_id "
    "join organisations o on o.id = p.agency_id where p.creditor_id = :creditor and p.case_id = any(:cases) "
    "order by p.placed_at, p.id",
}


class AnotherHandsOut(Conflict):
    """Who says alone that a person is who they are, and takes the data along, could invent the people."""

    text = msg(
        "You accepted who asks, and took more people's data within 24 hours than one person takes alone. Let another "
        "person of your organisation hand this out."
    )


def gather(session: Session, actor: Actor, request_id: int, *, now: datetime) -> dict[str, Section]:
    """All sections, for a request whose person is known; that they left is written down, and of whom.

    Whoever accepted who asks hands out alone only as many people's data in a day as one person may take.
    Raises `NotIdentified`, `RequestMovedOn` or `AnotherHandsOut`.
    """
    request = locked(session, actor, request_id, identified=True)
    people = debtors_of(session, request)
    _check_hands(session, actor, request, people, now=now)
    creditor_id = request.creditor_id
    cases = session.execute(
        text("select id from cases where creditor_id = :creditor and debtor_id = any(:people)"),
        {"creditor": creditor_id, "people": people},
    ).scalars()
    known = {"creditor": creditor_id, "cases": list(cases)}
    found: dict[str, Section] = {
        "person": _people(session, creditor_id, people),
        "contacts": _contacts(session, creditor_id, people),
    }
    for name, statement in _OF_CASES.items():
        found[name] = [_plain(dict(row)) for row in session.execute(text(statement), known).mappings()]
    found["found_by_agencies"] = _findings(session, creditor_id, people)
    found["files"] = [
        _plain({"file": one.filename, "row": one.line, "bytes_removed_at": one.purged_at})
        for debtor_id in people
        for one in erasing.files_with(session, actor, debtor_id)
    ]
    reads.note_people(
        session,
        actor,
        ReadKind.FULL_EXPORT,
        people,
        fields=(*reads.CONTACTS, "birth_date"),
        purpose=Purpose.DATA_SUBJECT,
        subject=(Subject.REQUEST, request_id),
        now=now,
    )
    counts = {name: len(rows) for name, rows in found.items()}
    write(session, actor, request, RequestStepKind.EXPORTED, now=now, counts=counts)
    return found


def _check_hands(session: Session, actor: Actor, request: SubjectRequest, people: list[int], *, now: datetime) -> None:
    if request.identity_by != actor.user_id:
        return

    def again(creditor_id: ColumnElement[int], case_id: ColumnElement[int]) -> ColumnElement[bool]:
        of_case = (Case.creditor_id == creditor_id, Case.id == case_id)
        return select(Case.id).where(*of_case, Case.debtor_id.in_(people)).exists()

    rows = len(people) + taken_in_full(session, actor, again, now=now)
    if limits.needs_second(session, actor, ApprovalKind.EXPORT, rows):
        raise AnotherHandsOut


def _people(session: Session, creditor_id: int, people: list[int]) -> Section:
    # What was told of somebody that was put together with the person is held too.
    person = or_(Debtor.id.in_(people), Debtor.merged_into.in_(people))
    rows = session.scalars(select(Debtor).where(Debtor.creditor_id == creditor_id, person).order_by(Debtor.id))
    names = ("name", "country", "id_type", "id_number", "person_type", "birth_date")
    return [_plain({name: getattr(row, name) for name in names}) for row in rows]


def _contacts(session: Session, creditor_id: int, people: list[int]) -> Section:
    point = DebtorContact
    rows = session.scalars(
        select(point)
        .where(point.creditor_id == creditor_id, point.debtor_id.in_(people))
        .order_by(point.debtor_id, point.place)
    )
    stops = stops_of(session, creditor_id, people)
    return [
        _plain(
            {
                "kind": row.kind,
                "value": row.value,
                "normal": row.normal,
                "authorisation": Authorisation.REVOKED if (row.debtor_id, row.form) in stops else row.authorisation,
            }
        )
        for row in rows
    ]


def _findings(session: Session, creditor_id: int, people: list[int]) -> Section:
    rows = session.scalars(
        select(Finding)
        .join(
            LocateOrder,
            (LocateOrder.creditor_id == Finding.creditor_id)
            & (LocateOrder.agency_id == Finding.agency_id)
            & (LocateOrder.id == Finding.order_id),
        )
        .where(Finding.creditor_id == creditor_id, LocateOrder.debtor_id.in_(people))
        .order_by(Finding.id)
    )
    names = ("kind", "value", "source_class", "found_on", "grade", "authorisation", "released_at")
    return [_plain({name: getattr(row, name) for name in names}) for row in rows]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, (date, datetime)) else value for name, value in row.items()}
