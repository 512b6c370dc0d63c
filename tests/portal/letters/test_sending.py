"""A letter is asked for in the transaction of what it tells, and goes by a job until the server has it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from agencies.kernel import letters
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, WORKER
from agencies.kernel.work import Work, WorkState
from agencies.organisations import access, invitations, service
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from config import MailServer
from portal.jobs import tasks
from portal.postbox import SmtpPostbox
from tests import mailserver
from tests.mailserver import Received
from tests.people import PASSWORD

PLANTED_WORK = (
    "insert into work (organisation_id, kind, key, payload, state, attempt, next_attempt_at, stage, done, total,"
    " created_at) values ({}, 'apply_upload', 'x', '{{}}', 'queued', 0, now(), '', 0, 0, now())"
)
PLANTED_MESSAGE = (
    "insert into outbox (organisation_id, topic, key, payload, created_at) values ({}, 'webhook', 'x', '{{}}', now())"
)


@pytest.fixture
def received():
    return Received()


@pytest.fixture
def by_mail(app_ports, received):
    """Ports whose letters go to a real server."""
    with mailserver.running(received) as port:
        yield replace(app_ports, postbox=SmtpPostbox(MailServer("127.0.0.1", port, "none")))


def post(ports, actor, key="one", kind="factor.added", user_id=None, **details):
    with ports.session(actor) as session, transaction(session):
        letters.post(session, user_id=user_id or actor.user_id, kind=kind, key=key, now=utc_now(), **details)


def asked(ports) -> list[Work]:
    with ports.session(WORKER) as session:
        return session.query(Work).filter(Work.kind == letters.SEND).order_by(Work.id).all()


def again_now(ports):
    """Let what waits be due."""
    with ports.session(WORKER) as session, transaction(session):
        session.execute(text("update work set next_attempt_at = clock_timestamp() where state = 'queued'"))


def test_a_letter_reaches_the_person_in_their_language(by_mail, received, world):
    director = world.person(Role.DIRECTOR)
    post(by_mail, director.actor)
    assert tasks.perform_due(by_mail) == 1

    (letter,) = received.letters
    plain = letter.get_body(("plain",)).get_content()
    assert (letter["To"], letter["From"]) == (director.email, "Encargo <portal@encargo.example>")
    assert letter["Subject"] == "Se agregó un segundo factor"
    assert letter["Content-Language"] == "es"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert plain.startswith("Hola, Director 0:")
    assert "Banco 0" in plain
    world.person(Role.DIRECTOR, language="en")
    post(by_mail, director.actor, key="two")
    tasks.perform_due(by_mail)
    assert received.letters[1]["Subject"] == "A second factor was added"
    assert received.letters[1].get_body(("html",)).get_content().count("<p>") >= 4


def test_the_same_letter_asked_for_twice_is_one_and_another_organisations_key_is_its_own(by_mail, received, world):
    for _ in range(2):
        post(by_mail, world.actor(Role.DIRECTOR))
    post(by_mail, world.actor(Role.DIRECTOR, organisation=1))
    tasks.perform_due(by_mail)

    assert len(received.letters) == 2
    assert len({letter["Message-ID"] for letter in received.letters}) == 2


def test_what_was_rolled_back_is_told_to_nobody(by_mail, received, world):
    director = world.actor(Role.DIRECTOR)
    with pytest.raises(ZeroDivisionError), by_mail.session(director) as session, transaction(session):
        letters.post(session, user_id=director.user_id, kind="factor.added", key="one", now=utc_now())
        raise ZeroDivisionError
    tasks.perform_due(by_mail)

    assert (received.letters, asked(by_mail)) == ([], [])


def test_the_queue_holds_ids_and_codes_and_no_address_name_or_token(by_mail, world):
    director = world.person(Role.DIRECTOR)
    with by_mail.session(director.actor) as session, transaction(session):
        invited = service.invite(
            session, director.actor, email="nueva@b.example", name="Nadia Nueva", role=Role.ANALYST, now=utc_now()
        )
        invitations.post(session, director.actor, invited, now=utc_now())
        letters.post_to_address(
            session,
            user_id=director.actor.user_id,
            address="antes@b.example",
            kind="email.changed",
            key="elsewhere",
            now=utc_now(),
        )
    with by_mail.session(WORKER) as session:
        queued = session.scalar(
            text("select string_agg(w::text, '') || (select string_agg(o::text, '') from outbox o) from work w")
        )
    with by_mail.session(director.actor) as session:
        kept = session.scalar(text("select string_agg(a::text, '') from letter_addresses a"))

    for personal in ("nueva@b.example", "Nadia", "antes@b.example", director.email, invited.token):
        assert personal not in queued
        assert personal not in kept


def test_a_letter_to_another_address_goes_there_and_the_address_is_forgotten(by_mail, received, world):
    director = world.person(Role.DIRECTOR)
    with by_mail.session(director.actor) as session, transaction(session):
        letters.post_to_address(
            session,
            user_id=director.actor.user_id,
            address="antes@b.example",
            kind="email.restored",
            key="one",
            now=utc_now(),
        )
    tasks.perform_due(by_mail)

    assert received.envelopes[0][1] == ["antes@b.example"]
    with by_mail.session(director.actor) as session:
        assert session.scalar(text("select count(*) from letter_addresses")) == 0


def test_a_server_that_is_away_is_tried_again_and_the_letter_then_goes_once(app_ports, received, world):
    post(app_ports, world.actor(Role.DIRECTOR))
    away = replace(app_ports, postbox=SmtpPostbox(MailServer("127.0.0.1", 9, "none")))
    tasks.perform_due(away)
    (waiting,) = asked(away)
    assert (waiting.state, waiting.error) == (WorkState.QUEUED, "post_away")
    with mailserver.running(received) as port:
        back = replace(app_ports, postbox=SmtpPostbox(MailServer("127.0.0.1", port, "none")))
        again_now(back)
        tasks.perform_due(back)

    (done,) = asked(app_ports)
    assert (done.state, len(received.letters)) == (WorkState.DONE, 1)


def test_a_cut_connection_sends_the_letter_again_under_the_same_name(by_mail, received, world):
    received.cuts = 1
    post(by_mail, world.actor(Role.DIRECTOR))
    tasks.perform_due(by_mail)
    again_now(by_mail)
    tasks.perform_due(by_mail)

    first, second = received.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert asked(by_mail)[0].state is WorkState.DONE


def test_a_letter_nobody_takes_ends_in_the_operators_list_with_the_reason(by_mail, received, world, sign_in, caplog):
    received.refuses_address_with = "550 no such person"
    post(by_mail, world.actor(Role.DIRECTOR))
    tasks.perform_due(by_mail)

    (dead,) = asked(by_mail)
    assert (dead.state, dead.error) == (WorkState.FAILED, "letter_refused")
    page = sign_in(Role.OPERATOR, language="en").get("/work/").text
    assert "Letter by e-mail" in page
    assert "the mail server refused the letter for good" in page


def test_a_server_that_stays_away_makes_a_dead_letter_after_many_attempts(app_ports, world):
    away = replace(app_ports, postbox=SmtpPostbox(MailServer("127.0.0.1", 9, "none")))
    post(away, world.actor(Role.DIRECTOR))
    most = tasks.TASKS[letters.SEND].attempts
    for attempt in range(most):
        assert asked(away)[0].state is WorkState.QUEUED, attempt
        again_now(away)
        tasks.perform_due(away)

    assert (asked(away)[0].state, asked(away)[0].attempt) == (WorkState.FAILED, most)
    assert most > 10


def test_neither_address_nor_link_reaches_the_log(by_mail, received, world, capsys):
    director = world.person(Role.DIRECTOR)
    received.refuses_address_with = f"550 {director.email} is unknown"
    post(by_mail, director.actor)
    tasks.perform_due(by_mail)

    assert director.email not in capsys.readouterr().err


def test_nobody_writes_to_people_of_another_organisation(app_ports, world):
    stranger = world.actor(Role.DIRECTOR, organisation=1)
    with pytest.raises(NotFound):
        post(app_ports, world.actor(Role.DIRECTOR), user_id=stranger.user_id)


def test_the_door_may_ask_for_letters_and_for_no_other_work(app_ports, world):
    director = world.actor(Role.DIRECTOR)
    with app_ports.session(DOOR) as session, transaction(session):
        letters.post(session, user_id=director.user_id, kind="factor.added", key="door", now=utc_now())
    assert len(asked(app_ports)) == 1
    with app_ports.session(DOOR) as session:
        for statement in (
            PLANTED_WORK.format(director.tenant),
            "update work set state = 'done'",
            "select payload from work",
            "select payload from outbox",
            PLANTED_MESSAGE.format(director.tenant),
            "select sealed from letter_addresses",
        ):
            with pytest.raises(Exception, match=r"permission denied|row-level security"):
                session.execute(text(statement))
            session.rollback()


def test_a_disabled_person_gets_no_letter_that_was_still_waiting(by_mail, received, world):
    analyst, director = world.actor(Role.ANALYST), world.actor(Role.DIRECTOR)
    post(by_mail, analyst)
    with by_mail.session(director) as session, transaction(session):
        access.disable(session, director, analyst.user_id, now=utc_now())
    tasks.perform_due(by_mail)

    assert received.letters == []
    assert asked(by_mail)[0].state is WorkState.DONE


def test_an_invitation_comes_by_letter_alone_and_works_once(by_mail, received, sign_in, browser):
    director = sign_in(Role.DIRECTOR)
    director.post("/users/invite", {"email": "nueva@b.example", "name": "Nadia Nueva", "role": "analyst"})
    tasks.perform_due(by_mail)

    (letter,) = received.letters
    plain = letter.get_body(("plain",)).get_content()
    sent = re.search(r"http://127\.0\.0\.1:8080/invitations/([\w-]+)", plain)[1]
    assert letter["Subject"] == "Banco 0 le invita a Encargo"
    # What a colleague typed as a name is not carried into a stranger's postbox by a letter of ours.
    assert "Nadia" not in plain
    wanted = {
        "name": "Nadia",
        "password": PASSWORD,
        "repeated": PASSWORD,
    }
    assert browser.post(f"/invitations/{sent}", wanted).status_code == 303
    assert browser.get(f"/invitations/{sent}").status_code == 404


def test_an_invitation_that_was_accepted_or_replaced_before_its_letter_left_is_not_sent(by_mail, received, world):
    director = world.actor(Role.DIRECTOR)
    with by_mail.session(director) as session, transaction(session):
        first = service.invite(session, director, email="nueva@b.example", role=Role.ANALYST, now=utc_now())
        invitations.post(session, director, first, now=utc_now())
    with by_mail.session(director) as session, transaction(session):
        second = service.invite_again(session, director, first.user.id, now=utc_now())
        invitations.post(session, director, second, now=utc_now())
    tasks.perform_due(by_mail)
    assert len(received.letters) == 1

    with by_mail.session(director) as session, transaction(session):
        third = service.invite_again(session, director, first.user.id, now=utc_now())
        invitations.post(session, director, third, now=utc_now())
    with by_mail.session(DOOR) as session, transaction(session):
        service.accept_invitation(session, third.token, name="Nadia", password=PASSWORD, now=utc_now())
    tasks.perform_due(by_mail)
    assert len(received.letters) == 1


@pytest.mark.parametrize(
    "name",
    [
        "Ana\r\nBcc: todos@evil.example",
        "Ana\nSubject: otra cosa\n\n<script>alert(1)</script>",
        "<b>Ana</b> https://evil.example",
        "Ana\x00\x1b[31m\u2028Bcc: x@evil.example",
        'Ana" <x@evil.example>',
        "=?utf-8?q?Ana=0D=0ABcc:_x@evil.example?=",
        "A" * 5000,
        "%(name)s %s %d",
    ],
)
def test_a_hostile_name_injects_no_header_and_no_markup(by_mail, received, world, name):
    director = world.actor(Role.DIRECTOR)
    with by_mail.session(DOOR) as session, transaction(session):
        session.execute(update(User).where(User.id == director.user_id).values(name=name.replace("\x00", "")))
        session.execute(text("select 1"))
    with by_mail.session(world.operator) as session, transaction(session):
        session.execute(
            text("update organisations set name = :name where id = :id"),
            {"name": name.replace("\x00", ""), "id": director.tenant},
        )
    with by_mail.session(director) as session, transaction(session):
        name = name.replace("\x00", "")
        invited = service.invite(
            session, director, email="nueva@b.example", name=name, role=Role.ANALYST, now=utc_now()
        )
        invitations.post(session, director, invited, now=utc_now())
    post(by_mail, director)
    tasks.perform_due(by_mail)

    assert len(received.letters) == 2
    for letter in received.letters:
        assert letter.keys().count("Subject") == letter.keys().count("To") == 1
        assert "Bcc" not in letter
        assert len(letter["To"].addresses) == 1
        assert not letter.defects
        html = letter.get_body(("html",)).get_content()
        assert not re.search(r"<(script|b)\b", html)
        # The one address a reader can click is ours.
        assert all(one.startswith("http://127.0.0.1:8080/") for one in re.findall(r'href="([^"]+)"', html))
    assert {one for _, to in received.envelopes for one in to} == {"nueva@b.example", "director@creditor0.example"}
