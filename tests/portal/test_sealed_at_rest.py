"""What names or reaches a person stands nowhere readable: in no dump of the database, in no file, Redis or log."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url, select, text

from agencies.kernel.sealing import Keyring, SealBroken
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, Debtor
from assignments.cases.queries import Selection, list_cases
from assignments.contacts.models import ContactPoint, DebtorContact
from assignments.contacts.queries import list_contacts
from portal.jobs import doorbell, queues
from portal.ports import Ports
from portal.stack import postgres
from tests import files, subjects
from tests.people import World
from tests.pipeline.files import drive, works
from tests.pipeline.product import running, until
from uploads.models import UploadKind
from uploads.options import Options
from uploads.queries import find_staged_row, get_upload, list_errors

HEADER = "obligacion;tipo documento;cedula;nombre;saldo total;celular;telefono 2;correo;direccion\n"
#: Each occurs once in what is uploaded, and nowhere else.
PEOPLE = (
    "S1;CC;79918273;Ana;100;3157718291;3157718292;centinela.uno@correo.example;Calle 91 # 77-33\n"
    "S2;CC;79918273;Ana;200;3157718293;;centinela.dos@correo.example;Carrera 92 # 77-34\n"
    "S3;CC;no-es-79918274;Eva;x;3157718294;;centinela.tres@correo.example;Calle 93 # 77-35\n"
    "S4;CC;79918275;Luz;300;llamar al 3157718295;;centinela-cuatro-sin-arroba;Calle 94 # 77-36\n"
)
UPDATE = "obligacion;celular;correo\nS1;3157718296;centinela.cinco@correo.example\n"
SENTINELS = re.compile(rb"799182\d\d|31577182\d\d|centinela|77-3\d")


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


@pytest.fixture
def loaded(ports: Ports, analyst: Actor) -> int:
    """The upload of a portfolio whose people are known by what must be seen nowhere, and an update of it."""
    upload = files.checked(ports, analyst, (HEADER + PEOPLE).encode(), options=Options(decimal=","))
    files.apply(ports, analyst, upload.id, good_rows_only=True)
    later = files.send(ports, analyst, UPDATE.encode(), kind=UploadKind.PORTFOLIO_UPDATE).upload
    files.confirm(ports, analyst, later.id)
    files.check(ports, analyst, later.id)
    files.apply(ports, analyst, later.id, good_rows_only=True)
    return upload.id


def given(ports: Ports, analyst: Actor, rows: str, kind: UploadKind) -> int:
    """The upload of a file whose check waits to be done."""
    upload = files.send(ports, analyst, rows.encode(), kind=kind).upload
    files.confirm(ports, analyst, upload.id, options=Options(decimal=","))
    return upload.id


def dumped(database) -> bytes:
    """Everything the database holds, as its superuser takes it out."""
    url = make_url(database.superuser_url)
    environment = {**os.environ, "PGHOST": url.query.get("host") or url.host or "", "PGUSER": url.username or ""}
    if url.port:
        environment["PGPORT"] = str(url.port)
    if url.password:
        environment["PGPASSWORD"] = url.password
    tool = postgres.find_binaries().folder / "pg_dump"
    found = subprocess.run([tool, database.name], env=environment, capture_output=True, check=True).stdout
    # Octets are dumped in hexadecimals, where a readable text would hide.
    octets = (bytes.fromhex(one.decode()) for one in re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", found))
    return b"\n".join([found, *octets])


def test_a_dump_of_the_database_shows_nobody(ports, analyst, database, loaded):
    dump = dumped(database)

    assert SENTINELS.findall(dump) == []
    # The dump is whole, and what may be read in it is there.
    assert b"S1" in dump
    assert b"Ana" in dump


def held(store: redis.Redis) -> bytes:
    """Everything that Redis holds at this moment, unpacked."""
    by_kind = {
        b"string": store.get,
        b"hash": store.hgetall,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"set": store.smembers,
        b"zset": lambda key: store.zrange(key, 0, -1),
        b"stream": store.xrange,
    }
    found = [(key, by_kind[kind](key)) for key in store.scan_iter() if (kind := store.type(key)) in by_kind]
    return b"\n".join(words for one in found for words in octets(one))


def octets(held: object) -> Iterator[bytes]:
    if isinstance(held, bytes):
        with suppress(zlib.error):
            yield zlib.decompress(held)
        yield held
    elif isinstance(held, Mapping):
        yield from octets(tuple(held.items()))
    elif isinstance(held, Iterable) and not isinstance(held, str):
        for one in held:
            yield from octets(one)


def test_neither_redis_nor_files_nor_logs_show_anybody(ports, settings, analyst, capfd, caplog, tmp_path):
    """Sent, checked and applied by a worker, as people do it: what is said on the way, and what lies there."""
    store, told, logs = redis.Redis.from_url(settings.redis_url), [], tmp_path / "logs"

    def is_applied():
        is_over = drive(ports, analyst, upload_id)
        doorbell.ring(ports)
        told.append(held(store))
        return is_over

    upload_id = given(ports, analyst, HEADER + PEOPLE, UploadKind.PORTFOLIO)
    doorbell.ring(ports)
    told.append(held(store))
    with running(settings, logs, workers=1, sweeps=False) as product:
        until(is_applied, seconds=60, product=product)
        upload_id = given(ports, analyst, UPDATE, UploadKind.PORTFOLIO_UPDATE)
        until(is_applied, seconds=60, product=product)
    queues.doorbell_queue(settings).delete(delete_jobs=True)
    out, err = capfd.readouterr()
    said = "".join([log.read_text() for log in logs.iterdir()]) + out + err + caplog.text

    assert SENTINELS.findall(b"".join(told)) == []
    assert SENTINELS.findall(said.encode()) == []
    # All of the work went through the one and was told in the other.
    asked = {one.id: one.kind for one in works(ports, analyst) if one.kind.endswith("_upload")}
    assert sorted(asked.values()) == ["apply_upload"] * 2 + ["check_upload"] * 2
    assert set(asked) <= {int(one) for one in re.findall(rb"\bwork (\d+)\b", b"".join(told))}
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert set(asked) <= {line["work"] for line in lines if line["event"] == "work.done"}
    beside = [one for one in Path(tempfile.gettempdir()).glob("encargo*") if one.is_file()]
    assert [one for one in beside if SENTINELS.search(one.read_bytes())] == []


def test_whoever_may_see_it_reads_all_of_it(ports, analyst, loaded):
    with ports.session(analyst) as session:
        debtors = {one.name: one for one in session.scalars(select(Debtor))}
        rows = {row.account_ref: row.id_number for row in list_cases(session, analyst, Selection()).rows}
        told = [(one.kind.value, one.value) for one in list_contacts(session, analyst, debtors["Ana"].id)]
        faults = {(one.line, one.field, one.value) for one in list_errors(session, analyst, loaded).rows}
        remarks = {(one.field, one.value) for one in list_errors(session, analyst, loaded, is_warning=True).rows}
        row = find_staged_row(session, analyst, get_upload(session, analyst, loaded), 2)
    assert (debtors["Ana"].id_number, rows["S1"], rows["S2"]) == ("79918273", "79918273", "79918273")
    assert sorted(told) == sorted(
        [
            ("phone", "3157718291"),
            ("phone", "3157718292"),
            ("phone", "3157718293"),
            ("phone", "3157718296"),
            ("email", "centinela.uno@correo.example"),
            ("email", "centinela.dos@correo.example"),
            ("email", "centinela.cinco@correo.example"),
            ("address", "Calle 91 # 77-33"),
            ("address", "Carrera 92 # 77-34"),
        ]
    )
    assert (4, "balance_total", "x") in faults
    assert ("email", "centinela-cuatro-sin-arroba") in remarks
    assert row is not None
    assert (row["national_id"], row["phone"], row["address"]) == ("79918273", "3157718291", "Calle 91 # 77-33")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"id_number": "79.918.273"}, ["Ana"]),
        ({"phone": "+57 315 771 8291"}, ["Ana"]),
        ({"phone": "3157718296"}, ["Ana"]),
        ({"email": "Centinela.Dos@correo.example"}, ["Ana"]),
        ({"id_number": "79918275", "phone": "3157718291"}, ["Ana", "Luz"]),
        ({"id_number": "79918275"}, ["Luz"]),
        ({"id_number": "7991827"}, []),
        ({}, []),
    ],
    ids=str,
)
def test_people_are_found_by_what_is_exactly_theirs(ports, world, loaded, asked, names):
    found = subjects.sought(ports, world.actor(Role.COMPLIANCE), **asked)
    assert sorted(one.name for one in found) == names
    # Who fits in one thing only is told from who fits in all.
    assert all(len(one.found_by) == 1 for one in found)


def test_another_creditor_with_the_same_person_has_another_index_and_finds_its_own(ports, world, analyst, loaded):
    other = world.actor(Role.ANALYST, organisation=1)
    upload = files.checked(ports, other, (HEADER + PEOPLE).encode(), options=Options(decimal=","))
    files.apply(ports, other, upload.id, good_rows_only=True)
    indexes = []
    for actor in (analyst, other):
        with ports.session(actor) as session:
            handler = world.actor(Role.COMPLIANCE, organisation=0 if actor is analyst else 1)
            (hit,) = subjects.sought(ports, handler, id_number="79918273")
            found = session.get_one(Debtor, (actor.tenant, hit.debtor_id))
            indexes.append((found.identity, found.document_index, found.phone_index))
    assert not set(indexes[0]) & set(indexes[1])


def test_what_is_moved_to_another_person_does_not_open(ports, analyst, loaded):
    """Whoever can write the database, and has no key, shows nobody another one's number."""
    with ports.session(analyst) as session, transaction(session):
        ana, luz = (session.scalars(select(Debtor).where(Debtor.name == name)).one() for name in ("Ana", "Luz"))
        session.execute(
            text("update debtors set sealed = :sealed where id = :id"), {"sealed": ana.sealed, "id": luz.id}
        )
    with ports.session(analyst) as session:
        luz = session.scalars(select(Debtor).where(Debtor.name == "Luz")).one()
        with pytest.raises(SealBroken):
            _ = luz.id_number
        with pytest.raises(SealBroken):
            list_cases(session, analyst, Selection())


