"""Files of fixed width: Metro 2 by itself, an organisation's own layouts, and lines that are no records."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from agencies.kernel.errors import Forbidden
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal.jobs import tasks
from portal.ports import Ports
from tests.realfiles import real_folder
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import look, opened, sent, text_of
from uploads import filelayouts, opening
from uploads.checking.control import Control
from uploads.filelayouts import LayoutUnusable
from uploads.formats.fixedwidth import Column, Layout, Tally, is_even, recognise, rows, shipped
from uploads.models import UploadState

COLUMNS = (Column("obligacion", 1, 10), Column("nombre", 11, 10), Column("saldo", 21, 7))
FIXED = b"0000000001ANA RUIZ  0001500\r\n0000000002LUIS MORA 0002750\r\n"


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def metro2_text() -> bytes:
    folder = real_folder("metro2")
    with zipfile.ZipFile(next(folder.glob("*.zip"))) as archive:
        return archive.read(archive.namelist()[0])


def cut(text: str, layout: Layout) -> tuple[list[list[str]], Tally]:
    tally = Tally()
    return list(rows(text.splitlines(), layout, tally)), tally


def test_the_real_metro_2_file_gives_its_control_totals():
    text = metro2_text().decode("latin-1")
    layout = recognise(text[:5000])
    assert layout is shipped()["metro2"]
    found, tally = cut(text, layout)
    assert (tally.records, tally.unreadable, tally.left_out, tally.declared) == (1_997, 1, 2, 564_618)
    assert tally.segments == {"J1": 395, "J2": 417}
    names = layout.header
    base = [dict(zip(names, row, strict=True)) for row in found if len(row) > 1]
    assert len({row["account number"] for row in base}) == 1_997
    assert sum(int(row["original charge-off amount"]) for row in base) == 19_498_652
    assert sum(int(row["original charge-off amount"]) > 0 for row in base) == 1_258
    assert sum(int(row["current balance"]) for row in base) == 9_002_379
    # One account is 15 below nothing; the published total leaves it out.
    past_due = [int(row["amount past due"]) for row in base]
    assert (sum(amount for amount in past_due if amount > 0), min(past_due)) == (28_759, -15)
    statuses = [row["account status"] for row in base]
    assert [statuses.count(code) for code in ("97", "13", "11", "71")] == [1_231, 366, 323, 31]
    assert {len(row["open date"]) for row in base} <= {0, 10}
    assert {row["currency"] for row in base} == {"USD"}


def test_the_real_metro_2_file_is_opened_as_it_comes(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, metro2_text(), "m2.txt")
    assert (upload.state, upload.container["layout"], upload.container["unreadable"]) == (
        UploadState.RECEIVED, "metro2", 1,
    )  # fmt: skip
    assert upload.control == {
        "rows": 564_618, "amount_minor": None, "currency": None, "source": "trailer",
    }  # fmt: skip
    lines = list(csv.reader(io.StringIO(text_of(ports, upload))))
    # A row of the text is the line of the file: the header of the file is where the header of the text is not counted.
    assert (upload.offset_line, len(lines)) == (0, 2_001)
    assert lines[1] == []
    assert len(upload.sample[0]) == len(upload.header)


def test_what_the_sender_typed_wins_over_the_trailer(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, metro2_text(), "m2.txt", control=Control(rows=1_998))
    assert upload.control["rows"] == 1_998


def test_records_are_cut_at_their_places_and_other_lines_reported():
    layout = Layout("own:x", "x", COLUMNS)
    found, tally = cut("0000000001ANA RUIZ  0001500\nCORTADA\n\n0000000002ÑUÑO ÁVILA0002750", layout)
    assert found == [
        ["0000000001", "ANA RUIZ", "0001500"], ["\x1aCORTADA"], [], ["0000000002", "ÑUÑO ÁVILA", "0002750"],
    ]  # fmt: skip
    assert (tally.records, tally.unreadable) == (2, 1)


def test_a_layout_with_a_filter_leaves_other_lines_out():
    layout = Layout("own:x", "x", COLUMNS, record="00000", is_selective=True)
    found, tally = cut("ENCABEZADO 2026\n0000000001ANA RUIZ  0001500\nTOTAL 1", layout)
    assert found == [[], ["0000000001", "ANA RUIZ", "0001500"], []]
    assert (tally.records, tally.left_out, tally.unreadable) == (1, 2, 0)


@pytest.mark.parametrize(
    ("head", "is_whole", "expected"),
    [
        (FIXED.decode(), True, True),
        ("0000000001ANA\r\n0000000002LUIS MORA 0002750\r\n", True, False),
        ("una linea sola de texto", True, False),
        ("corta\ncorta\n", True, False),
        ("0000000001ANA RUIZ\n0000000002LUIS MORA\n00000", False, False),
        ("0000000001ANA RUIZ\n0000000002LUISMORA\n00000", False, True),
    ],
)
def test_lines_of_one_length_are_records(head: str, is_whole: bool, expected: bool):
    assert is_even(head, is_whole=is_whole) is expected


def add(ports: Ports, actor: Actor, columns=COLUMNS, name: str = "Núcleo", begins_with: str = "") -> None:
    with ports.session(actor) as session, transaction(session):
        filelayouts.add_layout(session, actor, name=name, columns=columns, begins_with=begins_with, now=ports.now())


def choose(ports: Ports, actor: Actor, upload_id: int, **given: object):
    with ports.session(actor) as session, transaction(session):
        opening.choose_sheet(session, actor, upload_id, now=ports.now(), **given)
    tasks.perform_due(ports)
    return look(ports, actor, upload_id)


def test_a_file_without_separators_waits_for_a_layout_and_keeps_its_bytes(ports: Ports, tenants: Tenants):
    waiting = sent(ports, tenants.creditor, FIXED, "cartera.txt")
    assert (waiting.state, waiting.header, waiting.container["needs_layout"]) == (UploadState.RECEIVED, [], True)
    add(ports, tenants.creditor)
    upload = choose(ports, tenants.creditor, waiting.id, layout="own:Núcleo")
    assert (upload.state, upload.header) == (UploadState.RECEIVED, ["obligacion", "nombre", "saldo"])
    assert upload.sample == [["0000000001", "ANA RUIZ", "0001500"], ["0000000002", "LUIS MORA", "0002750"]]


def test_a_layout_that_fits_no_line_leaves_the_file_as_it_was(ports: Ports, tenants: Tenants):
    waiting = sent(ports, tenants.creditor, FIXED, "cartera.txt")
    add(ports, tenants.creditor, (Column("a", 1, 5), Column("b", 900, 5)))
    upload = choose(ports, tenants.creditor, waiting.id, layout="own:Núcleo")
    assert upload.state is UploadState.RECEIVED
    assert upload.container["notes"][0]["fault"] == "no_records"


def test_another_organisation_s_layout_is_not_there(ports: Ports, tenants: Tenants):
    add(ports, tenants.other_creditor)
    waiting = sent(ports, tenants.creditor, FIXED, "cartera.txt")
    with pytest.raises(opening.NothingToChoose):
        choose(ports, tenants.creditor, waiting.id, layout="own:Núcleo")
    with ports.session(tenants.creditor) as session:
        assert filelayouts.list_layouts(session, tenants.creditor) == []


@pytest.mark.parametrize(
    "columns",
    [
        (),
        COLUMNS[:1],
        (Column("a", 0, 5), Column("b", 6, 5)),
        (Column("a", 1, 0), Column("b", 6, 5)),
        (Column("a", 1, 5), Column("A", 6, 5)),
        (Column("a", 1, 5), Column("b", 6, 99_999)),
        (Column(" ", 1, 5), Column("b", 6, 5)),
    ],
)
def test_columns_that_make_no_layout_are_refused(ports: Ports, tenants: Tenants, columns):
    with pytest.raises(LayoutUnusable):
        add(ports, tenants.creditor, columns)


def test_whoever_sends_no_files_describes_no_layouts(ports: Ports, tenants: Tenants):
    nobody = Actor(side=tenants.creditor.side, organisation_id=tenants.creditor.organisation_id)
    with pytest.raises(Forbidden):
        add(ports, nobody)
