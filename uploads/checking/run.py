"""Checks a file block by block into staging; the rows of a block, its faults and the checkpoint are one transaction.

While one block is copied, the next one is written for it in a thread, the one behind it checked in another and the one
behind that read in a third: four blocks are in memory at any time, however long the file.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, TypeVar, cast

import polars as pl
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.tenancy import Actor, as_loader
from uploads.checking.checks import Checked, check
from uploads.checking.control import TOTALS, Control, sums
from uploads.checking.rejecting import count_faults, count_remarks, reject_repeated
from uploads.checking.sealing import RowSealer
from uploads.checking.staging import STAGED
from uploads.checking.totalrows import Seen
from uploads.formats.blocks import BLOCK_BYTES, Block, blocks
from uploads.formats.frames import Sheet, read
from uploads.mapping.valuemaps import count_unknown
from uploads.models import Upload, UploadError, UploadState
from uploads.options import Options
from uploads.own import readable_key, readable_size
from uploads.rows import Step
from uploads.schemas.registry import SCHEMAS
from uploads.storage import Storage

#: Faults of single rows beyond this are counted and no longer listed; the error file finds them again.
LISTED = 10_000
#: Rows from which on the joins that follow are planned badly for an unknown number of them.
STATISTICS_FROM = 500
_WRITE_BYTES = 1 << 18
_SEALED_AT_ONCE = 5_000
_OWNER = ("organisation_id", "upload_id")
Item = TypeVar("Item")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.6f+00:00"


@dataclass(frozen=True)
class Batch:
    """One checked block: where it began and ends, and what goes into the database."""

    start: int
    end: int
    #: Records up to its end.
    line: int
    columns: tuple[str, ...]
    rows: list[bytes]
    errors: pl.DataFrame
    warnings: pl.DataFrame
    read: int
    rejected: int
    totals: dict[str, int]
    control: Control | None


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
        self._threads: ThreadPoolExecutor | None = None
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
            return Step(upload.offset_bytes, readable_size(upload))
        if batch is None:
            # A million accounts are told apart in memory.
            self._session.execute(text("select set_config('work_mem', '128MB', true)"))
            reject_repeated(self._session, upload)
            self._session.flush()
            self.close()
            return None
        stage(self._session, upload, batch)
        return Step(batch.end, readable_size(upload))

    def close(self) -> None:
        """Let go of the file and the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        if self._file is not None:
            self._file.close()
        self._threads = self._file = self._next = None

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
            self._file = self._storage.open(readable_key(upload))
            self._threads = ThreadPoolExecutor(3, thread_name_prefix="check")
            keyring = keyring_of(self._session)
            self._batches = batches(self._file, upload, keyring, self._block_bytes, ahead=self._threads)
            batch = next(self._batches, None)
        if self._threads is not None:
            self._next = self._threads.submit(next, self._batches, None)
        return batch


def batches(
    file: BinaryIO,
    upload: Upload,
    keyring: Keyring,
    block_bytes: int = BLOCK_BYTES,
    *,
    ahead: Executor | None = None,
) -> Iterator[Batch]:
    """The checked and sealed blocks of an upload's file from its checkpoint on, read `ahead`; touches no database."""
    plan = Plan.of(upload)
    sealer = RowSealer(keyring, SCHEMAS[plan.kind], upload.organisation_id, upload.id, plan.options.country)
    owner = {"organisation_id": upload.organisation_id, "upload_id": upload.id}
    seen = Seen(upload.rows_read, dict(upload.totals))
    sheets = plan.sheets(file, upload.offset_bytes, upload.offset_line, block_bytes)
    checker = plan.checker(seen)
    if ahead is None:
        return _batches(_checked(sheets, checker), sealer, owner, upload.offset_bytes)
    return _batches(_ahead(ahead, _checked(_ahead(ahead, sheets), checker)), sealer, owner, upload.offset_bytes)


@dataclass(frozen=True)
class Plan:
    """All that decides how a file's rows are read, taken from its upload, for a thread that may not touch it."""

    kind: Any
    encoding: str
    delimiter: str
    width: int
    mapping: dict[int, str]
    options: Options
    #: The day the file came, by which dates are in the future.
    today: date

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
            upload.created_at.date(),
        )

    def checker(self, seen: Seen | None = None) -> Checker:
        """What checks block after block, from the beginning or behind what was seen."""
        return Checker(self, seen or Seen())

    def sheets(self, file: BinaryIO, offset: int, line: int, block_bytes: int) -> Iterator[tuple[int, int, Sheet]]:
        """For every block from a place on: the place behind it, the records up to there, and its rows as text."""
        wanted = sorted(self.mapping)

        def read_next(block: Block) -> tuple[int, int, Sheet]:
            nonlocal line
            sheet = read(block, self.width, self.delimiter, wanted, line + 1)
            line += sheet.records
            return block.end, line, sheet

        return map(read_next, blocks(file, self.encoding, self.delimiter, offset, block_bytes))


