"""Files stay in quarantine until the scanner gave a clear word, whatever else it says, and whoever asks for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.audit import AuditEvent
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from agencies.kernel.work import Work, WorkState
from agencies.organisations.permissions import Role
from agencies.standing import panel
from config import Settings
from portal.app import ports_of
from portal.jobs.tasks import perform_due
from portal.ports import Ports
from portal.scanner import ClamdScanner
from tests.people import MADE_AT
from tests.portal.test_attestations import attach, begin
from tests.portal.test_uploads import GOOD, columns, file, send
from tests.scanner import EICAR, MALWARE, Behaviour, running
from uploads import verdicts
from uploads.models import Upload, UploadState
from uploads.scanners import ScannerAddress
from uploads.verdicts import BeingScanned, FileInfected, FileVerdict, Verdict

INFECTED = file([*GOOD, f"A-9;52123459;{EICAR.decode()};Tarjeta;10,00;28/02/2026;Cali;3001234562"])
CHECKED = "Revisando si contiene software malicioso"


class Scanner:
    """The scanner of a test, which can be away."""

    def __init__(self, path: Path) -> None:
        self.path, self.behaviour = path, Behaviour()
        self._running = ExitStack()

    def start(self, way: str = "honest") -> None:
        self.stop()
        self.behaviour = Behaviour(way)
        self._running.enter_context(running(self.path, self.behaviour))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    """An honest scanner; the path of its socket must be short."""
    with tempfile.TemporaryDirectory(prefix="scan") as folder:
        made = Scanner(Path(folder) / "s")
        made.start()
        yield made
        made.stop()


@pytest.fixture
def settings(settings: Settings, scanner: Scanner) -> Settings:
    return replace(settings, scanner=ScannerAddress(path=str(scanner.path)))


@pytest.fixture
def app(app, settings):
    """The instance with a scanner it does not wait for as long as for a real one."""
    impatient = ClamdScanner(settings.scanner, answer_seconds=0.3, longest_seconds=2)
    app.extensions["encargo"] = replace(ports_of(app), scanner=impatient)
    return app


def all_verdicts(ports: Ports) -> list[FileVerdict]:
    with ports.session(WORKER) as session:
        return list(session.scalars(select(FileVerdict).order_by(FileVerdict.id)))


def the_verdict(ports: Ports) -> FileVerdict:
    (found,) = all_verdicts(ports)
    return found


def works(ports: Ports) -> list[Work]:
    with ports.session(WORKER) as session:
        return list(session.scalars(select(Work).order_by(Work.id)))


def look_again(ports: Ports) -> None:
    """What waits for a while has waited."""
    with ports.session(WORKER) as session, transaction(session):
        session.execute(text("update work set next_attempt_at = clock_timestamp() where state = 'queued'"))
    perform_due(ports)


def told(ports: Ports, actor) -> list[str]:
    with ports.session(actor) as session:
        return list(session.scalars(select(Notice.kind).where(Notice.organisation_id == actor.tenant)))


def uploads_of(ports: Ports, actor) -> list[Upload]:
    with ports.session(actor) as session:
        return list(session.scalars(select(Upload).order_by(Upload.id)))


@pytest.fixture
def draft(world, sign_in):
    """An agency's manager with an attestation that lacks its evidence: the browser and the address."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)
    manager = sign_in(Role.MANAGER)
    return manager, begin(manager, world.ports, creditor).location


def links_on(page: str, address: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('href="') if part.startswith(f"{address}/evidence/")]


def test_a_file_is_read_and_handed_out_once_it_is_found_clean(world, sign_in, scanner):
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    assert the_verdict(world.ports).verdict is Verdict.PENDING
    assert "software malicioso" in analyst.get(page).text
    assert analyst.post(f"{page}/columns", columns(analyst.get(page).text)).status_code == 303
    assert CHECKED in analyst.get(page).text
    assert analyst.get(f"{page}/original").status_code == 423

    perform_due(world.ports)
    look_again(world.ports)

    found = the_verdict(world.ports)
    assert (found.verdict, found.malware, found.signatures) == (Verdict.CLEAN, None, scanner.behaviour.version)
    assert found.judged_at is not None
    assert scanner.behaviour.seen == [file(GOOD)]
    assert uploads_of(world.ports, analyst.person.actor)[0].state is UploadState.CHECKED
    with analyst.get(f"{page}/original") as answer:
        assert answer.get_data() == file(GOOD)
    assert "software malicioso" not in analyst.get(page).text


