"""Pipeline tests run the product's own processes on the test's database and queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine

from config import Settings
from portal.app import create_app, ports_of
from portal.jobs import queues
from portal.ports import Ports, open_ports
from tests import people, receiver
from tests.pipeline.neighbours import Neighbours
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def hasty(settings: Settings) -> Iterator[Settings]:
    """Settings under which interruptions are many and short: small blocks, a short lease, a quick sweep."""
    yield replace(settings, check_block_bytes=32 * 1024, work_lease_seconds=2, sweep_seconds=1, log_level="WARNING")
    queues.doorbell_queue(settings).delete(delete_jobs=True)


@pytest.fixture
def hasty_ports(hasty: Settings) -> Iterator[Ports]:
    """The instance with hasty settings."""
    opened = open_ports(hasty)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def tenants(hasty_ports: Ports) -> Tenants:
    """Two organisations of each side."""
    return add_tenants(hasty_ports)


@pytest.fixture
def superuser(database) -> Iterator[Engine]:
    engine = create_engine(database.superuser_url)
    yield engine
    engine.dispose()


@pytest.fixture
def app(settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    yield app
    with app.app_context():
        ports_of(app).engine.dispose()


@pytest.fixture
def neighbours(app: Flask, superuser: Engine) -> Neighbours:
    return Neighbours(ports_of(app), people.World(ports_of(app)), superuser)


@pytest.fixture
def ear() -> Iterator[receiver.Obedient]:
    """A system that takes whatever it is sent."""
    with receiver.obedient() as listening:
        yield listening