def test_without_its_key_nothing_opens(ports, analyst, loaded):
    with ports.session(analyst) as session:
        session.info["keyring"] = Keyring({1: b"x" * 32}, b"i" * 32)
        with pytest.raises(SealBroken):
            _ = session.scalars(select(Debtor).where(Debtor.name == "Ana")).one().id_number


def test_a_point_beside_the_debtor_is_bound_to_it_too(ports, analyst, loaded):
    with ports.session(analyst) as session, transaction(session):
        ana, luz = (session.scalars(select(Debtor.id).where(Debtor.name == name)).one() for name in ("Ana", "Luz"))
        point = session.scalars(select(ContactPoint).where(ContactPoint.debtor_id == ana).limit(1)).one()
        copied = "creditor_id, portfolio_id, upload_id, kind, part, form, sealed"
        session.execute(
            text(
                f"insert into contact_points (debtor_id, {copied}) "
                f"select :luz, {copied} from contact_points where id = :id"
            ),
            {"luz": luz, "id": point.id},
        )
    with ports.session(analyst) as session:
        moved = select(DebtorContact).where(DebtorContact.debtor_id == luz, DebtorContact.place > 0)
        with pytest.raises(SealBroken):
            _ = session.scalars(moved).one().value


def test_cases_are_counted_without_any_key(ports, analyst, loaded):
    with ports.session(analyst) as session:
        del session.info["keyring"]
        assert len(session.scalars(select(Case.id)).all()) == 3
