"""Messages to systems, by the work that sends them, to receivers that listen: taken once, tried again, given up."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import create_engine, select, text, update
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from agencies.kernel import audit
from agencies.kernel.session import transaction
from agencies.kernel.work import Work, WorkState
from agencies.organisations.permissions import Role
from agencies.standing import panel
from agencies.webhooks import delivering, service
from agencies.webhooks.delivering import WAITS
from agencies.webhooks.models import DeliveryState, Pause, Webhook, WebhookDelivery
from portal.jobs import tasks
from tests import files, receiver
from tests.people import World


@pytest.fixture
def world(ports):
    return World(ports)


@pytest.fixture
def director(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def hooked(ports, director):
    """Have the creditor's events told to an address; returns the webhook with its secret."""

    def hook(url, *, actor=director, actions=("consignment.sent", "upload.checked")):
        with ports.session(actor) as session, transaction(session):
            return service.make(
                session, actor, url=url, actions=list(actions), may_loopback=True, now=datetime.now(UTC)
            )

    return hook


@pytest.fixture
def happen(ports, director):
    """Let consignments be sent, as the creditor's own trail tells it."""

    def happened(*, times=1, actor=director, organisations=None, action="consignment.sent", **told):
        with ports.session(actor) as session, transaction(session):
            for number in range(times):
                details = {"consignment_id": number + 1, "cases": 3, "currency": "COP", **told}
                audit.record(session, actor, action, now=datetime.now(UTC), organisations=organisations, **details)

    return happened


def deliveries(ports, actor):
    with ports.session(actor) as session:
        return session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()


def hook_of(ports, actor):
    with ports.session(actor) as session:
        return session.scalars(select(Webhook).order_by(Webhook.id)).first()


def wake(database):
    """Let the time be over that a message and its receiver are left alone."""
    with create_engine(database.superuser_url).begin() as connection:
        connection.execute(text("update work set next_attempt_at = clock_timestamp() where state = 'queued'"))
        connection.execute(text("update webhooks set quiet_until = null"))


def test_a_checked_file_is_told_to_the_receiver_of_the_documentation(ports, director, hooked, tmp_path):
    with receiver.documented(tmp_path, "whsec_" + "A" * 44) as wrong:
        hooked(wrong.url)
        files.checked(ports, director, b"obligacion;cedula;nombre;saldo\nA1;52111222;Ana;5000\n")
        tasks.perform_due(ports)
        assert wrong.taken() == []
    assert deliveries(ports, director)[0].status == 401


def test_the_receiver_of_the_documentation_takes_each_message_once(ports, director, hooked, tmp_path, happen):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        happen(cases=1840)
        tasks.perform_due(ports)
        ((headers, body),) = ear.sent
    with receiver.documented(tmp_path, made.secret) as documented:
        for _time in range(3):
            assert httpx.post(documented.url, content=body, headers=headers).status_code == 204
        flipped = body.replace(b"1840", b"1841")
        assert httpx.post(documented.url, content=flipped, headers=headers).status_code == 401
        other_id = {**headers, "webhook-id": "msg_other"}
        assert httpx.post(documented.url, content=body, headers=other_id).status_code == 401
        unsigned = {name: value for name, value in headers.items() if name != "webhook-signature"}
        assert httpx.post(documented.url, content=body, headers=unsigned).status_code == 400
        assert [one["data"]["cases"] for one in documented.taken()] == [1840]


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365])
def test_an_old_message_is_refused_although_its_signature_is_good(tmp_path, minutes):
    secret = "whsec_" + "B" * 44
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    signed = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp()))}
    signed["webhook-signature"] = Verifier(secret).sign("msg_1", at.replace(microsecond=0), "{}")
    with receiver.documented(tmp_path, secret) as documented:
        assert httpx.post(documented.url, content=b"{}", headers=signed).status_code == 401
        assert documented.taken() == []


def test_a_message_says_what_happened_and_nothing_of_anybody(ports, director, hooked, happen):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        happen(name="Ana Pérez", user_id=director.user_id)
        tasks.perform_due(ports)
        ((headers, body),) = ear.sent
    told = Verifier(made.secret).verify(body, headers)
    sequence = deliveries(ports, director)[0].seq
    reference = ports.references.encode("consignment", 1)
    assert told["type"] == "consignment.sent"
    assert told["data"] == {"consignment": reference, "cases": 3, "currency": "COP", "sequence": sequence}
    assert deliveries(ports, director)[0].state is DeliveryState.DELIVERED


