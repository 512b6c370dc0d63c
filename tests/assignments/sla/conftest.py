"""Organisations of both sides; what happens between them is each test's own."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side."""
    return add_tenants(ports)
