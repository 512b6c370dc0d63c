"""Checks a file block by block into staging; the rows of a block, its faults and the checkpoint are one transaction.

The next block is read and checked in a thread of its own while the present one is copied. Two blocks are in memory at
any time, however long the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO

import polars as pl
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, as_loader
from uploads.blocks import BLOCK_BYTES, blocks
from uploads.checks import Checked, check
from uploads.frames import read
from uploads.models import Upload, UploadError, UploadState
from uploads.options import Options
from uploads.rejecting import count_faults, reject_repeated
from uploads.rows import Step
from uploads.schemas.registry import SCHEMAS
from uploads.staging import STAGED
from uploads.storage import Storage

#: Faults of single rows beyond this are counted and no longer listed; the error file finds them again.
LISTED = 10_000
#: Rows from which on the joins that follow are planned badly for an unknown number of them.
STATISTICS_FROM = 500
_WRITE_BYTES = 1 << 18
_OWNER = ("organisation_id", "upload_id")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.6f+00:00"


@dataclass(frozen=True)
class Batch:
    """One checked block: where it began and ends, and what goes into the database."""

    start: int
    end: int
    #: Records up to its end.
    line: int
    columns: tuple[str, ...]
    rows: bytes
    errors: pl.DataFrame
    read: int
    rejected: int


class Check:
    """The check of one upload, a step at a time; everything done in one step belongs in one transaction."""

    def __init__(
        self, session: Session, actor: Actor, storage: Storage, upload_id: int, *, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._session = session
        self._actor = actor
        self._storage = storage
        self._upload_id = upload_id
        self._block_bytes = block_bytes
        self._thread: ThreadPoolExecutor | None = None
        self._file: BinaryIO | None = None
        self._batches: Iterator[Batch] = iter(())
        self._next: Future[Batch | None] | None = None
        self._has_statistics = False

    def next_step(self) -> Step | None:
        """Stage the next block and say how far that is; None once all is staged and repeated rows are turned away."""
        upload = self._upload()
        if upload is None:
            self.close()
            return None
        batch = self._take(upload)
        if batch is None and not self._has_statistics and upload.rows_read >= STATISTICS_FROM:
            # In a transaction of its own, because it locks out whoever else gathers them until it ends.
            self._session.execute(text("select gather_statistics(:name)"), {"name": STAGED[upload.kind].name})
            self._has_statistics = True
            return Step(upload.offset_bytes, upload.size_bytes)
        if batch is None:
            reject_repeated(self._session, upload)
            self._session.flush()
            self.close()
            return None
        stage(self._session, upload, batch)
        return Step(batch.end, upload.size_bytes)

    def close(self) -> None:
        """Let go of the file and the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        if self._file is not None:
            self._file.close()
        self._thread = self._file = self._next = None

    def _upload(self) -> Upload | None:
        """The upload as it stands now, if it is still to be checked."""
        return self._session.scalar(
            select(Upload)
            .where(
                Upload.organisation_id == self._actor.tenant,
                Upload.id == self._upload_id,
                Upload.state == UploadState.CHECKING,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def _take(self, upload: Upload) -> Batch | None:
        """The batch behind the checkpoint; what was read ahead is dropped when a step before it did not commit."""
        batch = self._next.result() if self._next is not None else None
        if self._next is None or (batch is not None and batch.start != upload.offset_bytes):
            self.close()
            self._file = self._storage.open(upload.storage_key)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="check")
            self._batches = batches(self._file, upload, self._block_bytes)
            batch = next(self._batches, None)
        if self._thread is not None:
            self._next = self._thread.submit(next, self._batches, None)
        return batch


def batches(file: BinaryIO, upload: Upload, block_bytes: int = BLOCK_BYTES) -> Iterator[Batch]:
    """The checked blocks of an upload's file from its checkpoint on; touches no database."""
    plan = Plan.of(upload)
    owner = {"organisation_id": upload.organisation_id, "upload_id": upload.id}
    return _batches(file, plan, owner, upload.offset_bytes, upload.offset_line, block_bytes)


@dataclass(frozen=True)
class Plan:
    """All that decides how a file's rows are read, taken from its upload, for a thread that may not touch it."""

    kind: Any
    encoding: str
    delimiter: str
    width: int
    mapping: dict[int, str]
    options: Options

    @classmethod
    def of(cls, upload: Upload) -> Plan:
        """The plan of an upload whose columns were confirmed."""
        return cls(
            upload.kind,
            upload.encoding or "utf-8",
            upload.delimiter or ",",
            len(upload.header or []),
            {int(position): field for position, field in (upload.mapping or {}).items()},
            Options.from_dict(upload.options),
        )

    def checked(self, file: BinaryIO, offset: int, line: int, block_bytes: int) -> Iterator[tuple[int, int, Checked]]:
        """For every block from a place on: the place behind it, the records up to there, and what was found."""
        schema, wanted = SCHEMAS[self.kind], sorted(self.mapping)
        for block in blocks(file, self.encoding, self.delimiter, offset, block_bytes):
            sheet = read(block, self.width, self.delimiter, wanted, line + 1)
            line += sheet.records
            yield block.end, line, check(sheet, self.mapping, schema, self.options)


def stage(session: Session, upload: Upload, batch: Batch) -> None:
    """Copy one batch and its faults, and move the checkpoint behind it."""
    listed = batch.errors.head(max(0, LISTED - upload.errors_found))
    with as_loader(session) as connection:
        _copy(connection, STAGED[upload.kind].name, batch.columns, batch.rows)
        if len(listed):
            owned = listed.select(
                pl.lit(upload.organisation_id).alias("organisation_id"), pl.lit(upload.id).alias("upload_id"), pl.all()
            )
            _copy(connection, UploadError.__tablename__, tuple(owned.columns), _csv(owned, null="\\N"), null="\\N")
    if len(batch.errors):
        counted = batch.errors.group_by("field", "code").len().sort("field", "code")
        count_faults(upload, {(field, code): count for field, code, count in counted.rows()})
    upload.offset_bytes, upload.offset_line = batch.end, batch.line
    upload.rows_read += batch.read
    upload.rows_rejected += batch.rejected
    upload.rows_good += batch.read - batch.rejected
    session.flush()


def _batches(
    file: BinaryIO, plan: Plan, owner: dict[str, int], offset: int, line: int, block_bytes: int
) -> Iterator[Batch]:
    for end, reached, found in plan.checked(file, offset, line, block_bytes):
        owned = found.rows.select(*(pl.lit(number).alias(name) for name, number in owner.items()), pl.all())
        yield Batch(offset, end, reached, tuple(owned.columns), _csv(owned), found.errors, found.read, found.rejected)
        offset = end


def _csv(frame: pl.DataFrame, null: str = "") -> bytes:
    out = io.BytesIO()
    frame.write_csv(out, include_header=False, null_value=null, datetime_format=_INSTANT)
    return out.getvalue()


def _copy(connection: Any, table: str, columns: tuple[str, ...], rows: bytes, null: str = "") -> None:
    statement = sql.SQL("copy {} ({}) from stdin (format csv, null {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(null)
    )
    view = memoryview(rows)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for at in range(0, len(view), _WRITE_BYTES):
            copy.write(view[at : at + _WRITE_BYTES])