def test_while_the_secret_is_renewed_both_open_and_a_day_later_the_former_does_not(ports, director, hooked, happen):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        with ports.session(director) as session, transaction(session):
            newer = service.renew_secret(session, director, made.webhook.id, now=datetime.now(UTC))
        happen()
        tasks.perform_due(ports)
        headers, body = ear.sent[-1]
        assert Verifier(made.secret).verify(body, headers) == Verifier(newer.secret).verify(body, headers)

        tomorrow = replace(ports, now=lambda: datetime.now(UTC) + timedelta(days=1, seconds=1))
        happen()
        tasks.perform_due(tomorrow)
        headers, body = ear.sent[-1]
    headers["webhook-timestamp"], signature = str(int(time.time())), headers["webhook-signature"]
    assert len(signature.split()) == 1
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(body, headers)


def test_what_a_creditor_does_is_told_to_the_agency_s_system_which_the_creditor_never_sees(
    ports, world, director, hooked, happen
):
    manager, stranger = world.actor(Role.MANAGER), world.actor(Role.MANAGER, organisation=1)
    with ports.session(director) as session, transaction(session):
        panel.invite(session, director, manager.tenant, now=datetime.now(UTC))
    with receiver.obedient() as ear, receiver.obedient() as other:
        hooked(ear.url, actor=manager)
        hooked(other.url, actor=stranger)
        happen(organisations=[director.tenant, manager.tenant])
        tasks.perform_due(ports)
        assert (len(ear.sent), len(other.sent)) == (1, 0)
    assert deliveries(ports, director) == []
    assert len(deliveries(ports, manager)) == 1


def test_what_was_undone_was_never_told(ports, director, hooked):
    with receiver.obedient() as ear:
        hooked(ear.url)
        with pytest.raises(RuntimeError), ports.session(director) as session, transaction(session):
            audit.record(session, director, "consignment.sent", now=datetime.now(UTC), consignment_id=1)
            audit.write_pending(session)
            raise RuntimeError
        tasks.perform_due(ports)
        assert ear.sent == []
    assert deliveries(ports, director) == []


def test_a_receiver_that_fails_is_left_alone_with_all_that_waits_for_it(ports, director, hooked, happen):
    """No hoarding: of fifty messages one is tried, and the other receiver gets all of its own."""
    with receiver.obedient() as broken, receiver.obedient() as sound:
        broken.status = 500
        hooked(broken.url)
        hooked(sound.url)
        happen(times=50)
        at = datetime.now(UTC)
        # However long it takes here, no more than a moment passes for the receiver that is left alone.
        tasks.perform_due(replace(ports, now=lambda: at))
        assert (len(broken.sent), len(sound.sent)) == (1, 50)
    assert {one.state for one in deliveries(ports, director)} == {DeliveryState.WAITING, DeliveryState.DELIVERED}


def test_a_message_comes_again_with_the_same_id_and_body_and_a_signature_of_its_own(
    ports, director, hooked, happen, database
):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        ear.status = 503
        happen()
        tasks.perform_due(ports)
        later = replace(ports, now=lambda: datetime.now(UTC) + timedelta(seconds=2))
        ear.status = 200
        wake(database)
        tasks.perform_due(later)
    (first, body), (second, again) = ear.sent
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert first["webhook-signature"] != second["webhook-signature"]
    assert Verifier(made.secret).verify(again, second)
    assert [(one.state, one.attempts) for one in deliveries(ports, director)] == [(DeliveryState.DELIVERED, 2)]
    assert hook_of(ports, director).failures == 0


def test_after_three_days_of_silence_it_is_given_up_stopped_and_told(ports, director, hooked, happen, database):
    with receiver.obedient() as ear:
        hooked(ear.url)
        ear.status = 500
        happen(times=2)
        for _attempt in range(len(WAITS) + 1):
            tasks.perform_due(ports)
            wake(database)
        tried = len(ear.sent)
        tasks.perform_due(ports)
        assert (tried, len(ear.sent)) == (len(WAITS) + 1, tried)
    hook = hook_of(ports, director)
    assert (hook.pause, hook.failures) == (Pause.SILENT, len(WAITS) + 1)
    assert {one.state for one in deliveries(ports, director)} == {DeliveryState.FAILED, DeliveryState.DROPPED}
    with ports.session(director) as session:
        told = set(session.scalars(text("select kind from notices")))
        states = {one.state for one in session.scalars(select(Work).where(Work.kind == service.SEND))}
    assert {"webhook.failed", "webhook.stopped"} <= told
    assert states == {WorkState.DONE}


