"""What happens to cases under service levels, in local time, for tests that count by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise
from agencies.organisations.models import Organisation
from assignments.cases.models import CaseState
from assignments.placements.ending import end_placements
from assignments.placements.models import Placement
from assignments.sla import enquiries
from assignments.sla import service as sla
from assignments.sla.models import Enquiry, EnquirySubject
from assignments.sla.queries import Compliance, compliance
from portal.ports import Ports
from tests import loop
from tests.tenants import PLATFORM

PROMISES = (
    Promise(Clause.ACKNOWLEDGE, 48, 9_000),
    Promise(Clause.FIRST_ACTIVITY, 24, 9_500),
    Promise(Clause.REPORT_ON_TIME, 0, 10_000),
    Promise(Clause.RECALL_ANSWERED, 24, 9_500),
)


@dataclass(frozen=True)
class Between:
    """One creditor and one agency, in the creditor's zone."""

    ports: Ports
    creditor: Actor
    agency: Actor
    zone: str = "America/Bogota"

    def at(self, text: str) -> datetime:
        """An instant as the creditor's clock shows it."""
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.zone))

    def settle_in(self, country: str) -> None:
        """Let the creditor be of a country."""
        with self.ports.session(PLATFORM) as session, transaction(session):
            session.execute(update(Organisation).where(Organisation.id == self.creditor.tenant).values(country=country))

    def place(self, *accounts: str, at: str, promises: tuple[Promise, ...] = PROMISES) -> None:
        cases = [loop.NewCase(account, 100_000) for account in accounts]
        loop.place_with(self.ports, self.creditor, self.agency, cases, now=self.at(at), promises=promises)

    def acknowledge(self, at: str) -> None:
        loop.acknowledge_all(self.ports, self.agency, now=self.at(at))

    def work(self, account: str, at: str, *, told: str | None = None) -> None:
        row = loop.worked(account, self.at(at))
        loop.report_activities(self.ports, self.agency, self.creditor, [row], now=self.at(told or at))

    def ask(self, account: str, at: str) -> Enquiry:
        with self.ports.session(self.agency) as session, transaction(session):
            return enquiries.ask(
                session,
                self.agency,
                self._placement(session, account).case_id,
                subject=EnquirySubject.DOCUMENT,
                question="¿Tienen el pagaré?",
                now=self.at(at),
            )

    def answer(self, enquiry: Enquiry, at: str) -> None:
        with self.ports.session(self.creditor) as session, transaction(session):
            enquiries.answer(session, self.creditor, enquiry.id, text="Va adjunto.", now=self.at(at))

    def end(self, account: str, at: str) -> None:
        with self.ports.session(self.creditor) as session, transaction(session):
            end_placements(
                session,
                [self._placement(session, account).id],
                creditor_id=self.creditor.tenant,
                agency_id=self.agency.tenant,
                code="recalled",
                case_state=CaseState.OPEN,
                now=self.at(at),
            )

    def figures(self, clause: Clause, at: str) -> Compliance | None:
        """The clause's figures, the same on both sides, and proved against the records."""
        found = []
        for actor in (self.creditor, self.agency):
            with self.ports.session(actor) as session:
                found.append([one for one in compliance(session, actor, now=self.at(at)) if one.clause is clause])
        assert found[0] == found[1]
        with self.ports.session(self.creditor) as session:
            assert sla.differing(session, self.creditor) == 0
        return found[0][0] if found[0] else None

    def counts(self, clause: Clause, at: str) -> tuple[int, int, int, int]:
        """Met, missed, not yet due, paused."""
        one = self.figures(clause, at)
        return (one.met, one.missed, one.not_due, one.paused) if one else (0, 0, 0, 0)

    def _placement(self, session, account: str) -> Placement:
        return session.scalars(
            select(Placement).where(Placement.account_ref == account).order_by(Placement.id.desc()).limit(1)
        ).one()
