"""A creditor with an agency on its panel, and the verbs in a transaction of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from agencies.standing import panel
from portal.ports import Ports
from tests.people import World

Do = Callable[..., Any]


@pytest.fixture
def do(ports: Ports) -> Do:
    """Do something as somebody, and commit it."""

    def done(actor: Actor, verb: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with ports.session(actor) as session, transaction(session):
            return verb(session, actor, *given, **named)

    return done


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def director(world: World) -> Actor:
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def manager(world: World, director: Actor, do: Do, now: datetime) -> Actor:
    """The manager of an agency that the creditor works with."""
    found = world.actor(Role.MANAGER)
    do(director, panel.invite, found.tenant, now=now)
    return found