def test_an_infected_file_is_refused_and_all_who_should_know_are_told(world, sign_in):
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, INFECTED).location
    assert analyst.post(f"{page}/columns", columns(analyst.get(page).text)).status_code == 303
    perform_due(world.ports)
    look_again(world.ports)

    actor = analyst.person.actor
    (upload,) = uploads_of(world.ports, actor)
    assert (upload.state, upload.fault, upload.rows_read, upload.sample) == (UploadState.REJECTED, "malware", 0, None)
    assert the_verdict(world.ports).malware == MALWARE
    shown = analyst.get(page).text
    assert MALWARE in shown
    assert "Ana Uno" not in shown
    assert "rechazado: contiene software malicioso" in analyst.get("/uploads/").text
    refused = analyst.get(f"{page}/original")
    assert refused.status_code in {400, 423}
    assert "upload.infected" in told(world.ports, actor)
    assert told(world.ports, world.operator) == ["file.infected_elsewhere"]
    assert MALWARE in sign_in(Role.DIRECTOR).get("/notices/").text
    with world.ports.session(actor) as session:
        events = select(func.count()).where(AuditEvent.action == "file.infected")
        assert session.scalar(events) == 1


def test_an_infected_document_is_handed_out_to_nobody_and_no_download_is_written_down(world, draft, sign_in):
    manager, address = draft
    attach(manager, address, "nota.txt", EICAR)
    (link,) = links_on(manager.get(address).text, address)
    assert "revisando si contiene software malicioso" in manager.get(address).text
    early = manager.get(link)
    perform_due(world.ports)
    late = manager.get(link)

    assert (early.status_code, late.status_code) == (423, 423)
    assert "se está revisando" in early.text
    assert MALWARE in late.text
    assert EICAR not in early.data + late.data
    assert "rechazado: contiene software malicioso" in manager.get(address).text
    assert "document.infected" in told(world.ports, manager.person.actor)
    with world.ports.session(manager.person.actor) as session:
        assert "evidence.downloaded" not in set(session.scalars(select(AuditEvent.action)))


@pytest.mark.parametrize(
    "way",
    ["away", "silent", "noise", "chatters", "half a word", "nothing", "never ends", "cuts", "too large",
     "out of memory", "contradicts"],
)  # fmt: skip
def test_without_a_clear_word_a_file_stays_in_quarantine_and_is_tried_again(world, sign_in, scanner, way):
    analyst = sign_in(Role.ANALYST)
    if way == "away":
        scanner.stop()
    else:
        scanner.start(way)
    page = send(analyst, file(GOOD)).location
    analyst.post(f"{page}/columns", columns(analyst.get(page).text))
    for _ in range(3):
        look_again(world.ports)

    assert the_verdict(world.ports).verdict is Verdict.PENDING
    (upload,) = uploads_of(world.ports, analyst.person.actor)
    assert (upload.state, upload.rows_read) == (UploadState.CHECKING, 0)
    assert analyst.get(f"{page}/original").status_code == 423
    waiting = {one.kind: (one.state, one.attempt, one.error) for one in works(world.ports)}
    assert waiting["scan_file"] == (WorkState.QUEUED, 0, "scanner_away")
    assert waiting["check_upload"] == (WorkState.QUEUED, 0, "being_scanned")
    assert told(world.ports, world.operator) == ["scanner.away"]

    scanner.start()
    look_again(world.ports)
    look_again(world.ports)
    assert the_verdict(world.ports).verdict is Verdict.CLEAN
    assert uploads_of(world.ports, analyst.person.actor)[0].state is UploadState.CHECKED


def test_the_operator_sees_how_the_scanner_stands(world, sign_in, scanner):
    send(sign_in(Role.ANALYST), file(GOOD))
    operator = sign_in(Role.OPERATOR)
    assert scanner.behaviour.version in operator.get("/work/").text
    scanner.stop()
    assert "no responde" in operator.get("/work/").text