def test_what_was_given_up_is_sent_again_under_the_same_id(ports, director, hooked, happen, database):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        ear.status = 410
        happen()
        tasks.perform_due(ports)
        assert hook_of(ports, director).pause is Pause.GONE
        ear.status = 204
        with ports.session(director) as session, transaction(session):
            service.resume(session, director, made.webhook.id, now=datetime.now(UTC))
            lost = service.list_deliveries(session, director, made.webhook.id)[0]
            service.send_again(session, director, made.webhook.id, lost.id, now=datetime.now(UTC))
        tasks.perform_due(ports)
    assert ear.sent[0][0]["webhook-id"] == ear.sent[1][0]["webhook-id"]
    assert [one.state for one in deliveries(ports, director)] == [DeliveryState.DELIVERED]


def test_while_it_is_paused_nothing_is_sent_or_kept_for_later(ports, director, hooked, happen):
    with receiver.obedient() as ear:
        made = hooked(ear.url)
        happen()
        with ports.session(director) as session, transaction(session):
            service.pause(session, director, made.webhook.id, now=datetime.now(UTC))
        happen()
        tasks.perform_due(ports)
        assert ear.sent == []
    assert [one.state for one in deliveries(ports, director)] == [DeliveryState.DROPPED]


def test_a_redirect_leads_nowhere_and_an_endless_answer_is_cut(ports, director, hooked, happen, database):
    with receiver.obedient() as ear, receiver.obedient() as canary:
        ear.status, ear.headers = 302, {"Location": canary.url}
        hooked(ear.url)
        happen()
        tasks.perform_due(ports)
        ear.status, ear.headers, ear.body = 200, {}, b"x" * 70_000
        wake(database)
        tasks.perform_due(ports)
        assert (len(ear.sent), canary.sent) == (2, [])
    (only,) = deliveries(ports, director)
    assert (only.state, only.fault) == (DeliveryState.WAITING, "no_answer")


def test_on_a_public_portal_no_address_inside_is_ever_asked(ports, director, hooked, happen):
    public = replace(ports, settings=replace(ports.settings, public_url="https://portal.encargo.example"))
    with receiver.obedient() as ear:
        hooked(ear.url)
        hooked(ear.url.replace("http:", "https:"))
        happen()
        tasks.perform_due(public)
        assert ear.sent == []
    assert {one.fault for one in deliveries(ports, director)} == {"no_answer"}


def test_two_processes_send_a_message_once(ports, director, hooked, happen):
    with receiver.obedient() as ear:
        ear.pause = 0.5
        hooked(ear.url)
        happen()
        both = [threading.Thread(target=tasks.perform_due, args=(ports,)) for _process in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert len(ear.sent) == 1


def test_killed_between_sending_and_writing_it_down_the_same_message_goes_again(
    ports, director, hooked, happen, database, monkeypatch
):
    def die(*_given, **_named):
        raise SystemExit

    with receiver.obedient() as ear:
        hooked(ear.url)
        happen()
        with monkeypatch.context() as patched, pytest.raises(SystemExit):
            patched.setattr(delivering, "settle", die)
            tasks.perform_due(ports)
        with ports.session(director) as session, transaction(session):
            session.execute(update(Work).values(lease_until=datetime.now(UTC) - timedelta(minutes=1)))
        wake(database)
        with create_engine(database.superuser_url).begin() as connection:
            connection.execute(text("update work set next_attempt_at = clock_timestamp()"))
        tasks.perform_due(ports)
    assert len({headers["webhook-id"] for headers, _body in ear.sent}) == 1
    assert [one.state for one in deliveries(ports, director)] == [DeliveryState.DELIVERED]
    assert json.loads(ear.sent[0][1]) == json.loads(ear.sent[1][1])


def test_what_came_to_its_end_is_forgotten_after_ninety_days(ports, director, hooked, happen):
    with receiver.obedient() as ear:
        hooked(ear.url)
        happen()
        tasks.perform_due(ports)
    for days, left in ((89, 1), (91, 0)):
        with ports.session(director) as session, transaction(session):
            delivering.forget(session, director, now=datetime.now(UTC) + timedelta(days=days))
        assert len(deliveries(ports, director)) == left
