"""A creditor with a portfolio, and a panel of two agencies that have attested to everything."""

from __future__ import annotations

import pytest

from portal.ports import Ports
from tests import market
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """Two organisations of each side; the first creditor has both agencies on its panel, and sixty cases."""
    made = add_tenants(ports)
    market.attest(ports, made.creditor, [made.agency, made.other_agency])
    market.add_portfolio(ports, made.creditor)
    return made
