"""Two creditors and two agencies, and a mandate of the first creditor with each agency."""

from __future__ import annotations

import pytest

from agencies.mandates.models import Mandate
from portal.ports import Ports
from tests.loop import add_mandate
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side."""
    return add_tenants(ports)


@pytest.fixture
def panel(ports: Ports, tenants: Tenants) -> list[Mandate]:
    """A mandate with each of the two agencies."""
    return [add_mandate(ports, tenants.creditor, agency) for agency in (tenants.agency, tenants.other_agency)]
