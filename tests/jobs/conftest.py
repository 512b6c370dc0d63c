"""The jobs' tests act for two creditors and two agencies, on the test's own queue of the real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rq import Queue

from config import Settings
from portal.jobs import queues
from portal.ports import Ports
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side."""
    return add_tenants(ports)


@pytest.fixture
def queue(settings: Settings) -> Iterator[Queue]:
    """The queue of the test's installation, removed afterwards."""
    found = queues.doorbell_queue(settings)
    yield found
    found.delete(delete_jobs=True)
