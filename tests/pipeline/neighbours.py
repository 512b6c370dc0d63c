"""Two creditors with an agency each; the first has something of every kind, and the second agency works for it too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, func, select, text

from agencies.kernel import chains
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import LocateGrade
from agencies.mandates.schedule import AgeBand, by_age
from agencies.mandates.terms import CUSTOMARY_PROMISES
from agencies.organisations import supporting
from agencies.organisations.permissions import SIDE_OF, Role
from assignments.cases.models import Case, Portfolio, ReturnCode
from assignments.cases.queries import Selection
from assignments.conduct import service as conduct
from assignments.matches import finding as matches
from assignments.placements import recalls, returns
from assignments.placements.models import RecallReason
from assignments.placements.recall_scope import Scope
from assignments.reads import service as reads
from assignments.reads.models import ReadKind
from assignments.reports import service as reports
from assignments.reports.models import Report
from portal.jobs import tasks
from portal.ports import Ports
from tests import (
    approving,
    attested,
    creditor_files,
    handing,
    identities,
    incidents,
    locating,
    loop,
    market,
    people,
    reporting,
    standings,
    subjects,
)
from tests.pipeline.files import portfolio, receive, send, table
from tests.pipeline.kinds import TABLES
from tests.recalling import reject_one
from tests.tenants import PLATFORM
from uploads import filelayouts, transfers
from uploads.formats.fixedwidth import Column
from uploads.mapping import saved
from uploads.models import UploadKind

#: Stands in everything that only the first creditor and its agency may read.
SENTINEL = "CENTINELA"
#: What was applied with is the platform's, and read by what became of the applicant.
APPLICATIONS = {"applications", "application_files", "application_keys", "application_steps"}
#: Rows that change when people sign in, and nobody's secret.
RESTLESS = {"web_sessions"}
#: Whoever queues something sends what others had queued as well.
_ROW = "(to_jsonb(t) - 'sent_at')::text"
_OWNED = """
    select c.table_name::text, array_agg(c.column_name::text order by c.column_name) from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and c.column_name in ('creditor_id', 'agency_id', 'organisation_id') group by 1 order by 1
