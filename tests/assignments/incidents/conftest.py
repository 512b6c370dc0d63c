"""Two creditors whose cases one agency holds, and another agency."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests.loop import NewCase, acknowledge_all, place_with
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Organisations of both sides; the first agency holds cases of both creditors, the other one of the first."""
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.other_agency, [NewCase("R-1", 100_000)])
    place_with(ports, made.creditor, made.agency, [NewCase(f"A-{n}", 100_000, name=f"Deudor {n}") for n in range(3)])
    place_with(ports, made.other_creditor, made.agency, [NewCase("B-1", 100_000), NewCase("B-2", 100_000)])
    acknowledge_all(ports, made.agency)
    return made
