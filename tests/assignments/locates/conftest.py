"""A creditor with cases nobody can reach, an agency that looks for people, and one that collects."""

from __future__ import annotations

import pytest

from agencies.mandates.models import Mandate
from portal.ports import Ports
from tests.locating import locate_mandate
from tests.loop import NewCase, add_cases
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side; the first creditor has four cases of three people."""
    made = add_tenants(ports)
    add_cases(
        ports,
        made.creditor,
        [
            NewCase("A1", 300_000, phones=("3001234567",), name="Ana Prueba"),
            NewCase("A2", 100_000, debtor_ref="dos", phones=("601 234 5678",), name="Dos Obligaciones"),
            NewCase("A3", 200_000, debtor_ref="dos"),
            NewCase("A4", 400_000, name="Sin Teléfono"),
        ],
    )
    return made


@pytest.fixture
def mandate(ports: Ports, tenants: Tenants) -> Mandate:
    """A locate mandate with the first agency."""
    return locate_mandate(ports, tenants.creditor, tenants.agency)
