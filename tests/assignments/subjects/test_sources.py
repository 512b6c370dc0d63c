"""An erased person is in no trace of a file: not in its sample, nor in what was wrong with a row or why it waits."""

from __future__ import annotations

from sqlalchemy import create_engine, select, text

from assignments.subjects import erasing
from assignments.subjects.models import RequestKind
from tests import creditor_files, loop, opened
from tests.subjects import ask, do, identified, matched
from uploads.models import Upload, UploadKind

HEADER = "obligacion,tipo documento,cedula,nombre completo,saldo total,celular"
#: Nobody's tax number, with a check digit that is wrong, and nobody's telephones.
NUMBER, WRONG_DIGIT, PHONE, LATER = "987654321", "2", "3019876543", "3019876999"


def everything(database, keyring) -> str:
    """All rows of all tables, and everything sealed in them in its place, as text."""
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        tables = connection.scalars(
            text("""
                select table_name from information_schema.tables
                where table_schema = 'public' and table_type = 'BASE TABLE'
            """)
        ).all()
        plain = [
            connection.scalar(text(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")) for table in tables
        ]
        sealed = opened.opened(connection, keyring)
    engine.dispose()
    return " ".join([*plain, *sealed.values()])


def file_of(last: str) -> list[str]:
    """A file whose last row, the 300th line, is somebody's."""
    others = [f"N-{n},CC,{52_000_000 + n},Persona {n},0,3001{n:06}" for n in range(2, 300)]
    return [*others, last]


def execute(database, statement: str, **known: object) -> None:
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text(statement), known)
    engine.dispose()


def test_nobody_erased_stands_in_a_sample_a_remark_or_a_reason_however_late_in_the_file(
    ports, tenants, database
) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    rows = file_of(f"N-300,NIT,{NUMBER}-{WRONG_DIGIT},Centinela Lejana,0,{PHONE}")
    upload, _loaded = creditor_files.apply(ports, creditor, UploadKind.PORTFOLIO, HEADER, rows)
    assert creditor_files.told(ports, creditor, upload, warnings=True)[300] == ("national_id", "id_check_digit")
    header = f"{creditor_files.UPDATE},celular"
    changed, _loaded = creditor_files.update(ports, creditor, f"N-300,0,COP,2026-03-10,{LATER}", header=header)
    said, _loaded = loop.report_activities(ports, agency, creditor, [loop.worked("N-300")])
    others, _loaded = loop.report_activities(ports, agency, creditor, [loop.worked("N-2")])
    execute(database, "update cases set hold_reason = 'Habla CENTINELA' where account_ref = 'N-300'")
    before = everything(database, ports.keyring)
    assert all(one in before for one in (NUMBER, PHONE, LATER, "Centinela Lejana", "CENTINELA"))
    # What an agency's file was sampled for stands with it as with any other file.
    execute(database, "update uploads set sealed_sample = 'x' where id = any(:ids)", ids=[said.id, others.id])
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ERASURE), "N-300"))
    do(ports, creditor, erasing.erase, request.id)
    for actor, gone, left in ((creditor, {upload.id, changed.id}, set()), (agency, {said.id}, {others.id})):
        with ports.session(actor) as session:
            sampled = set(session.scalars(select(Upload.id).where(Upload.sealed_sample.is_not(None))))
        assert sampled & (gone | left) == left
    execute(database, "update uploads set sealed_sample = null where id = :id", id=others.id)
    after = everything(database, ports.keyring)
    assert [one for one in (NUMBER, PHONE, LATER, "Centinela Lejana", "CENTINELA") if one in after] == []