def test_a_worker_that_dies_in_between_leaves_the_file_in_quarantine(world, sign_in):
    send(sign_in(Role.ANALYST), INFECTED)
    perform_due(world.ports)
    operator, actor = world.operator, world.actor(Role.ANALYST)
    before = told(world.ports, operator), told(world.ports, actor)
    with world.ports.session(WORKER) as session, transaction(session):
        # As if the process had died after the verdict and before the work was done.
        session.execute(text("update work set state = 'queued', next_attempt_at = clock_timestamp()"))
    perform_due(world.ports)

    assert the_verdict(world.ports).verdict is Verdict.INFECTED
    assert (told(world.ports, operator), told(world.ports, actor)) == before


def test_what_was_infected_stays_so_when_it_is_sent_again(world, sign_in, scanner):
    analyst = sign_in(Role.ANALYST)
    send(analyst, INFECTED)
    perform_due(world.ports)
    scanner.start("contradicts")
    page = send(analyst, INFECTED).location
    look_again(world.ports)

    assert the_verdict(world.ports).verdict is Verdict.INFECTED
    assert analyst.get(f"{page}/original").status_code in {400, 423}
    assert uploads_of(world.ports, analyst.person.actor)[-1].rows_read == 0


def test_the_same_bytes_are_scanned_once_by_the_same_signatures(world, draft, scanner):
    manager, address = draft
    attach(manager, address, "a.txt", b"uno")
    perform_due(world.ports)
    with world.ports.session(manager.person.actor) as session:
        key = session.scalar(select(FileVerdict.key))
    copy = key[:-4] + "abcd"
    for version, scans in ((scanner.behaviour.version, 1), ("ClamAV 1.4.3/2/later", 2)):
        scanner.behaviour.version = version
        incoming = world.ports.storage.incoming()
        incoming.write(b"uno")
        incoming.keep(copy)
        look_again(world.ports)
        assert len(scanner.behaviour.seen) == scans
    assert {one.verdict for one in all_verdicts(world.ports)} == {Verdict.CLEAN}


def test_no_way_into_the_store_passes_by_the_quarantine(world, sign_in):
    send(sign_in(Role.ANALYST), INFECTED)
    storage, key = world.ports.storage, the_verdict(world.ports).key
    owner = key.split("/")[0]
    for held in (key, f"{key}-text-1", f"{owner}/evidence/nobody-noted-it"):
        with pytest.raises(BeingScanned):
            storage.open(held)
        with pytest.raises(BeingScanned):
            storage.link(held, "x.csv", 60)
    perform_due(world.ports)
    for held in (key, f"{key}-text-1"):
        with pytest.raises(FileInfected):
            storage.open(held)
    storage.delete(key)
    assert all_verdicts(world.ports) == []


def test_files_from_before_there_was_a_scanner_wait_until_they_are_scanned(app, world, sign_in):
    ports, analyst = world.ports, sign_in(Role.ANALYST)
    page = send(analyst, file(GOOD)).location
    with ports.session(WORKER) as session, transaction(session):
        # As the database was before the table was made.
        session.execute(text("delete from file_verdicts"))
        session.execute(text("delete from outbox"))
    assert analyst.get(f"{page}/original").status_code == 423

    said = app.test_cli_runner().invoke(args=["scan-files"]).output
    look_again(ports)

    assert said.startswith("1 files wait")
    assert the_verdict(ports).verdict is Verdict.CLEAN
    with analyst.get(f"{page}/original") as answer:
        assert answer.status_code == 200
    assert app.test_cli_runner().invoke(args=["scan-files"]).output.startswith("0 files")


def test_a_file_that_was_taken_away_meanwhile_needs_no_verdict(world, draft):
    manager, address = draft
    attach(manager, address, "a.txt", b"uno")
    key = the_verdict(world.ports).key
    world.ports.quarantine.beneath.delete(key)
    perform_due(world.ports)

    assert all_verdicts(world.ports) == []
    assert {one.state for one in works(world.ports) if one.kind == verdicts.SCAN} == {WorkState.DONE}
