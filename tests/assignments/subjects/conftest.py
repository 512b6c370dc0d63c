"""A creditor with an agency and another of each; cases of people with ways to reach them."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests.loop import NewCase, acknowledge_all, add_cases, place_with
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Organisations of both sides; the agency holds two cases, a third one is paid off and with nobody."""
    made = add_tenants(ports)
    phones = ("+573001112233",)
    place_with(ports, made.creditor, made.agency, [NewCase(f"A-{n}", 100_000, name=f"Rosa {n}") for n in range(2)])
    acknowledge_all(ports, made.agency)
    add_cases(ports, made.creditor, [NewCase("P-1", 0, name="Pía Pagada", phones=phones)])
    return made
