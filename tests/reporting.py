"""Files of an agency about its cases, as they stand once they were checked, and then applied as the job does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, as_loader
from assignments import intake
from portal.ports import Ports
from tests.loop import REPORTED_AT
from uploads.models import Upload, UploadKind, UploadState

_numbers = count(1)


def stage(
    ports: Ports,
    agency: Actor,
    creditor: Actor,
    kind: UploadKind,
    rows: Sequence[Mapping[str, object]],
    *,
    currency: str = "COP",
    good_rows_only: bool = True,
    now: datetime = REPORTED_AT,
) -> int:
    """A checked file that its sender has decided to apply; its id."""
    with ports.session(agency) as session, transaction(session):
        number = next(_numbers)
        upload = Upload(
            organisation_id=agency.tenant,
            creditor_id=creditor.tenant,
            kind=kind,
            state=UploadState.APPLYING,
            filename=f"{kind}-{number}.csv",
            size_bytes=1,
            sha256=number.to_bytes(32, "little"),
            storage_key=f"reporting/{number}",
            currency=currency,
            rows_read=len(rows),
            rows_good=len(rows),
            good_rows_only=good_rows_only,
            created_at=now,
        )
        session.add(upload)
        session.flush()
        with as_loader(session) as connection, connection.cursor() as cursor:
            for line, one in enumerate(rows, start=2):
                staged = {"organisation_id": agency.tenant, "upload_id": upload.id, "line": line, **one}
                cursor.execute(
                    f"insert into staged_{kind} ({', '.join(staged)}) values ({', '.join(['%s'] * len(staged))})",
                    list(staged.values()),
                )
        return upload.id


def load(ports: Ports, agency: Actor, upload_id: int, *, now: datetime = REPORTED_AT) -> Upload:
    """Apply it; the upload as it stands afterwards."""
    with ports.session(agency) as session, transaction(session):
        intake.load(session, agency, upload_id, now=now)
        return session.get_one(Upload, (agency.tenant, upload_id))


def report(
    ports: Ports,
    agency: Actor,
    creditor: Actor,
    kind: UploadKind,
    rows: Sequence[Mapping[str, object]],
    *,
    now: datetime = REPORTED_AT,
    **options: object,
) -> Upload:
    """Stage the rows and apply them."""
    return load(ports, agency, stage(ports, agency, creditor, kind, rows, now=now, **options), now=now)
