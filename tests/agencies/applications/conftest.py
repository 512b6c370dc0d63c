"""A world of organisations and people made by the services."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests.people import World


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)
