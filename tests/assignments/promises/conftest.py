"""Five cases of 100,000 placed with one agency that may let off ten percent."""

from __future__ import annotations

import pytest

from agencies.mandates.settlement import Authority
from portal.ports import Ports
from tests.loop import NewCase, place_with
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side; the first agency holds cases A1 to A5 of the first creditor."""
    made = add_tenants(ports)
    cases = [NewCase(f"A{n}", 100_000) for n in range(1, 6)]
    place_with(ports, made.creditor, made.agency, cases, authority=Authority(discount_bp=1_000))
    return made
