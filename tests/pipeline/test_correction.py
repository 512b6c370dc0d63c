"""A correction as a file, through check, decision and application by the work itself."""

from __future__ import annotations

from datetime import date

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.reports import service as reports
from assignments.reports.contents import list_files, list_report_payments, list_versions
from assignments.reports.queries import list_reports
from portal.jobs import tasks
from tests import loop, people
from tests.pipeline.files import OPTIONS, apply, look
from uploads import confirming, receiving
from uploads.models import UploadKind, UploadState

HEADER = "obligacion,referencia,fecha de pago,valor\n"


def report_file(ports, agency, creditor, report_id: int, text: str) -> int:
    """Send a payments file for a report and have it checked and applied."""
    with ports.session(agency) as session, transaction(session):
        incoming = ports.storage.incoming()
        incoming.write((HEADER + text).encode())
        upload = receiving.receive(
            session,
            agency,
            incoming,
            kind=UploadKind.PAYMENTS,
            filename="pagos.csv",
            creditor_id=creditor.tenant,
            report_id=report_id,
            now=ports.now(),
        ).upload
        assert upload.fault is None, upload.fault
        upload_id = upload.id
    with ports.session(agency) as session, transaction(session):
        mapping = dict(enumerate(("account_ref", "payment_ref", "paid_on", "amount")))
        confirming.confirm(session, agency, upload_id, mapping=mapping, options=OPTIONS, now=ports.now())
    tasks.perform_due(ports)
    assert look(ports, agency, upload_id).state is UploadState.CHECKED
    apply(ports, agency, upload_id)
    tasks.perform_due(ports)
    assert look(ports, agency, upload_id).state is UploadState.APPLIED
    return upload_id


def test_a_corrected_file_makes_the_next_version(ports) -> None:
    world = people.World(ports)
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(ports, creditor, agency, loop.some_cases(3))
    loop.acknowledge_all(ports, agency)
    with ports.session(creditor) as session, transaction(session):
        reports.open_periods(session, creditor, now=ports.now())
    with ports.session(agency) as session:
        report_id = next(
            one.id
            for one in list_reports(session, agency, limit=500, now=ports.now()).rows
            if one.period_start == date(2026, 2, 1)
        )
    with ports.session(agency) as session, transaction(session):
        reports.declare_nothing(session, agency, report_id, kind=UploadKind.ACTIVITIES, now=ports.now())
    first = report_file(ports, agency, creditor, report_id, "A00001,P1,2026-02-03,100\nA00002,P2,2026-02-03,200\n")
    # Another amount, one that never was, one that was forgotten, one as before, and one of nothing that is unknown.
    second = report_file(
        ports,
        agency,
        creditor,
        report_id,
        "A00001,P1,2026-02-03,150\nA00002,P2,2026-02-03,0\nA00003,P3,2026-02-05,300\nA00003,P9,2026-02-05,0\n",
    )
    corrected = look(ports, agency, second)
    assert (corrected.rows_read, corrected.rows_applied, corrected.rows_unchanged, corrected.rows_rejected) == (
        4,
        3,
        0,
        1,
    )
    for actor in (creditor, agency):
        with ports.session(actor) as session:
            found = [(one.version, one.payments) for one in list_versions(session, actor, report_id)]
            assert found == [(2, 2), (1, 2)]
            lines = list_report_payments(session, actor, report_id).rows
            standing = {one.account_ref for one in lines if one.taken_back_at is None}
            assert standing == {"A00001", "A00003"}
            assert len(lines) == 4
            files = {one.upload_id: (one.version, one.corrected) for one in list_files(session, actor, report_id)}
            assert files[first] == (1, 0)
            assert files[second] == (2, 2)
