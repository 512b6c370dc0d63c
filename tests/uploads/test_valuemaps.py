"""An agency's own codes: proposed by likeness, said once, kept to their organisation, applied from then on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files, loop
from tests.people import World
from uploads import confirming
from uploads.checking.staging import STAGED
from uploads.mapping import saved
from uploads.mapping.valuemaps import CodesImpossible, likely_code, unknown_values
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options
from uploads.queries import list_errors
from uploads.schemas.registry import SCHEMAS

ACTIVITIES = UploadKind.ACTIVITIES
HEADER = "Obligacion;Fecha gestion;Canal;Resultado;Contacto con"
MAPPING = {0: "account_ref", 1: "happened_at", 2: "channel", 3: "result", 4: "counterpart"}
OPTIONS = Options(date_order="ymd", decimal=".", currency="COP")


def data(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def row(account: str, result: str, counterpart: str = "titular") -> str:
    return f"{account};2026-02-03 10:15;llamada;{result};{counterpart}"


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def creditor(world: World) -> Actor:
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def agency(ports: Ports, world: World, creditor: Actor) -> Actor:
    """An agency that holds five cases of the creditor."""
    found = world.actor(Role.MANAGER)
    loop.place_with(ports, creditor, found, [loop.NewCase(f"A-{n}", 100_000) for n in range(5)])
    loop.acknowledge_all(ports, found)
    return found


def checked(ports: Ports, agency: Actor, creditor: Actor, content: bytes) -> Upload:
    upload = files.send(ports, agency, content, kind=ACTIVITIES, creditor_id=creditor.tenant).upload
    files.confirm(ports, agency, upload.id, MAPPING, OPTIONS)
    return files.check(ports, agency, upload.id)


def explained(ports: Ports, agency: Actor, upload_id: int, codes: dict[str, dict[str, str | None]]) -> Upload:
    with ports.session(agency) as session, transaction(session):
        confirming.explain_codes(session, agency, upload_id, codes, now=utc_now())
    return files.check(ports, agency, upload_id)


def results(ports: Ports, agency: Actor, upload_id: int) -> list[tuple[str | None, str | None]]:
    staged = STAGED[ACTIVITIES]
    query = select(staged.c.result, staged.c.counterpart).where(staged.c.upload_id == upload_id).order_by(staged.c.line)
    with ports.session(agency) as session:
        return [tuple(one) for one in session.execute(query)]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("PROMESA DE PAGO TOTAL", "promise"),
        ("no contesta el telefono", "no_answer"),
        ("Buzón", "voicemail"),
        ("numero equivocdo", "wrong_number"),
        ("NC01", None),
        ("X", None),
    ],
)
def test_a_code_is_proposed_by_its_likeness(written: str, code: str | None) -> None:
    assert likely_code(SCHEMAS[ACTIVITIES]["result"], written) == code


def test_values_of_the_sample_that_nobody_knows_are_counted() -> None:
    values = [["NC01", "nc01 ", "promesa", "ZZ9", "-", ""], ["x"] * 6]
    found = unknown_values({0: "result"}, values, SCHEMAS[ACTIVITIES], {})
    assert [(one.field, one.written, one.count) for one in found] == [("result", "NC01", 2), ("result", "ZZ9", 1)]
    assert unknown_values({0: "result"}, values, SCHEMAS[ACTIVITIES], {"result": {"nc01": None, "zz9": ""}}) == []


def test_unknown_values_are_grouped_over_the_whole_file(ports: Ports, agency: Actor, creditor: Actor) -> None:
    rows = [row(f"A-{n % 5}", ("NC01", "NC01", "RP77", "promesa")[n % 4]) for n in range(400)]
    upload = checked(ports, agency, creditor, data(*rows))
    assert upload.unknown_values == {"result": {"NC01": 200, "RP77": 100}}
    assert upload.error_counts["result:unknown_choice"] == 300


def test_what_is_said_once_is_applied_and_kept(ports: Ports, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01"), row("A-1", "RP77"), row("A-2", "promesa")))
    assert (upload.state, upload.rows_rejected) == (UploadState.CHECKED, 2)
    done = explained(ports, agency, upload.id, {"result": {"NC01": "no_answer", "RP77": "promise"}})
    assert (done.state, done.rows_good, done.rows_rejected) == (UploadState.CHECKED, 3, 0)
    assert done.unknown_values == {}
    assert [one[0] for one in results(ports, agency, done.id)] == ["no_answer", "promise", "promise"]
    following = checked(ports, agency, creditor, data(row("A-3", " nc01"), row("A-4", "RP77")))
    assert (following.rows_good, following.rows_rejected) == (2, 0)


def test_the_latest_word_on_a_code_stands(ports: Ports, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01")))
    explained(ports, agency, upload.id, {"result": {"NC01": "no_answer"}})
    done = explained(ports, agency, upload.id, {"result": {"NC01": "busy"}})
    assert [one[0] for one in results(ports, agency, done.id)] == ["busy"]
    with ports.session(agency) as session:
        assert saved.codes_of(session, agency, ACTIVITIES) == {"result": {"nc01": "busy"}}


def test_a_sender_s_word_goes_before_ours(ports: Ports, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "ocupado")))
    done = explained(ports, agency, upload.id, {"result": {"ocupado": "no_answer"}})
    assert [one[0] for one in results(ports, agency, done.id)] == ["no_answer"]


def test_rows_of_a_code_that_is_left_out_are_rejected_and_say_so(ports: Ports, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "PRUEBA"), row("A-1", "promesa")))
    done = explained(ports, agency, upload.id, {"result": {"PRUEBA": None}})
    assert (done.rows_good, done.rows_rejected) == (1, 1)
    with ports.session(agency) as session:
        [fault] = list_errors(session, agency, done.id).rows
    assert (fault.field, fault.code, fault.value) == ("result", "left_out", "PRUEBA")


def test_a_code_may_stand_for_an_empty_cell_where_it_may_be_empty(ports: Ports, agency, creditor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "promesa", "QUIEN SABE")))
    done = explained(ports, agency, upload.id, {"counterpart": {"QUIEN SABE": ""}})
    assert results(ports, agency, done.id) == [("promise", None)]


@pytest.mark.parametrize(
    "codes",
    [
        {"result": {"NC01": "no_such_code"}},
        {"result": {"NC01": ""}},
        {"account_ref": {"A-0": "x"}},
        {"no_such_field": {"x": "y"}},
    ],
)
def test_a_meaning_that_cannot_be_is_refused_whole(ports: Ports, agency: Actor, creditor: Actor, codes) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01")))
    with pytest.raises(CodesImpossible):
        explained(ports, agency, upload.id, codes)
    with ports.session(agency) as session:
        assert saved.list_codes(session, agency) == []
        assert session.get_one(Upload, (agency.tenant, upload.id)).state is UploadState.CHECKED


def test_codes_are_nobody_else_s(ports: Ports, world: World, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01")))
    explained(ports, agency, upload.id, {"result": {"NC01": "no_answer"}})
    rival = world.actor(Role.MANAGER, organisation=1)
    with ports.session(agency) as session:
        [kept] = saved.list_codes(session, agency)
    with ports.session(rival) as session, transaction(session):
        assert saved.codes_of(session, rival, ACTIVITIES) == {}
        with pytest.raises(NotFound):
            saved.forget_code(session, rival, kept.id, now=utc_now())
    with ports.session(creditor) as session, transaction(session), pytest.raises(NotFound):
        saved.forget_code(session, creditor, kept.id, now=utc_now())


def test_a_forgotten_code_is_unknown_again(ports: Ports, agency: Actor, creditor: Actor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01")))
    explained(ports, agency, upload.id, {"result": {"NC01": "no_answer"}})
    with ports.session(agency) as session, transaction(session):
        [kept] = saved.list_codes(session, agency)
        saved.forget_code(session, agency, kept.id, now=utc_now())
    again = checked(ports, agency, creditor, data(row("A-1", "NC01")))
    assert again.unknown_values == {"result": {"NC01": 1}}


def test_who_sends_no_such_files_says_nothing_of_codes(ports: Ports, world: World, agency, creditor) -> None:
    upload = checked(ports, agency, creditor, data(row("A-0", "NC01")))
    outsider = world.actor(Role.INVESTIGATOR)
    with ports.session(outsider) as session, pytest.raises(Forbidden):
        confirming.explain_codes(session, outsider, upload.id, {"result": {"NC01": "busy"}}, now=utc_now())


@pytest.mark.parametrize(
    ("kind", "field", "written", "code"),
    [
        (UploadKind.ACTIVITIES, "channel", "TEL", "call"),
        (UploadKind.ACTIVITIES, "result", "NC", "no_answer"),
        (UploadKind.ACTIVITIES, "counterpart", "TIT", "debtor"),
        (UploadKind.PROMISES, "state", "VIG", "pending"),
        (UploadKind.PROMISES, "state", "INC.", "broken"),
        (UploadKind.CLOSURES, "code", "ILOC", "untraceable"),
        (UploadKind.PAYMENTS, "received_by", "CTA BCO", "creditor"),
    ],
)
def test_what_is_short_and_usual_is_proposed(kind: UploadKind, field: str, written: str, code: str) -> None:
    assert likely_code(SCHEMAS[kind][field], written) == code
