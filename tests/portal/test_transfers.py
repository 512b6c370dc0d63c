"""Big files in pieces over the wire: rights, the token and the limit come first; JSON says where to go on."""

from __future__ import annotations

import base64
import dataclasses
import hashlib

import pytest
from sqlalchemy import select, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from portal.app import create_app, ports_of
from tests.portal.conftest import Browser
from uploads import transfers
from uploads.models import Upload
from uploads.transfers import Transfer

PIECE = transfers.CHUNK_BYTES
DATA = b"obligacion;saldo\n" + b"".join(b"A%08d;%d,00\n" % (number, number) for number in range(300_000))


def begin(browser: Browser, **changed: object):
    form = {"kind": "portfolio", "filename": "cartera.csv", "size": str(len(DATA)), **changed}
    return browser.post("/uploads/transfers/", form)


def put(browser: Browser, address: str, offset: int, data: bytes | None = None, **headers: str):
    piece = DATA[offset : offset + PIECE] if data is None else data
    digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    told = {
        "X-CSRF-Token": browser.token(),
        "Upload-Offset": str(offset),
        "Content-Digest": f"sha-256=:{digest}:",
        **headers,
    }
    return browser.client.put(address, data=piece, headers=told, content_type="application/octet-stream")


def test_a_file_in_pieces_becomes_a_file_like_any_other(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    answer = begin(analyst, control_rows="300.000")
    assert answer.status_code == 201
    place = answer.json
    assert (place["received"], place["piece"]) == (0, PIECE)
    while place["received"] < len(DATA):
        place |= put(analyst, place["address"], place["received"]).json
    assert analyst.get(place["address"]).json["received"] == len(DATA)
    done = analyst.post(place["finish"])
    assert "cartera.csv" in analyst.get(done.json["address"]).text
    assert analyst.post(place["finish"]).json == done.json
    with world.ports.session(analyst.person.actor) as session:
        upload = session.scalars(select(Upload)).one()
        assert (upload.size_bytes, upload.sha256) == (len(DATA), hashlib.sha256(DATA).digest())
        assert upload.control["rows"] == 300_000


def test_a_piece_in_the_wrong_place_is_told_the_right_one(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    address = begin(analyst).json["address"]
    answer = put(analyst, address, PIECE)
    assert (answer.status_code, answer.json["received"]) == (409, 0)
    assert "siguiente" in answer.json["reason"]


def test_a_piece_without_its_digest_or_place_is_unreadable(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    address = begin(analyst).json["address"]
    assert put(analyst, address, 0, **{"Content-Digest": "sha-256=:!:"}).status_code == 400
    assert put(analyst, address, 0, **{"Upload-Offset": "-1"}).status_code == 400
    assert analyst.get(address).json["received"] == 0


def test_a_piece_without_the_token_of_the_session_is_refused(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    address = begin(analyst).json["address"]
    assert put(analyst, address, 0, **{"X-CSRF-Token": "guess"}).status_code == 400
    assert analyst.get(address).json["received"] == 0


def test_a_piece_larger_than_a_piece_is_cut_off(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    address = begin(analyst).json["address"]
    assert put(analyst, address, 0, bytes(PIECE + (2 << 20))).status_code == 413
    assert analyst.get(address).json["received"] == 0


def test_a_file_above_the_limit_is_refused_in_words_before_it_is_sent(settings) -> None:
    app = create_app(dataclasses.replace(settings, max_upload_bytes=1000))
    app.config["TESTING"] = True
    from tests import entering, people

    person = people.World(ports_of(app)).person(Role.ANALYST)
    browser = Browser(entering.signed_in(app, person), person)
    answer = begin(browser)
    assert answer.status_code == 400
    assert "tamaño" in answer.json["reason"]
    with app.app_context():
        ports_of(app).engine.dispose()


def test_two_pages_that_send_files_of_one_name_and_size_send_two_files(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    first, again = (begin(analyst, sender="a" * 36).json for _ in range(2))
    assert begin(analyst, sender="b" * 36).json["address"] != first["address"]
    assert begin(analyst).json["address"] != begin(analyst).json["address"]
    assert again == first
    told = put(analyst, first["address"], 0).json
    arrived = hashlib.sha256(hashlib.sha256(DATA[:PIECE]).digest()).digest()
    assert told["proof"] == base64.b64encode(arrived).decode() == analyst.get(first["address"]).json["proof"]


def test_a_transfer_whose_time_has_run_out_says_that_it_is_over(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    address = begin(analyst).json["address"]
    assert analyst.get(address).json["is_over"] is False
    with world.ports.session(analyst.person.actor) as session, transaction(session):
        session.execute(update(Transfer).values(expires_at=utc_now()))
    assert analyst.get(address).json["is_over"] is True
    refused = put(analyst, address, 0)
    assert (refused.status_code, "received" in refused.json) == (409, False)
    assert "plazo" in refused.json["reason"]


@pytest.mark.parametrize(
    "changed", [{"kind": "payments"}, {"sender": "1"}, {"size": "x"}, {"filename": ""}, {"control_rows": "muchas"}]
)
def test_what_makes_no_sense_is_refused_in_words(sign_in, changed: dict[str, str]) -> None:
    answer = begin(sign_in(Role.ANALYST), **changed)
    assert answer.status_code == 400
    assert answer.json["reason"]


def test_nobody_else_sees_feeds_or_finishes_a_transfer(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    place = begin(analyst).json
    for stranger in (sign_in(Role.ANALYST, organisation=1), sign_in(Role.DIRECTOR), sign_in(Role.MANAGER)):
        assert stranger.get(place["address"]).status_code == 404
        assert put(stranger, place["address"], 0).status_code == 404
        assert stranger.post(place["finish"]).status_code == 404
        assert stranger.post(place["cancel"]).status_code == 404
    assert sign_in(Role.FINANCE).get(place["address"]).status_code == 403
    assert analyst.get(place["address"]).json["received"] == 0


def test_a_cancelled_transfer_is_gone_with_its_pieces(sign_in, settings) -> None:
    analyst = sign_in(Role.ANALYST)
    place = begin(analyst).json
    put(analyst, place["address"], 0)
    assert analyst.post(place["cancel"]).status_code == 204
    assert analyst.get(place["address"]).status_code == 404
    assert [one for one in settings.storage_folder.rglob("*") if one.is_file()] == []
