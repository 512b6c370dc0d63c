"""Other systems act, by key: once for each word they send, of the right form, and no oftener than is allowed."""

from __future__ import annotations

import dataclasses
import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import api_answers
from agencies.organisations.api_answers import ApiAnswer
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from portal import keeping
from portal.app import create_app
from portal.jobs.tasks import perform_due
from tests import keys, loop
from tests.portal.test_uploads import GOOD, columns, file
from uploads.models import Upload


@pytest.fixture
def director(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def manager(world):
    return world.actor(Role.MANAGER)


@pytest.fixture
def bank(app, world, director):
    return keys.system(app, world.ports, director)


@pytest.fixture
def agency(app, world, manager):
    return keys.system(app, world.ports, manager)


@pytest.fixture
def consignment(world, director, manager, agency):
    """The address of a consignment that waits for the agency."""
    loop.place_with(world.ports, director, manager, loop.some_cases(2))
    [one] = agency.get("/api/v1/consignments").json["data"]
    return f"/api/v1/consignments/{one['id']}"


def acknowledged(world, manager) -> int:
    """How often the agency is written down to have taken a consignment on."""
    with world.ports.session(manager) as session:
        return session.scalar(text("select count(*) from audit_events where action = 'consignment.acknowledged'"))


def test_an_agency_takes_a_consignment_on_and_the_trail_names_the_key(world, manager, agency, consignment, sign_in):
    answer = agency.post(f"{consignment}/acknowledge")

    assert (answer.status_code, answer.json["state"]) == (200, "acknowledged")
    assert agency.get(consignment).json["acknowledged_at"]
    with world.ports.session(manager) as session:
        body = session.scalar(text("select body from audit_events where action = 'consignment.acknowledged'"))
    assert f'"key":{agency.key_id}' in body
    assert "Sistema central" in sign_in(Role.MANAGER).get("/audit/").text
    assert "Sistema central" not in sign_in(Role.DIRECTOR).get("/audit/").text


def test_the_same_request_again_is_answered_alike_and_done_once(world, manager, agency, consignment):
    first, again = (agency.post(f"{consignment}/acknowledge", word="w-1") for _ in range(2))

    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert acknowledged(world, manager) == 1


def test_a_word_that_was_used_for_another_request_is_refused(bank):
    assert bank.send(file(GOOD), kind="portfolio", word="w-1").status_code == 201
    for other in (
        bank.send(file(GOOD[:-1]), kind="portfolio", word="w-1"),
        bank.send(file(GOOD), kind="portfolio_update", word="w-1"),
        bank.send(file(GOOD), kind="portfolio", word="w-1", name="otro.csv"),
    ):
        assert (other.status_code, other.json["errors"][0]["pointer"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("word", ["", " ", "x" * 201, "eñe", "two words"])
def test_without_a_word_of_its_own_nothing_is_done(world, manager, agency, consignment, word):
    answer = agency.post(f"{consignment}/acknowledge", word=word)

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "Idempotency-Key")
    assert acknowledged(world, manager) == 0


def test_a_refusal_is_not_kept_and_what_was_mended_goes_through_with_the_same_word(bank):
    assert bank.send(file(GOOD), kind="portfolio", word="w-1", creditor="x").status_code == 422
    assert bank.send(file(GOOD), kind="portfolio", word="w-1").status_code == 201


def test_of_twins_at_once_one_acts_and_the_others_wait_for_its_answer(app, world, manager, agency, consignment):
    codes, start = [], threading.Barrier(6)

    def twin():
        robot = keys.System(app.test_client(), agency.secret)
        start.wait()
        codes.append(robot.post(f"{consignment}/acknowledge", word="w-1").status_code)

    threads = [threading.Thread(target=twin) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert set(codes) <= {200, 409}
    assert 200 in codes
    assert acknowledged(world, manager) == 1


def test_a_twin_meanwhile_is_told_to_come_again(world, manager, agency, consignment):
    with world.ports.session(manager) as session, transaction(session):
        api_answers.hold(session, manager, "w-1", now=utc_now())
        meanwhile = agency.post(f"{consignment}/acknowledge", word="w-1")

    assert (meanwhile.status_code, meanwhile.json["code"]) == (409, "twin_at_work")
    assert agency.post(f"{consignment}/acknowledge", word="w-1").status_code == 200


def test_another_organisation_s_words_are_its_own(app, world, bank, agency):
    assert bank.send(file(GOOD), kind="portfolio", word="w-1").status_code == 201
    rival = keys.system(app, world.ports, world.actor(Role.DIRECTOR, organisation=1))
    theirs = rival.send(file(GOOD), kind="portfolio", word="w-1")

    assert (theirs.status_code, "Idempotent-Replayed" in theirs.headers) == (201, False)


def test_an_answer_is_kept_for_a_day_and_swept(world, manager, agency, consignment):
    agency.post(f"{consignment}/acknowledge", word="w-1")
    with world.ports.session(manager) as session:
        made_at = session.scalar(select(ApiAnswer.made_at))

    def left(after: timedelta) -> int:
        with world.ports.session(manager) as session:
            for step in keeping.sweep_steps(world.ports, now=made_at + after):
                with transaction(session):
                    step(session, manager)
            return session.scalar(select(func.count()).select_from(ApiAnswer))

    assert (left(timedelta(hours=23, minutes=59)), left(timedelta(hours=24))) == (1, 0)


def test_a_file_goes_all_the_way_to_cases_once_its_columns_were_confirmed(world, director, bank, sign_in):
    first = bank.send(file(GOOD), kind="portfolio")
    assert (first.status_code, first.json["state"]) == (201, "received")
    page = f"/uploads/{first.json['id']}"
    person = sign_in(Role.ANALYST)
    assert person.post(f"{page}/columns", columns(person.get(page).text)).status_code == 303
    perform_due(world.ports)

    second = bank.send(file([one.replace("A-", "B-") for one in GOOD]), kind="portfolio")
    address = f"/api/v1/files/{second.json['id']}"
    assert second.json["state"] == "checking"
    perform_due(world.ports)
    assert bank.get(address).json["rows"]["good"] == 3
    assert bank.post(f"{address}/apply", {"good_rows_only": False}).status_code == 202
    perform_due(world.ports)
    told = bank.get(address).json
    assert (told["state"], told["rows"]["applied"]) == ("applied", 3)
    with world.ports.session(director) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 3
        assert session.scalars(select(Upload.created_by)).all() == [None, None]
    assert person.get(f"/uploads/{second.json['id']}").status_code == 200


def test_the_same_bytes_again_are_the_same_file(bank):
    first, again = (bank.send(file(GOOD), kind="portfolio") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"]


def test_an_agency_sends_reports_for_the_creditors_it_serves_and_for_no_other(world, bank, agency, consignment):
    served = agency.get(consignment).json["creditor"]["id"]
    stranger = world.ports.references.encode("organisation", world.creditors[1].id)
    data = b"numero_obligacion,fecha_pago,valor\nX-1,2026-02-03,1000\n"

    assert agency.send(data, kind="payments", creditor=served).status_code == 201
    assert agency.send(data, kind="payments", creditor=stranger).status_code == 404
    assert agency.send(data, kind="portfolio", creditor=served).status_code == 403
    assert agency.send(data, kind="payments").status_code == 422


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "portfolio", "organisation_id": "7"}, "#/organisation_id"),
        ({"kind": "portfolio", "state": "applied"}, "#/state"),
        ({}, "#/kind"),
        ({"kind": "findings"}, "#/kind"),
        ({"kind": "portfolio", "creditor": "x"}, "#/creditor"),
    ],
)
def test_a_form_with_unknown_missing_or_misplaced_fields_is_refused(world, director, bank, fields, pointer):
    answer = bank.send(file(GOOD), **fields)

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    with world.ports.session(director) as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b'{"good_rows_only": true}', "text/plain", 415),
        (b'{"good_rows_only": true}', "", 415),
        (b"good_rows_only=true", "application/x-www-form-urlencoded", 415),
        (b'{"good_rows_only": "yes"}', "application/json", 422),
        (b'{"good_rows_only": true, "applied_by": 1}', "application/json", 422),
        (b'{"good_rows_only": true, "good_rows_only": false}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"{", "application/json", 422),
        (b'{"good_rows_only": NaN}', "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b"", "application/json", 422),
    ],
)
def test_a_body_of_another_type_or_form_is_refused(bank, data, kind, status):
    address = f"/api/v1/files/{bank.send(file(GOOD), kind='portfolio').json['id']}/apply"
    headers = {"Idempotency-Key": "w-2"}
    answer = bank.open(address, "POST", headers=headers, data=data, content_type=kind)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_file_comes_as_parts_and_in_no_other_way(bank):
    headers = {"Idempotency-Key": "w-1"}
    answer = bank.open("/api/v1/files", "POST", headers=headers, data=file(GOOD), content_type="text/csv")
    twice = {"kind": "portfolio", "file": [(io.BytesIO(b"a"), "a.csv"), (io.BytesIO(b"b"), "b.csv")]}

    assert answer.status_code == 415
    assert bank.open("/api/v1/files", "POST", headers=headers, data=twice).status_code == 422


