"""Tests of attestations stand on two organisations of each side; the first creditor deals with the first agency."""

from __future__ import annotations

from datetime import datetime

import pytest

from agencies.kernel.session import transaction
from agencies.standing import panel
from portal.ports import Ports
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


@pytest.fixture
def partners(ports: Ports, tenants: Tenants, now: datetime) -> Tenants:
    """The first agency is on the first creditor's panel."""
    with ports.session(tenants.creditor) as session, transaction(session):
        panel.bring_in(session, tenants.creditor, tenants.agency.tenant, now=now)
    return tenants
