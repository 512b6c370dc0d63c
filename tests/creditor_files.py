"""A creditor's later files in tests: sent, confirmed, checked and applied as people and jobs do it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments import intake
from assignments.cases.models import Case
from portal.ports import Ports
from tests import files
from uploads.models import Upload, UploadError, UploadKind
from uploads.options import Options
from uploads.queries import get_upload
from uploads.rows import Loaded

OPTIONS = Options(date_order="ymd", decimal=".", currency="COP", time_zone="America/Bogota")
UPDATE = "obligacion,saldo total,moneda,fecha corte"
PAID = "obligacion,recibo,fecha pago,valor,moneda"
RECALLED = "obligacion,motivo,fecha retiro,observaciones"


def checked(
    ports: Ports, creditor: Actor, kind: UploadKind, header: str, rows: Sequence[str], *, options: Options = OPTIONS
) -> Upload:
    """A file sent, confirmed and checked."""
    data = "\n".join([header, *rows, ""]).encode()
    upload = files.send(ports, creditor, data, kind=kind, filename=f"{kind}.csv").upload
    assert upload.fault is None, upload.fault
    files.confirm(ports, creditor, upload.id, options=options)
    return files.check(ports, creditor, upload.id)


def apply(
    ports: Ports, creditor: Actor, kind: UploadKind, header: str, rows: Sequence[str], *, options: Options = OPTIONS
) -> tuple[Upload, Loaded]:
    """A file of which the good rows were applied."""
    upload = checked(ports, creditor, kind, header, rows, options=options)
    loaded = files.apply(ports, creditor, upload.id)
    with ports.session(creditor) as session:
        return get_upload(session, creditor, upload.id), loaded


def update(ports: Ports, creditor: Actor, *rows: str, header: str = UPDATE) -> tuple[Upload, Loaded]:
    """An applied update of the portfolio."""
    return apply(ports, creditor, UploadKind.PORTFOLIO_UPDATE, header, rows)


def pay(ports: Ports, creditor: Actor, *rows: str, header: str = PAID) -> tuple[Upload, Loaded]:
    """An applied file of payments to the creditor."""
    return apply(ports, creditor, UploadKind.CREDITOR_PAYMENTS, header, rows)


def recall(ports: Ports, creditor: Actor, *rows: str, header: str = RECALLED) -> tuple[Upload, Loaded]:
    """An applied recall list."""
    return apply(ports, creditor, UploadKind.RECALL_LIST, header, rows)


def undo(ports: Ports, creditor: Actor, upload: Upload) -> None:
    """Take an applied file back."""
    with ports.session(creditor) as session, transaction(session):
        intake.undo(session, creditor, upload.id, ports.now())


def told(ports: Ports, creditor: Actor, upload: Upload, *, warnings: bool = False) -> dict[int, tuple[str, str]]:
    """Line -> field and code of what was told of a file's rows: its faults, or its remarks."""
    with ports.session(creditor) as session:
        found = select(UploadError).where(UploadError.upload_id == upload.id, UploadError.is_warning.is_(warnings))
        return {one.line: (one.field, one.code) for one in session.scalars(found)}


def case(ports: Ports, creditor: Actor, account: str) -> Case:
    """A case as it stands."""
    with ports.session(creditor) as session:
        return session.scalars(select(Case).where(Case.account_ref == account)).one()


def owing(ports: Ports, creditor: Actor, *accounts: str) -> list[int]:
    """What is left of these debts."""
    return [case(ports, creditor, account).balance_minor for account in accounts]
