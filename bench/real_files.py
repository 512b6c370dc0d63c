"""Every real file through the product, beside what its README says: rows, totals and the verdict.

    python -m bench.real_files [FOLDER]

Each file is sent, opened, mapped as its owner would confirm it, checked and applied on a server of its own. The totals
beside it are reckoned from the file without any code of the product.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel.errors import DomainError
from agencies.kernel.money import minor
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates import service as mandates
from agencies.mandates.terms import TermSheet
from agencies.organisations.permissions import Role
from bench import throwaway
from bench.real_loop import make_agency
from bench.real_verdicts import Outcome, RealFile, files
from portal.jobs.tasks import perform_due
from portal.ports import Ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.checking.staging import STAGED
from uploads.kinds import SENDERS
from uploads.models import Upload, UploadState
from uploads.queries import get_upload

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared/data/real"


def run(ports: Ports, actor: Actor, file: RealFile, folder: Path, creditor_id: int | None = None) -> Outcome:
    """Send one file and take it as far as it goes."""
    path = folder / file.path
    data = file.make(path) if file.make else path.read_bytes()
    try:
        upload = _taken_in(ports, actor, file, data, path.name, creditor_id)
    except DomainError as refusal:
        name = type(refusal).__name__
        return Outcome(file, 0, 0, 0, {}, "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_"))
    if upload.state is UploadState.REJECTED:
        return Outcome(file, 0, 0, 0, {}, str(upload.fault), upload.fault_params or {})
    with ports.session(actor) as session:
        staged = STAGED[upload.kind]
        sums = session.execute(
            select(*(func.coalesce(func.sum(staged.c[name]), 0) for name in file.totals)).where(
                staged.c.organisation_id == actor.tenant, staged.c.upload_id == upload.id
            )
        ).one()
    unit = Decimal(minor(Decimal(1), file.options.currency or "USD"))
    totals = {name: Decimal(total) / unit for name, total in zip(file.totals, sums, strict=True)}
    counts = (upload.rows_read, upload.rows_applied, upload.rows_rejected)
    return Outcome(file, *counts, totals, upload.state.value, upload.error_counts)


def another_creditor(ports: Ports, name: str, tax_id: str) -> Actor:
    """The analyst of one more creditor."""
    operator, email = throwaway.operator(ports), f"directora@{tax_id}.example"
    director = throwaway.neighbour(ports, operator, name, tax_id, email, ports.now())
    return throwaway.colleague(ports, director, Role.ANALYST, f"analista@{tax_id}.example", ports.now())


def everything(ports: Ports, folder: Path) -> list[Outcome]:
    """What becomes of every file on an empty instance."""
    creditor = throwaway.creditor(ports, ports.now())
    # Three of the files number their accounts from 1 on.
    others = {
        "uci": another_creditor(ports, "Banco Segundo", "900987654-7"),
        "co-supersociedades": another_creditor(ports, "Banco Tercero", "901555444-7"),
    }
    agency = make_agency(ports, "Agencia A", "830111222-6", ports.now())
    with ports.session(creditor) as session, transaction(session):
        made = mandates.make(
            session,
            creditor,
            agency_id=agency.tenant,
            name="Castigada",
            terms=TermSheet(commission_bp=1_500, report_due_days=5),
            valid_from=ports.now().date(),
            signer=throwaway.SIGNER,
            now=ports.now(),
        )
    throwaway.agree(ports, agency, made.id)
    outcomes = []
    for one in files(folder):
        if SENDERS[one.kind].side is Side.AGENCY:
            outcomes.append(run(ports, agency, one, folder, creditor.tenant))
        else:
            sender = next((other for name, other in others.items() if one.path.startswith(name)), creditor)
            outcomes.append(run(ports, sender, one, folder))
    ports.engine.dispose()
    return outcomes


def main() -> int:
    """Print the table; ends with 0 only when every file ends as it must."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    with tempfile.TemporaryDirectory() as store, throwaway.server() as running:
        outcomes = everything(throwaway.ports(running, "real_files", Path(store)), folder)
    print(f"{'file':<44} {'kind':<18} {'rows':>7} {'loaded':>7} {'rejected':>8}  verdict, totals")
    for one in outcomes:
        totals = ", ".join(f"{name} {total:,.2f}" for name, total in one.totals.items())
        mark = "" if one.is_as_told else f"   EXPECTED {one.file.verdict} {one.file.rejected} {dict(one.file.totals)}"
        print(
            f"{one.file.path.rpartition('/')[2]:<44} {one.file.kind:<18} {one.rows:>7,} {one.loaded:>7,} "
            f"{one.rejected:>8,}  {one.verdict}{': ' if totals else ''}{totals}{mark}"
        )
        if one.faults:
            print(f"{'':<44} {dict(one.faults)}")
    return 0 if all(one.is_as_told for one in outcomes) else 1


def _taken_in(ports: Ports, actor: Actor, file: RealFile, data: bytes, name: str, creditor_id: int | None) -> Upload:
    incoming = ports.storage.incoming()
    incoming.write(data)
    with ports.session(actor) as session, transaction(session):
        upload = receiving.receive(
            session,
            actor,
            incoming,
            kind=file.kind,
            filename=name,
            creditor_id=creditor_id,
            control=file.control,
            now=ports.now(),
        ).upload
    perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        upload = get_upload(session, actor, upload.id)
        if upload.state is UploadState.REJECTED:
            return upload
        # The same columns were confirmed before: the file is read as then.
        if upload.state is UploadState.RECEIVED:
            _confirm(session, actor, upload.id, file, ports.now())
    perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        upload = get_upload(session, actor, upload.id)
        if upload.state is UploadState.CHECKED:
            uploads.apply(session, actor, upload.id, good_rows_only=True, now=ports.now())
    perform_due(ports)
    with ports.session(actor) as session:
        return get_upload(session, actor, upload.id)


def _confirm(session: Session, actor: Actor, upload_id: int, file: RealFile, now: datetime) -> None:
    proposed = confirming.proposal(session, actor, upload_id)
    columns = {one.position: one.field for one in proposed.columns if one.field and not file.is_exact}
    columns |= {one.position: file.columns[one.header] for one in proposed.columns if one.header in file.columns}
    confirming.confirm(
        session, actor, upload_id, mapping=columns, options=file.options.or_else(proposed.options), now=now
    )


if __name__ == "__main__":
    sys.exit(main())
