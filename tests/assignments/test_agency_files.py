"""Files of promises, closures and inventories as agencies export them, from their bytes to what comes of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from assignments.cases.models import Case
from assignments.inventories.models import Inventory
from assignments.placements.models import Return
from assignments.promises.models import Promise
from tests import files
from tests.loop import NewCase, place_with
from tests.tenants import add_tenants
from uploads.models import UploadError, UploadKind, UploadState
from uploads.options import Options

OPTIONS = Options(date_order="dmy", decimal=",", currency="COP")
PROMISES = {
    "es": "Nro Obligación;Fecha Gestión;Fecha Compromiso;Monto Compromiso;Nro Cuota;Cuotas;Convenio;Descuento;Estado\n"
    "A1;03/02/2026;15/02/2026;$ 1.234,50;1;2;CV-1;5%;Pendiente\n"
    "A1;03/02/2026;15/03/2026;$ 1.234,50;2;2;CV-1;5%;Promesa sin pago\n",
    "en": "Account No,Promise ID,Entered,Promise Due Date,Amount Promised,Promise Status\n"
    'A1,88,03/02/2026,15/02/2026,"1234,50",Active\n'
    'A2,89,03/02/2026,20/02/2026,"1234,50",COMPLETE\n',
}
CLOSURES = {
    "es": "Nro Obligación;Causal Devolución;Fecha Cierre;Observación\n"
    "A1;FALLECIDO;01/03/2026;Según registro civil\nA2;Ilocalizado;01/03/2026;\n",
    "en": "Account Number,Close Reason,Close Date,Remarks\nA1,Deceased,01/03/2026,\nA2,Gone away,01/03/2026,Moved\n",
}
INVENTORY = {
    "es": "Nro Obligación;Saldo Actual;Estado;Fecha Asignación;Fecha Corte\n"
    "A1;$ 1.000,00;En gestión;12/01/2026;28/02/2026\nOTRA;5,00;Jurídico;12/01/2026;28/02/2026\n",
    "en": "Account No,Current Balance,Account Status,Placement Date,As Of\n"
    'A1,"1000,00",Open,12/01/2026,28/02/2026\nOTRA,"5,00",Legal,12/01/2026,28/02/2026\n',
}


@pytest.fixture
def tenants(ports):
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.agency, [NewCase(f"A{n}", 100_000) for n in (1, 2)])
    return made


def sent(ports, tenants, kind: UploadKind, data: str) -> None:
    upload = files.send(ports, tenants.agency, data.encode(), kind=kind, creditor_id=tenants.creditor.tenant).upload
    files.confirm(ports, tenants.agency, upload.id, options=OPTIONS)
    checked = files.check(ports, tenants.agency, upload.id)
    assert (checked.state, checked.rows_good, checked.error_counts) == (UploadState.CHECKED, 2, {})
    assert files.apply(ports, tenants.agency, upload.id).applied == 2


@pytest.mark.parametrize("language", ["es", "en"])
def test_promises(ports, tenants, language):
    sent(ports, tenants, UploadKind.PROMISES, PROMISES[language])

    with ports.session(tenants.creditor) as session:
        found = session.scalars(select(Promise).order_by(Promise.id)).all()
    assert {one.amount_minor for one in found} == {123_450}
    assert [one.stated_state.value for one in found] == ["pending", "broken" if language == "es" else "kept"]
    if language == "es":
        assert [(one.plan_ref, one.instalment, one.instalments, one.discount_bp) for one in found] == [
            ("CV-1", 1, 2, 500),
            ("CV-1", 2, 2, 500),
        ]


@pytest.mark.parametrize("language", ["es", "en"])
def test_closures(ports, tenants, language):
    sent(ports, tenants, UploadKind.CLOSURES, CLOSURES[language])

    with ports.session(tenants.creditor) as session:
        found = session.scalars(select(Return.code).order_by(Return.case_id)).all()
        holders = session.scalars(select(Case.agency_id)).all()
    assert [one.value for one in found] == ["deceased", "untraceable"]
    assert holders == [None, None]


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_inventory(ports, tenants, language):
    sent(ports, tenants, UploadKind.INVENTORY, INVENTORY[language])

    with ports.session(tenants.creditor) as session:
        [found] = session.scalars(select(Inventory))
    assert found.as_of.isoformat() == "2026-02-28"
    assert (found.matched, found.counts) == (1, {"never_yours": 1, "not_listed": 1})
    assert found.sums == {"COP": {"theirs": 100_500, "ours": 200_000}}


#: Kind, heading, a row that comes twice, and a row that differs from it in what tells two events apart.
TOLD_TWICE = {
    UploadKind.ACTIVITIES: (
        "Obligacion;Fecha gestion;Canal;Resultado",
        "A1;03/02/2026 10:15;Llamada;no_answer",
        "A1;03/02/2026 10:16;Llamada;no_answer",
    ),
    UploadKind.PAYMENTS: ("Obligacion;Fecha pago;Valor", "A1;03/02/2026;100,00", "A1;03/02/2026;100,01"),
}


@pytest.mark.parametrize("kind", TOLD_TWICE)
def test_a_row_that_says_what_one_above_it_says_is_remarked_on(ports, tenants, kind):
    header, again, other = TOLD_TWICE[kind]
    data = f"{header}\n{again}\n{other}\n{again}\n".encode()
    upload = files.send(ports, tenants.agency, data, kind=kind, creditor_id=tenants.creditor.tenant).upload
    files.confirm(ports, tenants.agency, upload.id, options=OPTIONS)
    checked = files.check(ports, tenants.agency, upload.id)

    assert (checked.rows_good, checked.error_counts) == (3, {})
    assert checked.warning_counts == {"row:perhaps_repeated": 1}
    with ports.session(tenants.agency) as session:
        assert session.scalars(select(UploadError.line).where(UploadError.is_warning)).all() == [4]
