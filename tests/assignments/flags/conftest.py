"""Two creditors and two agencies."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side."""
    return add_tenants(ports)
