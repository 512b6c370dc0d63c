"""Webhooks are made, changed and ended by whoever manages the organisation, and by nobody else's hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.organisations.permissions import PERMISSIONS, Permission, Role
from agencies.webhooks import service
from agencies.webhooks.models import Webhook
from agencies.webhooks.service import EventsMissing, SecretJustRenewed, TooManyWebhooks, UrlUnusable

URL = "https://cobranzas.banco.example/encargo?canal=7"


@pytest.fixture
def make(do, now):
    def made(actor, *, url=URL, actions=("upload.checked",)):
        return do(actor, service.make, url=url, actions=list(actions), may_loopback=False, now=now)

    return made


@pytest.mark.parametrize(
    "url",
    [
        "http://cobranzas.banco.example/",
        "http://127.0.0.1/",
        "ftp://banco.example/",
        "https://user:word@banco.example/",
        "https://user@banco.example/",
        "https:///nowhere",
        "https://banco.example/#part",
        "https://banco.example/\r\nX: y",
        "https://banco.example\\@evil.example/",
        "https://banco .example/",
        "https://[::1/",
        "https://banco.example:port/",
        "https://bañco.example/",
        "https://banco.example/" + "x" * 500,
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(make, director, url):
    with pytest.raises(UrlUnusable):
        make(director, url=url)


def test_on_a_local_stack_this_machine_may_be_named_and_nothing_else_without_tls():
    assert service.read_url(" http://127.0.0.1:8095/x ", may_loopback=True) == "http://127.0.0.1:8095/x"
    with pytest.raises(UrlUnusable):
        service.read_url("http://banco.example/", may_loopback=True)


@pytest.mark.parametrize("actions", [(), ("case.updated",), ("upload.checked", "contact.revealed"), ("webhook.test",)])
def test_a_creditor_s_system_is_told_what_is_offered_to_creditors_and_nothing_else(make, director, actions):
    with pytest.raises(EventsMissing):
        make(director, actions=actions)


def test_an_organisation_has_no_more_than_it_can_oversee(make, director, manager, monkeypatch):
    monkeypatch.setattr(service, "MOST_WEBHOOKS", 1)
    make(director)
    with pytest.raises(TooManyWebhooks):
        make(director)
    make(manager)


def test_only_who_manages_the_organisation_may(do, make, world, director, now):
    holders = {role for role, granted in PERMISSIONS.items() if Permission.WEBHOOK_MANAGE in granted}
    assert holders == {Role.DIRECTOR, Role.MANAGER}
    hook = make(director).webhook
    for role in (Role.ANALYST, Role.AUDITOR, Role.COMPLIANCE, Role.AGENT):
        with pytest.raises(Forbidden):
            do(world.actor(role), service.list_webhooks)
    for verb in (service.pause, service.remove, service.renew_secret, service.send_test):
        with pytest.raises(NotFound):
            do(world.actor(Role.MANAGER), verb, hook.id, now=now)
        with pytest.raises(NotFound):
            do(world.actor(Role.DIRECTOR, organisation=1), verb, hook.id, now=now)


def test_the_others_who_manage_the_organisation_learn_of_a_new_one(make, director, ports):
    hook = make(director).webhook
    with ports.session(director) as session:
        (told,) = session.scalars(select(Notice).where(Notice.kind == "webhook.made"))
    assert (told.permission, told.besides_id) == (Permission.WEBHOOK_MANAGE, director.user_id)
    assert told.details == {"webhook_id": hook.id}


def test_the_database_shows_no_secret_and_none_to_another_organisation(make, director, manager, database, ports):
    made = make(director)
    with create_engine(database.superuser_url).connect() as everything:
        kept = everything.execute(text("select secret from webhooks")).scalar_one()
    assert made.secret.removeprefix("whsec_").encode() not in bytes(kept)
    with ports.session(manager) as session:
        assert session.query(Webhook).count() == 0
        # What was said once stays: neither the address nor the events of a webhook can be changed by SQL.
        with pytest.raises(ProgrammingError):
            session.execute(text("update webhooks set url = 'https://evil.example/'"))


def test_a_secret_is_renewed_once_a_day(do, make, director, now):
    hook = make(director).webhook
    renewed = do(director, service.renew_secret, hook.id, now=now)
    assert renewed.webhook.former_until == now + timedelta(days=1)
    with pytest.raises(SecretJustRenewed):
        do(director, service.renew_secret, hook.id, now=now + timedelta(hours=23))
    assert do(director, service.renew_secret, hook.id, now=now + timedelta(hours=25)).secret != renewed.secret


def test_a_second_click_changes_nothing_more(do, make, director, now):
    hook = make(director).webhook
    do(director, service.pause, hook.id, now=now)
    with pytest.raises(Conflict):
        do(director, service.pause, hook.id, now=now)
    with pytest.raises(Conflict):
        do(director, service.send_test, hook.id, now=now)
    do(director, service.resume, hook.id, now=now)
    with pytest.raises(Conflict):
        do(director, service.resume, hook.id, now=now)
    do(director, service.remove, hook.id, now=now)
    for verb in (service.remove, service.pause, service.renew_secret):
        with pytest.raises(NotFound):
            do(director, verb, hook.id, now=now)


def test_what_is_removed_leaves_no_secret(do, make, director, database, now):
    hook = make(director).webhook
    do(director, service.renew_secret, hook.id, now=now)
    do(director, service.remove, hook.id, now=now)
    with create_engine(database.superuser_url).connect() as everything:
        assert everything.execute(text("select secret, former_secret from webhooks")).one() == (None, None)
