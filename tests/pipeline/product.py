"""The product's own processes for a test: workers and a sweep, started, killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config import Settings
from portal.stack import processes

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a process has these settings."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "REFERENCE_KEY": settings.reference_key.hex(),
        "DATA_KEYS": ",".join(f"{version}:{key.hex()}" for version, key in settings.data_keys.items()),
        "INDEX_KEY": settings.index_key.hex(),
        "MAIL_URL": settings.mail_folder.as_uri(),
        "MAIL_FROM": str(settings.mail_from),
        "STORAGE_URL": settings.storage_folder.as_uri(),
        "PUBLIC_URL": settings.public_url,
        "CHECK_BLOCK_BYTES": str(settings.check_block_bytes),
        "WORK_LEASE_SECONDS": str(settings.work_lease_seconds),
        "SWEEP_SECONDS": str(settings.sweep_seconds),
        "LOG_LEVEL": settings.log_level,
    }


@dataclass
class Product:
    """Some workers and one sweep; whatever is killed is replaced, as a supervisor would do."""

    settings: Settings
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    #: Everything ever started: each leads a session of its own, by which its orphans are found.
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one of the product's commands; it goes when the test's process goes."""
        log = self.folder / f"{len(self.started)}-{command[0]}.log"
        process = processes.start(
            [*FLASK, *command], environ=environment(self.settings), log=log, follow=signal.SIGKILL
        )
        self.started.append(process)
        return process

    def start_workers(self, count: int) -> None:
        """Start so many workers."""
        self.workers += [self.start("work") for _ in range(count)]

    def horses(self) -> list[tuple[subprocess.Popen[bytes], psutil.Process]]:
        """The workers that are performing, each with the child that does it."""
        found = []
        for worker in self.workers:
            with contextlib.suppress(psutil.Error):
                found += [(worker, child) for child in psutil.Process(worker.pid).children()]
        return found

    def kill_worker(self, worker: subprocess.Popen[bytes]) -> None:
        """`kill -9` for a worker, whose child works on as an orphan; another worker starts."""
        worker.kill()
        worker.wait()
        self.workers.remove(worker)
        self.start_workers(1)

    def logs(self) -> str:
        """What the processes said at the end, to show why a test failed."""
        return "\n".join(f"== {log.name}\n{processes.last_lines(log)}" for log in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def running(settings: Settings, folder: Path, *, workers: int, sweeps: bool = True) -> Iterator[Product]:
    """The product for the time of the block, without its sweep if so wished; no process of it is left behind."""
    folder.mkdir()
    product = Product(settings, folder)
    try:
        if sweeps:
            product.start("sweep", "--forever")
        product.start_workers(workers)
        yield product
    finally:
        processes.end(product.started, patience=5)


def until(condition, *, seconds: float, product: Product | None = None, every: float = 0.1) -> None:
    """Wait for a condition; fails with the processes' logs when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not in time\n" + (product.logs() if product else ""))
        time.sleep(every)
