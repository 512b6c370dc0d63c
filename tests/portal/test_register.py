"""What leaves the portal about attestations: the matrix of any day, a dossier with hashes, a text as it was signed."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import create_engine, text

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Role
from agencies.standing import panel
from tests.attested import accept_all, attest_all, revoke_one
from tests.disclosed import CLOUD, publish
from tests.people import MADE_AT, World
from tests.portal.test_attestations import PDF, sign_one

TODAY = local_date(utc_now(), "America/Bogota")


@pytest.fixture
def partners(world: World):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)
    return creditor, agency


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def cells(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def dossier_of(world, actor) -> str:
    return f"/attestations/with/{world.ports.references.encode('counterpart', actor.tenant)}/dossier.zip"


def test_the_matrix_of_a_day_is_a_line_for_each_agency_and_template(sign_in, world, partners):
    creditor, agency = partners
    rival = world.actor(Role.MANAGER, organisation=1)
    attest_all(world.ports, creditor, agency, now=MADE_AT)
    attest_all(world.ports, creditor, rival, now=MADE_AT, but=["AT-02"])
    revoke_one(world.ports, creditor, agency, "AT-02", now=utc_now())
    officer = sign_in(Role.COMPLIANCE, language="en")

    today = table(officer.get("/attestations/listing.csv").data)
    before = table(officer.get(f"/attestations/listing.csv?on={TODAY - timedelta(days=1)}").data)
    sheet = cells(officer.get("/attestations/listing.xlsx").data)

    assert len(today) == len(before) == 26
    security = {line["Agency"]: line for line in today if line["Template"] == "AT-02"}
    assert (security["Cobranzas 0"]["State"], security["Cobranzas 0"]["Score of the agency"]) == ("Revoked", "0.0")
    assert security["Cobranzas 0"]["What is blocked"] == "downloads of case files"
    assert (security["Cobranzas 1"]["State"], security["Cobranzas 1"]["SHA-256 of the text"]) == ("Missing", "")
    past = {line["Agency"]: line["State"] for line in before if line["Template"] == "AT-02"}
    assert past == {"Cobranzas 0": "Accepted", "Cobranzas 1": "Missing"}
    assert {line["As of"] for line in before} == {(TODAY - timedelta(days=1)).isoformat()}
    assert (len(sheet), sheet[1][5], sheet[1][16]) == (27, "AT-01", 0.0)
    assert "downloaded the matrix of attestations" in officer.get("/audit/").text


def test_an_agency_s_name_is_no_formula_in_either_file(sign_in, world, partners):
    with world.ports.session(world.operator) as session, transaction(session):
        session.get_one(Organisation, partners[1].tenant).name = '=HYPERLINK("http://evil.example")'
    officer = sign_in(Role.COMPLIANCE, language="en")

    lines = table(officer.get("/attestations/listing.csv").data)
    book = officer.get("/attestations/listing.xlsx").data

    assert {line["Agency"] for line in lines} == {'\'=HYPERLINK("http://evil.example")'}
    assert cells(book)[1][2] == '=HYPERLINK("http://evil.example")'
    # Text, and no formula that would compute it.
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


def test_the_matrix_stands_as_of_a_day_and_a_day_to_come_is_today(sign_in, world, partners):
    creditor, agency = partners
    attest_all(world.ports, creditor, agency, now=MADE_AT)
    revoke_one(world.ports, creditor, agency, "AT-02", now=utc_now())
    officer = sign_in(Role.COMPLIANCE, language="en")

    yesterday = officer.get(f"/attestations/?on={TODAY - timedelta(days=1)}").text
    for asked in ("", f"?on={TODAY + timedelta(days=9)}", "?on=nonsense", "?on=0001-01-01x"):
        today = officer.get(f"/attestations/{asked}").text
        assert ("Revoked" in today, "As of the end of" in today) == (True, False)
    assert ("Revoked" in yesterday, "As of the end of" in yesterday) == (False, True)
    long_ago = officer.get("/attestations/?on=2020-01-01")
    assert long_ago.status_code == 200
    other = world.ports.references.encode("counterpart", agency.tenant)
    scores = officer.get(f"/attestations/with/{other}").text.partition("Score over time")[2].partition("</table>")[0]
    assert "0.0%" in scores.replace(" ", "") or "0%" in scores.replace(" ", "")
    assert "100" in scores


def test_a_dossier_holds_every_text_and_file_with_a_hash_that_fits(sign_in, world, partners):
    creditor, agency = partners
    manager, officer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    sign_one(manager, world.ports, creditor)
    accept_all(world.ports, creditor, agency, now=utc_now())
    publish(world.ports, agency, creditor, CLOUD, now=MADE_AT)

    answer = officer.get(dossier_of(world, agency))

    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    book = zipfile.ZipFile(io.BytesIO(answer.data))
    manifest = {line["File"]: line for line in table(book.read("manifest.csv"))}
    assert set(manifest) == set(book.namelist()) - {"manifest.csv"}
    for path, line in manifest.items():
        content = book.read(path)
        assert (line["SHA-256"], int(line["Bytes"])) == (hashlib.sha256(content).hexdigest(), len(content)), path
        assert line["Remark"] == ""
    assert book.read("AT-04/evidence/01-protocolo.pdf") == PDF
    signature = dict(csv.reader(io.StringIO(book.read("AT-04/signature.csv").decode())))
    assert signature["SHA-256"] == hashlib.sha256(book.read("AT-04/text-en.txt")).hexdigest()
    assert signature["Identity number"] == "52000111"
    assert "Nube Uno" in book.read("AT-03/subprocessors-v1.txt").decode()
    assert "downloaded the dossier of attestations" in officer.get("/audit/").text
    assert "downloaded the dossier of attestations" in manager.get("/audit/").text
    assert manager.get(dossier_of(world, creditor)).status_code == 200


def test_a_dossier_says_which_file_is_not_what_was_attached(sign_in, world, partners):
    creditor = partners[0]
    manager = sign_in(Role.MANAGER, language="en")
    sign_one(manager, world.ports, creditor)
    [kept] = [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]
    kept.write_bytes(b"%PDF-1.7 otra cosa")
    lines = table(zipfile.ZipFile(io.BytesIO(manager.get(dossier_of(world, creditor)).data)).read("manifest.csv"))
    assert {line["File"]: line["Remark"] for line in lines}["AT-04/evidence/01-protocolo.pdf"] == "differs"

    kept.unlink()

    lines = table(zipfile.ZipFile(io.BytesIO(manager.get(dossier_of(world, creditor)).data)).read("manifest.csv"))
    assert {line["File"]: line["Remark"] for line in lines}["AT-04/evidence/01-protocolo.pdf"] == "missing"


def test_a_signed_text_is_verified_and_leaves_byte_for_byte(sign_in, world, partners, database):
    manager = sign_in(Role.MANAGER, language="en")
    address = sign_one(manager, world.ports, partners[0])
    page, answer = manager.get(address).text, manager.get(f"{address}/text")

    assert hashlib.sha256(answer.data).hexdigest() in page
    assert "The text matches its fingerprint" in page
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("alter table attestation_signatures disable trigger append_only"))
        connection.execute(text("update attestation_signatures set text = replace(text, '24', '48')"))
        connection.execute(text("alter table attestation_signatures enable trigger append_only"))
    engine.dispose()
    assert "The text does not match its fingerprint" in manager.get(address).text


def test_a_stranger_and_whoever_may_not_look_get_none_of_it(sign_in, world, partners):
    address = sign_one(sign_in(Role.MANAGER, language="en"), world.ports, partners[0])

    for stranger in (sign_in(Role.MANAGER, organisation=1), sign_in(Role.COMPLIANCE, organisation=1)):
        assert stranger.get(f"{address}/text").status_code == 404
        assert stranger.get(dossier_of(world, partners[0])).status_code == 404
        assert stranger.get(dossier_of(world, partners[1])).status_code == 404
        assert table(stranger.get("/attestations/listing.csv").data) == []
    for role in (Role.AGENT, Role.FINANCE, Role.OPERATOR):
        assert sign_in(role).get("/attestations/listing.csv").status_code == 403
        assert sign_in(role).get(dossier_of(world, partners[0])).status_code == 403


def test_nobody_signs_in_another_s_name(sign_in, world, partners):
    manager = sign_in(Role.MANAGER, language="en")
    address = sign_one(manager, world.ports, partners[0])
    manager.post(f"{address}/withdraw")
    digest = hashlib.sha256(manager.get(f"{address}/text").data).hexdigest()
    form = {"signer_name": "Otra Persona", "signer_id": "1", "signer_role": "data_officer"}

    refused = manager.post(f"{address}/sign", {**form, "text_sha256": digest, "language": "en"})

    assert (refused.status_code, "Write your own name" in refused.text) == (400, True)
