"""An agency's files about its cases, checked and applied by the jobs, whose end is lost and which run again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.invariants import violations
from portal.jobs import tasks
from portal.ports import Ports
from tests.loop import NewCase, acknowledge_all, place_with
from tests.pipeline.files import apply, look, send, table
from tests.pipeline.test_run_twice import ask_again
from tests.tenants import Tenants
from uploads.models import UploadKind, UploadState

FILES = {
    UploadKind.PROMISES: (
        "obligacion,fecha gestion,fecha compromiso,monto compromiso",
        [f"A{n},2026-02-03,2026-02-15,10.00" for n in range(20)],
    ),
    UploadKind.CLOSURES: ("obligacion,causal devolucion", [f"A{n},ilocalizado" for n in range(20)]),
    UploadKind.INVENTORY: ("obligacion,saldo", [f"A{n},100.00" for n in range(20)]),
}
HASHED = (
    "audit_events",
    "cases",
    "inventories",
    "inventory_differences",
    "notices",
    "placements",
    "promise_statements",
    "promises",
    "returns",
    "uploads",
)


def digest(ports: Ports, tenants: Tenants) -> dict[tuple[int, str], tuple]:
    """Hash of what each side can read."""
    found = {}
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            for name in HASHED:
                rows = text(f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {name} t")
                found[actor.tenant, name] = tuple(session.execute(rows).one())
    return found


@pytest.mark.parametrize("kind", FILES)
def test_its_work_run_again_changes_nothing(hasty_ports: Ports, tenants: Tenants, kind: UploadKind):
    ports, agency = hasty_ports, tenants.agency
    place_with(ports, tenants.creditor, agency, [NewCase(f"A{n}", 10_000) for n in range(22)])
    acknowledge_all(ports, agency)
    tasks.perform_due(ports)
    sheet = table("archivo.csv", *FILES[kind])
    upload_id = send(ports, agency, sheet, kind=kind, creditor_id=tenants.creditor.tenant)
    tasks.perform_due(ports)
    apply(ports, agency, upload_id)
    tasks.perform_due(ports)
    done, upload = digest(ports, tenants), look(ports, agency, upload_id)
    assert (upload.state, upload.rows_applied) == (UploadState.APPLIED, sheet.good)

    ask_again(ports)
    assert tasks.perform_due(ports) >= 2

    assert digest(ports, tenants) == done
    assert list(violations(ports)) == []
