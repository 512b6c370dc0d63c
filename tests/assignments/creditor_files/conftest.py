"""Six cases of 100,000: A1 to A5 placed with one agency, A6 free; and somebody else's account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.invariants import violations
from portal.ports import Ports
from tests.loop import NewCase, add_cases, place_with
from tests.tenants import Tenants, add_tenants


@pytest.fixture
def tenants(ports: Ports) -> Iterator[Tenants]:
    """Two organisations of each side; whatever the test does, the books are in order afterwards."""
    made = add_tenants(ports)
    cases = [NewCase(f"A{n}", 100_000, phones=(f"300555010{n}",)) for n in range(1, 6)]
    place_with(ports, made.creditor, made.agency, cases, commission_bp=1850)
    add_cases(ports, made.creditor, [NewCase("A6", 100_000)])
    add_cases(ports, made.other_creditor, [NewCase("Z1", 100_000)])
    yield made
    # Reports are written straight into their tables here, without the counts of a file.
    assert [one for one in violations(ports) if one.invariant != "upload_loses_rows"] == []
