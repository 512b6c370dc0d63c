"""Cases, mandates, waves and reported rows for tests of the loop's middle: plain functions over the services.

Portfolios and reports come to the product as files; what a file turns into is written here straight into the tables
behind it, so that these tests need no file. The files themselves are tested with the uploads and in the pipeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlalchemy import insert, select, update

from agencies.kernel.sealing import keyring_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, as_loader
from agencies.mandates.models import Mandate
from agencies.mandates.terms import TermSheet
from assignments.cases.models import Case, CaseState, Debtor, Portfolio
from assignments.cases.queries import Selection
from assignments.contacts.models import ContactPoint
from assignments.placements import service as placements
from assignments.placements.models import Consignment, Placement, PlacementState, Wave
from assignments.reports import service as reports
from assignments.sla import enquiries
from assignments.sla import service as sla
from assignments.sla.models import EnquirySubject
from portal.ports import Ports
from tests import agreed
from tests.attested import attest_all
from tests.sealing import debtor_columns, identity_of, point_columns
from uploads.models import Upload, UploadError, UploadKind, UploadState
from uploads.rows import Loaded

PLACED_AT = datetime(2026, 1, 12, 15, tzinfo=UTC)
REPORTED_AT = datetime(2026, 3, 11, 17, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class NewCase:
    """One debt to be added."""

    account_ref: str
    balance_minor: int
    #: Cases with the same customer number have one debtor.
    debtor_ref: str | None = None
    currency: str = "COP"
    phones: tuple[str, ...] = ()
    name: str | None = None
    days_past_due: int | None = None
    delinquent_on: date | None = None


def add_cases(ports: Ports, creditor: Actor, cases: Sequence[NewCase], *, at: datetime = PLACED_AT) -> None:
    """Open cases, as an applied portfolio does."""
    with ports.session(creditor) as session, transaction(session):
        upload = _upload(creditor, UploadKind.PORTFOLIO, rows=len(cases))
        upload.rows_applied = len(cases)
        session.add(upload)
        session.flush()
        portfolio = Portfolio(
            creditor_id=creditor.tenant,
            upload_id=upload.id,
            name="cartera.csv",
            currency=cases[0].currency,
            cases=len(cases),
            placed_minor=sum(one.balance_minor for one in cases),
            facets={},
            created_at=at,
        )
        session.add(portfolio)
        session.flush()
        ring = keyring_of(session)
        identities = {identity_of(ring, creditor.tenant, _identity(one)): one for one in cases}
        known = dict(
            session.execute(select(Debtor.identity, Debtor.id).where(Debtor.identity.in_(list(identities)))).all()
        )
        told = set()
        for identity, one in identities.items():
            if identity not in known:
                phone, second = (*one.phones, None, None)[:2]
                columns = debtor_columns(session, creditor.tenant, _identity(one), phone=phone, phone_2=second)
                debtor = Debtor(creditor_id=creditor.tenant, country="CO", name=one.name, **columns)
                told |= {(identity, phone), (identity, second)}
                session.add(debtor)
                session.flush()
                known[identity] = debtor.id
        of = {one.account_ref: identity_of(ring, creditor.tenant, _identity(one)) for one in cases}
        session.execute(
            insert(Case),
            [
                {
                    "creditor_id": creditor.tenant,
                    "portfolio_id": portfolio.id,
                    "debtor_id": known[of[one.account_ref]],
                    "line": line,
                    "account_ref": one.account_ref,
                    "state": CaseState.OPEN,
                    "currency": one.currency,
                    "placed_minor": one.balance_minor,
                    "balance_minor": one.balance_minor,
                    "days_past_due": one.days_past_due,
                    "delinquent_on": one.delinquent_on,
                }
                for line, one in enumerate(cases, start=2)
            ],
        )
        points = [
            {
                "creditor_id": creditor.tenant,
                "debtor_id": known[of[one.account_ref]],
                "portfolio_id": portfolio.id,
                **point_columns(session, creditor.tenant, of[one.account_ref], "phone", phone),
            }
            for one in cases
            for phone in one.phones
            if (of[one.account_ref], phone) not in told
        ]
        if points:
            session.execute(insert(ContactPoint), points)


def add_mandate(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    *,
    commission_bp: int = 2000,
    valid_from: date = date(2025, 1, 1),
    report_due_days: int = 5,
    **terms: Any,
) -> Mandate:
    """Make a mandate between the two; the agency has attested to everything."""
    attest_all(ports, creditor, agency, now=PLACED_AT)
    return agreed.make(
        ports,
        creditor,
        agency,
        name=f"Mandato {next(_numbers)}",
        terms=TermSheet(commission_bp=commission_bp, report_due_days=report_due_days, **terms),
        valid_from=valid_from,
        now=PLACED_AT,
    )


def draft(
    ports: Ports,
    creditor: Actor,
    wave_mandates: Sequence[Mandate],
    *,
    selection: Selection | None = None,
    now: datetime = PLACED_AT,
    **options: Any,
) -> Wave:
    """Draft a wave of all selected cases."""
    with ports.session(creditor) as session, transaction(session):
        return placements.draft(
            session,
            creditor,
            name=f"Entrega {next(_numbers)}",
            selection=selection or Selection(),
            mandate_ids=[one.id for one in wave_mandates],
            now=now,
            **{"seed": 7, **options},
        )


def place(ports: Ports, creditor: Actor, wave: Wave, *, now: datetime = PLACED_AT) -> Wave:
    """Commit a wave as previewed."""
    with ports.session(creditor) as session, transaction(session):
        return placements.place(session, creditor, wave.id, digest=str(wave.digest), now=now)


def place_with(
    ports: Ports, creditor: Actor, agency: Actor, cases: Sequence[NewCase], *, now: datetime = PLACED_AT, **terms: Any
) -> Mandate:
    """Open cases and place whatever is open with one agency under a mandate of its own."""
    add_cases(ports, creditor, cases)
    mandate = add_mandate(ports, creditor, agency, **terms)
    place(ports, creditor, draft(ports, creditor, [mandate], now=now), now=now)
    return mandate


def acknowledge_all(ports: Ports, agency: Actor, *, now: datetime = PLACED_AT) -> list[Consignment]:
    """The agency takes on everything it was sent."""
    with ports.session(agency) as session, transaction(session):
        ids = session.scalars(select(Consignment.id).where(Consignment.agency_id == agency.tenant)).all()
        return [sla.acknowledge(session, agency, one, now=now) for one in ids]


def report_payments(
    ports: Ports,
    agency: Actor,
    creditor: Actor,
    rows: Sequence[dict[str, Any]],
    *,
    report_id: int | None = None,
    now: datetime = REPORTED_AT,
) -> tuple[Upload, Loaded]:
    """Report payments, as an applied file does: rows of account_ref, paid_on, amount and what else there is."""
    return _report(ports, agency, creditor, UploadKind.PAYMENTS, rows, report_id, now)


def report_activities(
    ports: Ports,
    agency: Actor,
    creditor: Actor,
    rows: Sequence[dict[str, Any]],
    *,
    report_id: int | None = None,
    now: datetime = REPORTED_AT,
) -> tuple[Upload, Loaded]:
    """Report activities: rows of account_ref, happened_at, channel, result and what else there is."""
    return _report(ports, agency, creditor, UploadKind.ACTIVITIES, rows, report_id, now)


def ask(ports: Ports, agency: Actor, account: str, question: str, *, now: datetime = PLACED_AT) -> int:
    """The agency asks about a case it holds; the question's id."""
    with ports.session(agency) as session, transaction(session):
        case_id = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
        subject = EnquirySubject.DOCUMENT
        return enquiries.ask(session, agency, case_id, subject=subject, question=question, now=now).id


