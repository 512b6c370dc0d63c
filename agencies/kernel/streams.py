"""Rows that go from one connection into another as they come, without being unpacked on the way.

Writing is what a database does slowest and in one process only. So a second connection reads, sorts and joins, while
the one whose transaction counts does nothing but write, many rows at a time; each has a core to itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel import sealing
from agencies.kernel.tenancy import as_loader, bind, bound_actor

_CHUNK_BYTES, _CHUNKS_AHEAD = 1 << 18, 16
#: For a connection that waits for another one, which works for as long as there are rows. When this process is killed,
#: its statement must not run on; when its machine is lost, neither must its locks outlive it for long.
_PATIENCE = """
    select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '30min', true),
           set_config('client_connection_check_interval', '2s', true)
"""


@contextmanager
def beside(session: Session) -> Iterator[Session]:
    """A session of the same actor on a connection of its own, whose work is forgotten at the end.

    It sees what is durable, and nothing that `session` has changed so far. Both may wait for each other.
    """
    with Session(session.get_bind(), expire_on_commit=False) as reader:
        if sealing.is_attached(session):
            sealing.attach(reader, sealing.keyring_of(session))
        bind(reader, bound_actor(session))
        for waiting in (session, reader):
            waiting.execute(text(_PATIENCE))
        yield reader


class Stream(NamedTuple):
    """Rows for one table: the columns they fill, and what a reader is asked for them, its values as `%(name)s`.

    They are of the very types of the columns, for they travel in binary.
    """

    table: str
    columns: LiteralString
    query: LiteralString


def pump(reader: Session, stream: Stream, given: Mapping[str, Any], writer: Session) -> int:
    """Write as the loader what the reader finds, in the writer's transaction; returns how many rows."""
    outgoing = sql.SQL("copy ({}) to stdout (format binary)").format(sql.SQL(stream.query))
    incoming = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(stream.table), sql.SQL(stream.columns)
    )
    source: Any = reader.connection().connection.driver_connection
    with (
        as_loader(writer) as target,
        target.cursor() as writing,
        source.cursor() as reading,
        reading.copy(outgoing, given) as rows,
    ):
        with writing.copy(incoming) as copy, ThreadPoolExecutor(1, thread_name_prefix="pump") as threads:
            for chunk in _ahead(threads, _chunks(rows)):
                copy.write(chunk)
        written: int = writing.rowcount
        return written


def _ahead(threads: Executor, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, some of them read before they are asked for, so that neither side waits for the other."""
    waiting = deque(threads.submit(next, chunks, None) for _ in range(_CHUNKS_AHEAD))
    try:
        while (chunk := waiting.popleft().result()) is not None:
            waiting.append(threads.submit(next, chunks, None))
            yield chunk
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _chunks(rows: Iterable[bytes]) -> Iterator[bytes]:
    """The rows joined to pieces worth sending."""
    gathered, size = [], 0
    for row in rows:
        gathered.append(bytes(row))
        size += len(row)
        if size >= _CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)
