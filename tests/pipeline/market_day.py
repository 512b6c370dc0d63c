"""A day of everything that work does: files of every kind and of both sides, judging, likenesses, recalls and lots."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select, text

from agencies.applications.reviewing import TAKE_OVER
from agencies.kernel import letters, work
from agencies.kernel.clock import local_date
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.kernel.work import Work
from agencies.mandates.terms import CUSTOMARY_PROMISES
from agencies.organisations.service import create_operator
from assignments import intake
from assignments.cases.queries import Selection
from assignments.locates.people import People
from assignments.marketplace import service as marketplace
from assignments.placements import recalls
from assignments.placements.models import RecallReason
from assignments.placements.recall_scope import Scope
from assignments.reports import service as reports
from assignments.reports.models import Report
from portal import rotation
from portal.ports import Ports
from tests import applying, locating, loop, market, receiver
from tests.pipeline.files import Sheet, drive, receive, send, table, works
from tests.tenants import PLATFORM, Tenants
from uploads import verdicts
from uploads.models import UploadKind
from uploads.verdicts import FileVerdict

PAYMENTS = "obligacion,recibo,fecha de pago,valor"
ACTIVITIES = "obligacion,fecha gestion,canal,resultado"
FINDINGS = "obligacion,tipo,dato,clase fuente,referencia fuente,fecha"
UPDATE = "obligacion,saldo total,ciudad"
RECEIVED = "obligacion,recibo,fecha pago,valor"
LISTED = "obligacion,motivo,fecha retiro"
BROUGHT = "obligacion,tipo documento,numero documento,nombre,fecha nacimiento,celular,saldo total"
PROMISED = "obligacion,fecha gestion,fecha compromiso,monto compromiso"
CLOSED = "obligacion,causal devolucion"
HELD = "obligacion,saldo"
DAY = date(2026, 2, 3)


@dataclass
class Day:
    """One creditor and its agencies: placed cases with a report due, people looked for, and the day's work to ask for.

    Each step asks for work of another kind; what it must leave behind is told by `outcome`.
    """

    ports: Ports
    tenants: Tenants
    rows: int
    ear: receiver.Obedient
    uploads: list[tuple[Actor, int]] = field(default_factory=list)
    #: Once it is there.
    platform: Actor | None = None

    def __post_init__(self) -> None:
        ports, creditor, agency = self.ports, self.tenants.creditor, self.tenants.agency
        # Whoever is looked for is nobody's yet.
        loop.add_cases(ports, creditor, [loop.NewCase(f"LOST-{n:05}", 70_000) for n in range(self.rows)])
        mandate = locating.locate_mandate(ports, creditor, self.tenants.other_agency)
        people = People(Selection(search="LOST"))
        batch = locating.order(ports, creditor, mandate, people, due_on=locating.soon(), now=ports.now())
        locating.take_on(ports, self.tenants.other_agency, batch)
        placed = loop.add_mandate(ports, creditor, agency, promises=CUSTOMARY_PROMISES, tail_days=30)
        loop.add_cases(ports, creditor, loop.some_cases(self.rows))
        chosen = Selection(search="A0")
        loop.place(ports, creditor, loop.draft(ports, creditor, [placed], selection=chosen))
        loop.acknowledge_all(ports, agency)
        with ports.session(creditor) as session, transaction(session):
            reports.open_periods(session, creditor, now=ports.now())
        with ports.session(agency) as session:
            self.report = session.scalars(select(Report.id).where(Report.period_start == DAY.replace(day=1))).one()

    def steps(self) -> Iterator[str]:
        """Ask for the work of one kind after the other; the caller drives each to its end before the next."""
        yield self._payments("pagos", 2_000)
        yield self._activities()
        yield self._payments("corregidos", 3_000)
        yield self._findings()
        yield self._update()
        yield self._received()
        yield self._promised()
        yield self._held()
        yield self._listed()
        yield self._closed()
        yield self._brought("cartera", 2 * self.rows, 2)
        yield self._brought("equivocada", self.rows, 1)
        yield self._undone()
        yield self._packed()
        yield self._lot()
        yield self._recall()
        yield self._letter()
        yield self._told()
        yield self._application()
        yield self._scan()
        yield self._keys()

    def is_done(self) -> bool:
        """Do the people's part; says whether everything asked for has come to its end."""
        applied = [drive(self.ports, actor, upload_id) for actor, upload_id in self.uploads]
        asked = self.asked()
        # When the time for deciding on the lot is over is another day's work.
        tomorrow = self.ports.now() + timedelta(days=1)
        return all(applied) and all(one.finished_at or one.next_attempt_at > tomorrow for one in asked)

    def asked(self) -> list[Work]:
        """All work that anybody of the day has asked for."""
        tenants = self.tenants
        actors = (tenants.creditor, tenants.agency, tenants.other_agency)
        asked = [one for actor in actors for one in works(self.ports, actor)]
        if self.platform is None:
            return asked
        # The operator sees everybody's work.
        own = self.platform.tenant
        return [*asked, *(one for one in works(self.ports, self.platform) if one.organisation_id == own)]

    def outcome(self) -> dict[str, int]:
        """What the day has left behind."""
        with self.ports.session(self.tenants.creditor) as session:
            found = {name: session.scalar(text(statement)) for name, statement in _OUTCOME.items()}
        letters_sent = len(list(self.ports.settings.mail_folder.glob("*.eml")))
        return {**found, "letters": letters_sent, "messages": len(self.ear.ids())}

    def expected(self) -> dict[str, int]:
        """What it must have left behind, whatever was killed."""
        n = self.rows
        return {
            "letters": 1,
            "messages": 1,
            "documents": 3,
            "payments": 2 * n,
            "taken back": n,
            # The creditor's word of today holds what was paid until today, however late that is told.
            "outstanding": n * 50_005,
            "adjusted": n,
            "updated": n,
            "received": n,
            "activities": n,
            "judged": n,
            "findings": n,
            "opened bids": 1,
            "lots closed": 1,
            # The list's, and that of what it left.
            "recalls ended": 2,
            "promised": n,
            "inventories": 1,
            "given back": n // 4,
            "brought": 2 * n,
            # Of the file that was taken back nothing is left, and nobody is like anybody in it.
            "alike": n,
            "taken back whole": 1,
            "placements ended": n,
            "still held": 0,
            "judged by no scanner": 1,
        }

    def _upload(self, actor: Actor, sheet: Sheet, kind: UploadKind, **about: int) -> None:
        number = send(self.ports, actor, sheet, kind=kind, creditor_id=self.tenants.creditor.tenant, **about)
        self.uploads.append((actor, number))

    def _payments(self, name: str, amount: int) -> str:
        """Payments with references; sent again with other amounts they are a correction."""
        lines = [f"A{n:05},P{n},{DAY},{amount}" for n in range(1, self.rows + 1)]
        sheet = table(f"{name}.csv", PAYMENTS, lines)
        self._upload(self.tenants.agency, sheet, UploadKind.PAYMENTS, report_id=self.report)
        return name

    def _activities(self) -> str:
        lines = [f"A{n:05},{DAY} 22:{n % 60:02},llamada,no contesta" for n in range(1, self.rows + 1)]
        sheet = table("gestiones.csv", ACTIVITIES, lines)
        self._upload(self.tenants.agency, sheet, UploadKind.ACTIVITIES, report_id=self.report)
        return "activities and their judging"

    def _findings(self) -> str:
        lines = [f"LOST-{n:05},telefono,3115{n:06},runt,Consulta {n},{DAY}" for n in range(self.rows)]
        self._upload(self.tenants.other_agency, table("hallazgos.csv", FINDINGS, lines), UploadKind.FINDINGS)
        return "findings"

    def _packed(self) -> str:
        """A packed file is opened, and waits for somebody to confirm its columns."""
        packed = gzip.compress(table("empacado.csv", UPDATE, ["A00001,500.00,Cali"]).data, mtime=0)
        kind = UploadKind.PORTFOLIO_UPDATE
        receive(self.ports, self.tenants.creditor, packed, "empacado.csv.gz", kind=kind)
        return "packed"

    def _of_creditor(self, sheet: Sheet, kind: UploadKind) -> str:
        creditor = self.tenants.creditor
        self.uploads.append((creditor, send(self.ports, creditor, sheet, kind=kind)))
        return kind.value

    def _update(self) -> str:
        lines = [f"A{n:05},500.05,Cali" for n in range(1, self.rows + 1)]
        return self._of_creditor(table("novedades.csv", UPDATE, lines), UploadKind.PORTFOLIO_UPDATE)

    def _received(self) -> str:
        lines = [f"A{n:05},D{n},{DAY},10.00" for n in range(1, self.rows + 1)]
        return self._of_creditor(table("recaudo.csv", RECEIVED, lines), UploadKind.CREDITOR_PAYMENTS)

    def _listed(self) -> str:
        """Half of the cases are taken back today."""
        day = local_date(self.ports.now(), self.tenants.creditor.time_zone)
        lines = [f"A{n:05},estrategia,{day}" for n in range(1, self.rows // 2 + 1)]
        return self._of_creditor(table("retiros.csv", LISTED, lines), UploadKind.RECALL_LIST)

    def _promised(self) -> str:
        lines = [f"A{n:05},{DAY},2026-02-15,10.00" for n in range(1, self.rows + 1)]
        self._upload(self.tenants.agency, table("compromisos.csv", PROMISED, lines), UploadKind.PROMISES)
        return "promises"

    def _held(self) -> str:
        """The agency lists what it holds, one case too few."""
        lines = [f"A{n:05},490.05" for n in range(2, self.rows + 1)]
        self._upload(self.tenants.agency, table("inventario.csv", HELD, lines), UploadKind.INVENTORY)
        return "an inventory"

    def _closed(self) -> str:
        """A quarter of the cases, none of them taken back by the list, is given back."""
        given = range(self.rows // 2 + 1, self.rows // 2 + self.rows // 4 + 1)
        lines = [f"A{n:05},ilocalizado" for n in given]
        self._upload(self.tenants.agency, table("cierres.csv", CLOSED, lines), UploadKind.CLOSURES)
        return "closures"

    def _brought(self, name: str, rows: int, each: int) -> str:
        """People who stand in a portfolio so many times each, their numbers mistyped: debtors that are alike."""
        lines = []
        for row in range(rows):
            person, time = divmod(row, each)
            document = f"52{person:05}{time + 10 // each}"
            lines.append(f"{name}-{row},CC,{document},Marta Lucía Peña,1980-05-17,3105{person:06},700.00")
        return self._of_creditor(table(f"{name}.csv", BROUGHT, lines), UploadKind.PORTFOLIO)

    def _undone(self) -> str:
        """The portfolio that was applied last should not have been."""
        actor, upload_id = self.uploads.pop()
        with self.ports.session(actor) as session, transaction(session):
            intake.ask_undo(session, actor, upload_id, now=self.ports.now())
        return "a file taken back"

    def _lot(self) -> str:
        """A lot whose time for bids is over in a moment."""
        ports, creditor, now = self.ports, self.tenants.creditor, self.ports.now()
        loop.add_cases(ports, creditor, [loop.NewCase(f"LOT-{n}", 30_000 + n) for n in range(12)])
        before = now - timedelta(hours=2)
        lot = market.offer(
            ports,
            creditor,
            selection=Selection(search="LOT-"),
            now=before,
            timetable=marketplace.Timetable(now + timedelta(seconds=1), now + timedelta(days=5)),
        )
        market.bid(ports, self.tenants.agency, lot, now=before, valid_until=now.date() + timedelta(days=30))
        return "a lot"

    def _recall(self) -> str:
        """Everything was recalled for a day that has come."""
        ports, creditor = self.ports, self.tenants.creditor
        today = local_date(ports.now(), creditor.time_zone)
        with ports.session(creditor) as session, transaction(session):
            scope = Scope(selection=Selection(search="A0"))
            asked = ports.now() - timedelta(days=2)
            recalls.request(session, creditor, scope, reason=RecallReason.STRATEGY, effective_on=today, now=asked)
        # Today's schedule may have been there before the recall was.
        owner = Actor(side=Side.WORKER, organisation_id=creditor.tenant)
        with ports.session(owner) as session, transaction(session):
            work.request(session, owner, "execute_recalls", "of the day", {}, now=ports.now())
        return "a recall"

    def _letter(self) -> str:
        """Somebody is told something by e-mail."""
        creditor, now = self.tenants.creditor, self.ports.now()
        with self.ports.session(creditor) as session, transaction(session):
            letters.post(session, user_id=creditor.user_id, kind="factor.added", key="of the day", now=now)
        return "a letter"

    def _told(self) -> str:
        receiver.send_test(self.ports, self.tenants.creditor, self.ear)
        return "a message to a system"

    def _application(self) -> str:
        """An agency begins with what it applied with."""
        ports, now = self.ports, self.ports.now()
        with ports.session(PLATFORM) as session, transaction(session):
            words = "cuatro palabras sin relación 7"
            operator = create_operator(session, email="o@encargo.example", name="Olga", password=words, now=now)
        self.platform = Actor(side=Side.PLATFORM, organisation_id=operator.organisation_id)
        applying.joined(ports, self.platform, self.tenants.agency, tax_id="900777111-9", now=now)
        with ports.session(self.tenants.agency) as session, transaction(session):
            owner = Actor(side=Side.AGENCY, organisation_id=self.tenants.agency.tenant)
            work.request(session, owner, TAKE_OVER, "application", {}, now=now)
        return "an application"

    def _scan(self) -> str:
        """A file awaits the word of a scanner, and there is none any more."""
        creditor = self.tenants.creditor
        owner = Actor(side=Side.WORKER, organisation_id=creditor.tenant)
        with self.ports.session(owner) as session, transaction(session):
            row = session.scalars(select(FileVerdict).where(FileVerdict.organisation_id == creditor.tenant)).first()
            verdicts.note(
                session,
                owner,
                row.key,
                sha256=row.sha256,
                size=row.size_bytes,
                is_scanned=True,
                now=self.ports.now(),
            )
        return "a file to scan"

    def _keys(self) -> str:
        """Whoever keeps the keys has everything sealed with the newest one."""
        owner = Actor(side=Side.WORKER, organisation_id=self.tenants.creditor.tenant)
        with self.ports.session(owner) as session, transaction(session):
            work.request(session, owner, rotation.ROTATE, "of the day", {}, now=self.ports.now())
        return "keys"


_OUTCOME = {
    "judged by no scanner": "select count(*) from file_verdicts where verdict = 'not_scanned' and asked = 2",
    "documents": "select count(*) from agency_documents",
    "payments": "select count(*) from payments",
    "taken back": "select count(*) from payment_reversals",
    "outstanding": "select sum(balance_minor) from cases where account_ref like 'A0%'",
    "adjusted": "select count(*) from balance_adjustments",
    "updated": "select count(*) from case_updates",
    "received": "select count(*) from creditor_payments",
    "activities": "select count(*) from activities",
    "judged": "select count(*) from conduct_verdicts",
    "findings": "select count(*) from findings",
    "opened bids": "select count(*) from opened_bids",
    "lots closed": "select count(*) from lots where state = 'closed'",
    "recalls ended": "select count(*) from recalls where state = 'ended'",
    "placements ended": "select count(*) from placements where ended_at is not null",
    "promised": "select count(*) from promises",
    "inventories": "select count(*) from inventories",
    "given back": "select count(*) from returns",
    "brought": "select count(*) from cases where account_ref ~ '^(cartera|equivocada)-'",
    "alike": "select count(*) from debtor_matches",
    "taken back whole": "select count(*) from uploads where state = 'undone'",
    "still held": "select count(*) from cases where agency_id is not null",
}