def faults(ports: Ports, agency: Actor, upload: Upload) -> dict[int, tuple[str, str, str]]:
    """The refused rows of an upload: line -> field, code, value."""
    with ports.session(agency) as session:
        return {
            one.line: (one.field, one.code, one.stood)
            for one in session.scalars(select(UploadError).where(UploadError.upload_id == upload.id))
        }


def paid(account: str, amount: int = 10_000, day: date = date(2026, 2, 3), **others: object) -> dict[str, object]:
    """A row of a report on payments."""
    return {"account_ref": account, "paid_on": day, "amount": amount, **others}


def worked(account: str, at: datetime = datetime(2026, 2, 3, 15, tzinfo=UTC), **others: object) -> dict[str, object]:
    """A row of a report on activities."""
    return {"account_ref": account, "happened_at": at, "channel": "call", "result": "no_answer", **others}


def end_placement(ports: Ports, creditor: Actor, account: str, at: datetime) -> None:
    """End the live placement of a case, which then is nobody's; no service does that yet."""
    with ports.session(creditor) as session, transaction(session):
        debtor = session.scalars(select(Case.debtor_id).where(Case.account_ref == account)).one()
        session.execute(
            update(Placement)
            .where(Placement.account_ref == account, Placement.ended_at.is_(None))
            .values(state=PlacementState.ENDED, ended_at=at, end_code="test")
        )
        session.execute(update(Case).where(Case.account_ref == account).values(agency_id=None, state=CaseState.OPEN))
        session.execute(update(Debtor).where(Debtor.id == debtor).values(agency_id=None))