class Checker:
    """Checks the blocks of a file in their order, because a row of totals is known by the rows above it."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self._plan = plan
        self._seen = seen

    def check(self, sheet: Sheet) -> Checked:
        """What is found in the next block."""
        plan = self._plan
        found = check(sheet, plan.mapping, SCHEMAS[plan.kind], plan.options, today=plan.today, seen=self._seen)
        self._seen = Seen(self._seen.rows + found.read, sums(self._seen.totals, found.totals))
        return found


def stage(session: Session, upload: Upload, batch: Batch) -> None:
    """Copy one batch with its faults and remarks, and move the checkpoint behind it."""
    remarked = sum(upload.warning_counts.values())
    listed = pl.concat(
        [
            batch.errors.head(max(0, LISTED - upload.errors_found)).with_columns(is_warning=False),
            batch.warnings.head(max(0, LISTED - remarked)).with_columns(is_warning=True),
        ]
    )
    plan = Plan.of(upload)
    sealer = RowSealer(keyring_of(session), SCHEMAS[plan.kind], upload.organisation_id, upload.id, None)
    with as_loader(session) as connection:
        _copy(connection, STAGED[upload.kind].name, batch.columns, batch.rows)
        if len(listed):
            owned = sealer.seal_faults(listed).select(
                pl.lit(upload.organisation_id).alias("organisation_id"), pl.lit(upload.id).alias("upload_id"), pl.all()
            )
            _copy(connection, UploadError.__tablename__, tuple(owned.columns), [_csv(owned, null="\\N")], null="\\N")
    count_faults(upload, _counted(batch.errors))
    count_remarks(upload, _counted(batch.warnings))
    count_unknown(upload, batch.errors)
    # Of all rows read, until the check is concluded: what control totals are compared with.
    upload.totals = sums(upload.totals, batch.totals)
    _take_control(upload, batch)
    upload.offset_bytes, upload.offset_line = batch.end, batch.line
    upload.rows_read += batch.read
    upload.rows_rejected += batch.rejected
    upload.rows_good += batch.read - batch.rejected
    session.flush()


def _take_control(upload: Upload, batch: Batch) -> None:
    """Keep what rows of totals say as long as no account comes below them; what the file was sent with goes before."""
    known = Control.from_dict(upload.control)
    if known is not None and known.source != TOTALS:
        return
    if batch.read or batch.control:
        said = batch.control if batch.control and batch.control.says_something else None
        upload.control = said.to_dict() if said else None


# A loop holds what it handed on until it is asked for the next, which is a block more in memory at each stage; `map`
# does not, and neither does what follows.


def _ahead(threads: Executor, made: Iterator[Item]) -> Iterator[Item]:
    """The same, the one behind the present one being made meanwhile."""
    waiting = deque([threads.submit(next, made, None)])
    while waiting[0].result() is not None:
        waiting.append(threads.submit(next, made, None))
        yield cast("Item", waiting.popleft().result())


def _checked(sheets: Iterator[tuple[int, int, Sheet]], checker: Checker) -> Iterator[tuple[int, int, Checked]]:
    def check_next(block: tuple[int, int, Sheet]) -> tuple[int, int, Checked]:
        end, line, sheet = block
        return end, line, checker.check(sheet)

    return map(check_next, sheets)


def _batches(
    checked: Iterator[tuple[int, int, Checked]], sealer: RowSealer, owner: dict[str, int], offset: int
) -> Iterator[Batch]:
    def seal_next(block: tuple[int, int, Checked]) -> Batch:
        nonlocal offset
        end, line, found = block
        start, offset = offset, end
        columns, rows = _sealed(found.rows, sealer, owner)
        return Batch(
            start,
            end,
            line,
            columns,
            rows,
            found.errors,
            found.warnings,
            found.read,
            found.rejected,
            found.totals,
            found.control,
        )

    return map(seal_next, checked)


def _sealed(rows: pl.DataFrame, sealer: RowSealer, owner: dict[str, int]) -> tuple[tuple[str, ...], list[bytes]]:
    """The rows as they are copied, some at a time: in between, each is several objects of its own."""
    written, columns = list[bytes](), tuple[str, ...]()
    for part in rows.iter_slices(_SEALED_AT_ONCE) if len(rows) else [rows]:
        owned = sealer.seal(part).select(*(pl.lit(number).alias(name) for name, number in owner.items()), pl.all())
        written.append(_csv(owned))
        columns = tuple(owned.columns)
    return columns, written


def _counted(found: pl.DataFrame) -> dict[tuple[str, str], int]:
    counted = found.group_by("field", "code").len().sort("field", "code")
    return {(field, code): count for field, code, count in counted.rows()}


def _csv(frame: pl.DataFrame, null: str = "") -> bytes:
    out = io.BytesIO()
    frame.write_csv(out, include_header=False, null_value=null, datetime_format=_INSTANT)
    return out.getvalue()


def _copy(connection: Any, table: str, columns: tuple[str, ...], rows: list[bytes], null: str = "") -> None:
    statement = sql.SQL("copy {} ({}) from stdin (format csv, null {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(null)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in rows:
            view = memoryview(part)
            for at in range(0, len(view), _WRITE_BYTES):
                copy.write(view[at : at + _WRITE_BYTES])