def test_what_cannot_be_done_now_says_so_by_a_word_for_programs(bank):
    sent = bank.send(file(GOOD), kind="portfolio").json["id"]
    answer = bank.post(f"/api/v1/files/{sent}/apply", {})

    assert (answer.status_code, answer.json["code"]) == (409, "upload_moved_on")


@pytest.fixture
def hurried(settings):
    """An instance where a key may call five times a minute."""
    app = create_app(dataclasses.replace(settings, api_calls_per_minute=5))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    yield app
    with app.app_context():
        app.extensions["encargo"].engine.dispose()


def test_every_answer_says_what_is_left_and_a_burst_is_refused_until_later(hurried, world, director, manager):
    robot = keys.system(hurried, world.ports, director)
    answers = [robot.get("/api/v1/me") for _ in range(6)]

    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=5;w=60, "organisation";q=20;w=60'
    assert [one.headers["RateLimit"].split(";")[1] for one in answers[:5]] == [f"r={left}" for left in (4, 3, 2, 1, 0)]
    assert answers[5].mimetype == "application/problem+json"
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 61
    assert keys.system(hurried, world.ports, manager).get("/api/v1/me").status_code == 200


def test_more_keys_are_no_way_round_the_limit_of_the_organisation(hurried, world, director):
    robots = [keys.system(hurried, world.ports, director) for _ in range(5)]
    statuses = [robot.get("/api/v1/consignments").status_code for robot in robots for _ in range(5)]

    assert statuses == [200] * 20 + [429] * 5


def test_without_redis_keys_are_still_counted(settings, world, director):
    app = create_app(dataclasses.replace(settings, redis_url="redis://127.0.0.1:1/0", api_calls_per_minute=5))
    robot = keys.system(app, world.ports, director)
    answers = [robot.get("/api/v1/me") for _ in range(7)]

    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "RateLimit" in answers[-1].headers
    app.extensions["encargo"].engine.dispose()
