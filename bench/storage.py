"""`python -m bench.storage`: one file of 250 MB into each store and back, beside a plain write of the same bytes.

The S3 server is the one of the tests, a whole Swift in one process on the same machine: its figures tell what the way
through the port costs at most, not what a server of its own gives.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import stores
from uploads.storage import LocalStorage, S3Storage, Storage

MEGABYTES = 250
PIECE = os.urandom(1 << 20)
BLOCK = 4 << 20


def main() -> None:
    """Print the table."""
    folder = Path(tempfile.mkdtemp(prefix="encargo-bench-"))
    try:
        seconds = timed(lambda: write_plainly(folder / "plain"))
        print(f"{'':<34}{'seconds':>9}{'MB/s':>8}{'peak MB':>9}")
        told("plain write and fsync, hashed", seconds)
        through("folder", LocalStorage(folder / "files"))
        os.environ.update(stores.CREDENTIALS)
        (folder / "s3").mkdir()
        with stores.running(folder / "s3") as server:
            through("bucket", S3Storage(server.new_bucket()))
    finally:
        shutil.rmtree(folder)


def through(name: str, storage: Storage) -> None:
    """One file in and out of a store."""
    incoming = storage.incoming()

    def write() -> None:
        for _ in range(MEGABYTES):
            incoming.write(PIECE)

    told(f"{name}: arrives", timed(write))
    told(f"{name}: is kept", timed(lambda: incoming.keep("1/portfolio/0/bench")))
    told(f"{name}: is read by 4 MB blocks", timed(lambda: read(storage)))


def read(storage: Storage) -> None:
    """As the checker reads."""
    with storage.open("1/portfolio/0/bench") as file:
        at = 0
        while data := file.read(BLOCK):
            at += len(data)
            file.seek(at)
    assert at == MEGABYTES << 20


def write_plainly(path: Path) -> None:
    """What any store has to do at least."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(MEGABYTES):
            digest.update(PIECE)
            file.write(PIECE)
        file.flush()
        os.fsync(file.fileno())


def timed(call: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def told(name: str, seconds: float) -> None:
    """One line of the table."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<34}{seconds:>9.2f}{MEGABYTES / seconds:>8.0f}{peak:>9.0f}")


if __name__ == "__main__":
    main()