def holders(ports: Ports, creditor: Actor) -> dict[str, int | None]:
    """Account -> the agency that holds the case."""
    with ports.session(creditor) as session:
        return dict(session.execute(select(Case.account_ref, Case.agency_id).order_by(Case.account_ref)).all())


def some_cases(number: int, start: int = 1) -> list[NewCase]:
    """So many cases of rising balance, each with a phone."""
    return [NewCase(f"A{n:05}", 1_000 * n, phones=(f"30000{n:05}",)) for n in range(start, start + number)]


def _report(
    ports: Ports,
    agency: Actor,
    creditor: Actor,
    kind: UploadKind,
    rows: Sequence[dict[str, Any]],
    report_id: int | None,
    now: datetime,
) -> tuple[Upload, Loaded]:
    ingest = {UploadKind.PAYMENTS: reports.ingest_payments, UploadKind.ACTIVITIES: reports.ingest_activities}[kind]
    with ports.session(agency) as session, transaction(session):
        upload = _upload(agency, kind, rows=len(rows), creditor_id=creditor.tenant, report_id=report_id, at=now)
        session.add(upload)
        session.flush()
        with as_loader(session) as connection, connection.cursor() as cursor:
            for line, row in enumerate(rows, start=2):
                staged = {"organisation_id": agency.tenant, "upload_id": upload.id, "line": line, **row}
                cursor.execute(
                    f"insert into staged_{kind} ({', '.join(staged)}) values ({', '.join(['%s'] * len(staged))})",
                    list(staged.values()),
                )
        loaded = ingest(session, agency, upload, now=now)
        if kind is UploadKind.ACTIVITIES:
            sla.count_upload(session, agency, upload.id)
        return upload, loaded


def _identity(case: NewCase) -> str:
    return f"ref:{case.debtor_ref}" if case.debtor_ref else f"account:{case.account_ref}"


def _upload(
    actor: Actor,
    kind: UploadKind,
    *,
    rows: int,
    creditor_id: int | None = None,
    report_id: int | None = None,
    at: datetime = PLACED_AT,
) -> Upload:
    number = next(_numbers)
    return Upload(
        organisation_id=actor.tenant,
        creditor_id=creditor_id,
        report_id=report_id,
        kind=kind,
        state=UploadState.APPLIED,
        filename=f"{kind}-{number}.csv",
        size_bytes=1,
        sha256=hashlib.sha256(str(number).encode()).digest(),
        storage_key=f"uploads/{number}",
        currency="COP",
        offset_bytes=0,
        offset_line=0,
        rows_read=rows,
        rows_good=rows,
        rows_rejected=0,
        errors_found=0,
        error_counts={},
        rows_applied=0,
        rows_unchanged=0,
        value_minor=0,
        created_at=at,
    )