"""


@dataclass
class Neighbours:
    """The first creditor and agency, whose rows are watched, and everybody of the second ones."""

    ports: Ports
    world: people.World
    superuser: Engine
    creditor: Actor = field(init=False)
    agency: Actor = field(init=False)
    #: Table -> the columns that say whose a row is.
    owned: dict[str, list[str]] = field(init=False)
    #: The applications of the first agency, quoted.
    handles: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.creditor, self.agency = self.world.actor(Role.DIRECTOR), self.world.actor(Role.MANAGER)
        rival = self.world.actor(Role.MANAGER, organisation=1)
        # What one agency of a creditor holds is as little the business of another agency of the same creditor.
        loop.place_with(self.ports, self.creditor, rival, [loop.NewCase("RIVAL-1", 100_000)])
        loop.acknowledge_all(self.ports, rival)
        self._settle(self.creditor, self.agency, SENTINEL)
        # The second ones have data too, or seeing nothing would be no wonder.
        self._settle(self.world.actor(Role.DIRECTOR, organisation=1), rival, "OTRO")
        self._watch()
        # Last, because a letter that was sent leaves nothing of its address behind.
        for actor in (self.creditor, self.agency):
            identities.settle(self.ports, actor, SENTINEL)
        with self.superuser.connect() as connection:
            self.owned = {row[0]: row[1] for row in connection.execute(text(_OWNED))}
            applied = text("select quote_literal(handle) from applications where agency_id = :agency")
            self.handles = list(connection.scalars(applied, {"agency": self.agency.tenant}))

    def strangers(self) -> list[Role]:
        """Every role of the second creditor and agency."""
        return [role for role in Role if SIDE_OF[role] is not Side.PLATFORM]

    def ids(self, kind: str) -> list[int]:
        """The first and the last id of the first ones' rows, the creditor's and the agency's."""
        table = TABLES[kind]
        if kind == "organisation":
            return [self.creditor.tenant]
        if kind == "counterpart":
            # The first agency, with which only the first creditor has to do.
            return [self.agency.tenant]
        if "organisation_id" in self.owned[table] and table not in APPLICATIONS:
            owners = [f"organisation_id = {actor.tenant}" for actor in (self.creditor, self.agency)]
        else:
            owners = [self.where(table)]
        with self.superuser.connect() as connection:
            found = [
                connection.execute(text(f"select min(id), max(id) from {table} where {owner}")).one()
                for owner in owners
            ]
        return sorted({number for pair in found for number in pair if number is not None})

    def digest(self) -> dict[str, tuple[int, str]]:
        """Count and hash of what belongs to the first ones in every table."""
        told = " union all ".join(
            f"select '{table}', count(*), md5(string_agg({_ROW}, '|' order by {_ROW})) from {table} t"
            f" where {self.where(table)}"
            for table in sorted({*self.owned, "organisations"} - RESTLESS)
        )
        with self.superuser.connect() as connection:
            return {table: (count, digest) for table, count, digest in connection.execute(text(told))}

    def where(self, table: str) -> str:
        """The condition of the rows that are nobody's but the first ones'."""
        creditor, agency = self.creditor.tenant, self.agency.tenant
        if table in APPLICATIONS:
            # By name: a condition that asked a table would stop at the wall of that one.
            return f"handle in ({', '.join(self.handles)})"
        columns = self.owned.get(table, ["id"])
        if "organisation_id" in columns or columns == ["id"]:
            return f"{'organisation_id' if 'organisation_id' in columns else 'id'} in ({creditor}, {agency})"
        if columns == ["agency_id"]:
            return f"agency_id = {agency}"
        if "agency_id" in columns:
            return f"creditor_id = {creditor} and (agency_id = {agency} or agency_id is null)"
        return f"creditor_id = {creditor}"

    def _settle(self, creditor: Actor, agency: Actor, mark: str) -> None:
        ports, accounts = self.ports, [f"{mark}-{number}" for number in range(7)]
        standings.settle(self.ports, self.world.operator, agency, mark, is_first=mark == SENTINEL)
        debts = [
            loop.NewCase(account, 100_000 + 50 * at, phones=(f"+57300{creditor.tenant}{at:05}",), name=f"{mark} Pérez")
            for at, account in enumerate(accounts)
        ]
        agreed = {"lines": by_age([AgeBand(180, 2_500)]), "promises": CUSTOMARY_PROMISES}
        loop.place_with(ports, creditor, agency, debts, **agreed)
        reject_one(ports, agency, accounts[6], note=mark)
        loop.acknowledge_all(ports, agency)
        handing.settle(ports, creditor, agency, accounts[0], mark)
        self._report(creditor, agency, mark, accounts)
        attested.begin_draft(ports, creditor, agency, mark)
        loop.draft(ports, creditor, [loop.add_mandate(ports, creditor, agency)])
        market.settle(ports, creditor, agency, mark)
        self._locate(creditor, agency, mark)
        self._take_back(creditor, agency, mark, accounts[4], accounts[5])
        self._amend(creditor, mark, accounts)
        self._liken(creditor, mark)
        incidents.settle(ports, creditor, agency, accounts[1], mark)
        subjects.settle(ports, creditor, accounts[3], mark)
        self._send(creditor, agency, mark)
        self._ask(creditor, agency)

    def _watch(self) -> None:
        """Somebody of each looked at a case, and both chains were walked."""
        for actor in (self.creditor, self.agency):
            with self.ports.session(actor) as session, transaction(session):
                case_id = session.scalars(select(Case.id).order_by(Case.id)).first()
                reads.note(session, actor, ReadKind.PAGE, [(self.creditor.tenant, case_id)], now=self.ports.now())
            with self.ports.session(PLATFORM) as session, transaction(session):
                chains.check(session, actor.tenant, now=self.ports.now())

    def _report(self, creditor: Actor, agency: Actor, mark: str, accounts: list[str]) -> None:
        """A month is reported whole, and one payment of it corrected; what was done is judged."""
        ports = self.ports
        with ports.session(creditor) as session, transaction(session):
            reports.open_periods(session, creditor, now=loop.REPORTED_AT)
        with ports.session(agency) as session:
            february = select(Report.id).where(
                Report.creditor_id == creditor.tenant, Report.period_start == date(2026, 2, 1)
            )
            # The rival has one of the first creditor's for each of its mandates.
            report = session.scalars(february.order_by(Report.id.desc())).first()
        paid = [loop.paid(account, 5_000, payment_ref=f"{mark}-P{at}") for at, account in enumerate(accounts[:3])]
        loop.report_payments(ports, agency, creditor, paid, report_id=report)
        night = datetime(2026, 2, 4, 3, tzinfo=UTC)
        worked = [loop.worked(account, night) for account in accounts[:2]]
        loop.report_activities(ports, agency, creditor, worked, report_id=report)
        corrected = loop.paid(accounts[0], 7_000, payment_ref=f"{mark}-P0")
        loop.report_payments(ports, agency, creditor, [corrected], report_id=report)
        self._tell(creditor, agency, mark, accounts[0])
        with ports.session(creditor) as session, transaction(session):
            people = conduct.people_of(session, creditor, {})
            conduct.judge_people(session, creditor, people, now=loop.REPORTED_AT)

    def _tell(self, creditor: Actor, agency: Actor, mark: str, account: str) -> None:
        """A promise, a list in which not all is right, and a case that is about to be given back by a file."""
        made, due = date(2026, 2, 3), date(2026, 2, 9)
        promised = {"account_ref": account, "made_on": made, "promised_on": due, "amount": 900, "plan_ref": mark}
        listed = {"account_ref": f"{mark}-AJENA", "balance": 5, "status": mark}
        reporting.report(self.ports, agency, creditor, UploadKind.PROMISES, [promised])
        reporting.report(self.ports, agency, creditor, UploadKind.INVENTORY, [listed])
        reporting.stage(self.ports, agency, creditor, UploadKind.CLOSURES, [{"account_ref": mark, "code": "fraud"}])

    def _ask(self, creditor: Actor, agency: Actor) -> None:
        """Two persons of the creditor settled on a limit; on either side another one waits for the second person."""
        number, now = [one.id for one in self.world.creditors].index(creditor.tenant), self.ports.now()
        asked = approving.ask_for_limit(self.ports, creditor, 90, now=now)
        approving.approve(self.ports, self.world.actor(Role.FINANCE, organisation=number), asked, now=now)
        for actor in (creditor, agency):
            approving.ask_for_limit(self.ports, actor, 80, now=now)
            operator = self.world.operator
            with self.ports.session(operator) as session, transaction(session):
                supporting.ask(session, operator, actor.tenant, reason="ver el informe", minutes=5, now=now)

    def _send(self, creditor: Actor, agency: Actor, mark: str) -> None:
        """Files wait: one whose columns are to be confirmed, and checked ones with rows that nobody may take."""
        ports, sheet = self.ports, portfolio(creditor.tenant, 60)
        for actor, kind in ((creditor, UploadKind.PORTFOLIO), (agency, UploadKind.ACTIVITIES)):
            with ports.session(actor) as session, transaction(session):
                saved.remember_codes(session, actor, kind, {"channel": {mark: "call"}}, now=ports.now())
        found = "tipo,dato,clase fuente,referencia fuente,fecha"
        lines = [f"{mark}-LOST-1,telefono,3115550102,runt,{mark},2026-02-03", f"{mark},telefono,1,runt,x,2026-02-03"]
        big = {"kind": UploadKind.PORTFOLIO, "filename": f"{mark}-grande.csv", "size_bytes": 10, "largest": 100}
        with ports.session(creditor) as session, transaction(session):
            transfers.begin(session, creditor, **big, now=ports.now())
            columns = (Column(mark, 1, 10), Column("saldo", 11, 10))
            filelayouts.add_layout(session, creditor, name=mark, columns=columns, begins_with="", now=ports.now())
        receive(ports, creditor, sheet.data + f"{mark},CC,1,{mark},Cali,Tarjeta,1,1,2\n".encode(), f"{mark}.csv")
        send(ports, creditor, sheet)
        findings = table(f"{mark}.csv", f"obligacion,{found}", lines)
        send(ports, agency, findings, kind=UploadKind.FINDINGS, creditor_id=creditor.tenant)
        tasks.perform_due(ports)

    def _amend(self, creditor: Actor, mark: str, accounts: list[str]) -> None:
        """The creditor has news of its cases, was paid itself, and has sent a list of cases to take back."""
        header = "obligacion,saldo total,ciudad,retenido,motivo retencion,celular"
        creditor_files.update(self.ports, creditor, f"{accounts[1]},900.00,{mark},SI,{mark},3105550199", header=header)
        creditor_files.pay(self.ports, creditor, f"{accounts[2]},{mark}-D1,2026-02-03,10.00,COP")
        day = self.ports.now().date() + timedelta(days=7)
        listed = [f"{accounts[3]},estrategia,{day},{mark}"]
        creditor_files.checked(self.ports, creditor, UploadKind.RECALL_LIST, creditor_files.RECALLED, listed)

    def _liken(self, creditor: Actor, mark: str) -> None:
        """Two debtors of the creditor may be one person, which nobody has decided."""
        alike = {"name": f"{mark} Doble", "phones": (f"+57301{creditor.tenant}000000",)}
        loop.add_cases(self.ports, creditor, [loop.NewCase(f"{mark}-DOBLE-{n}", 10_000, **alike) for n in range(2)])
        with self.ports.session(creditor) as session, transaction(session):
            brought = session.scalar(select(func.max(Portfolio.upload_id)))
            assert matches.find(session, creditor, brought, now=self.ports.now()) == 1

    def _take_back(self, creditor: Actor, agency: Actor, mark: str, recalled: str, returned: str) -> None:
        """One case is recalled for next week, and another one is given back."""
        now = self.ports.now()
        with self.ports.session(creditor) as session, transaction(session):
            numbers = select(Case.account_ref, Case.id).where(Case.account_ref.in_([recalled, returned]))
            ids = dict(session.execute(numbers).all())
            recalls.request(
                session,
                creditor,
                Scope(case_ids=(ids[recalled],)),
                reason=RecallReason.STRATEGY,
                effective_on=now.date() + timedelta(days=7),
                note=mark,
                now=now,
            )
        with self.ports.session(agency) as session, transaction(session):
            back = {"case_ids": [ids[returned]], "code": ReturnCode.DISPUTED, "note": mark}
            returns.give_back(session, agency, **back, now=now)

    def _locate(self, creditor: Actor, agency: Actor, mark: str) -> None:
        """Two people nobody reaches are ordered; of one a phone with its evidence is handed in."""
        ports = self.ports
        lost = [loop.NewCase(f"{mark}-LOST-{number}", 70_000, name=f"{mark} Perdido") for number in range(2)]
        loop.add_cases(ports, creditor, lost)
        people = locating.People(Selection(search=f"{mark}-LOST"))
        mandate = locating.locate_mandate(ports, creditor, agency)
        batch = locating.order(ports, creditor, mandate, people, due_on=locating.soon(), now=ports.now(), name=mark)
        first, _ = locating.take_on(ports, agency, batch)
        (incoming := ports.storage.incoming()).write(mark.encode())
        file = StoredFile(f"evidence/{first.id}", f"{mark}.txt", "text/plain", incoming.size, incoming.digest())
        incoming.keep(file.key)
        found = locating.phone(found_on=date(2026, 2, 3), source_ref=f"{mark} 88", file=file)
        [number] = locating.find(ports, agency, first.id, [found], now=ports.now())
        locating.grade(ports, creditor, number, LocateGrade.MATCHED_UNVERIFIED, now=ports.now())
