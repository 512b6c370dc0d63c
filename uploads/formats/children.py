"""Runs the process that opens one file, takes in what it writes, and ends it when it takes too long.

The process gets the file as its standard input and nothing else: no settings, no secrets, no connection. It can use up
what it was given or die, and whoever started it goes on.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from uploads.faults import UnusableFile
from uploads.formats.limits import Limits

_ROOT = Path(__file__).parent.parent.parent
_PIECE = 1 << 18
#: A report holds names of sheets and columns; more than this is none.
_LONGEST_REPORT = 4 << 20
_LAST_WORDS = 4096
_TOO_MUCH = b"memory allocation"


class OpenerDied(RuntimeError):
    """The process was ended from outside; its file may be opened another time."""


class Opener:
    """One file being opened by a process of its own."""

    def __init__(self, file: BinaryIO, order: dict[str, Any], limits: Limits, take: Callable[[bytes], object]) -> None:
        self._limits, self._take = limits, take
        #: How many rows are written, and of how many as far as is known.
        self.done, self.total = 0, 0
        self._report = b""
        self._result: dict[str, Any] | None = None
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._deadline = time.monotonic() + limits.wall_seconds
        bounds = {"limits": asdict(limits)}
        telling, told = os.pipe()
        try:
            with _as_a_file(file) as given:
                os.lseek(given, 0, os.SEEK_SET)
                self._process = subprocess.Popen(  # noqa: S603 - our own module and a list of ours, no shell
                    [sys.executable, "-s", "-m", "uploads.formats.opener", json.dumps(order | bounds), str(told)],
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=self._words,
                    cwd=_ROOT,
                    env={"PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir()},
                    pass_fds=(told,),
                    start_new_session=True,
                )
        except BaseException:
            os.close(telling)
            self._words.close()
            raise
        finally:
            os.close(told)
        self._telling = telling
        self._pipes = selectors.DefaultSelector()
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        self._pipes.register(self._process.stdout.fileno(), selectors.EVENT_READ, self._take)
        self._pipes.register(telling, selectors.EVENT_READ, self._listen)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def pump(self, seconds: float) -> bool:
        """Take in what the process writes for a while; says whether it has ended."""
        until = min(time.monotonic() + seconds, self._deadline)
        while self._pipes.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in self._pipes.select(left):
                data = os.read(key.fd, _PIECE)
                if data:
                    key.data(data)
                else:
                    self._pipes.unregister(key.fd)
        if self._pipes.get_map():
            if time.monotonic() >= self._deadline:
                raise UnusableFile("too_slow_to_open")
            return False
        self._process.wait(max(1.0, self._deadline - time.monotonic()))
        return True

    def result(self) -> dict[str, Any]:
        """What the process found out; raises `UnusableFile`, and `OpenerDied` when somebody else ended it."""
        self._listen(b"\n")
        if self._process.returncode == 0 and self._result is not None:
            if fault := self._result.get("fault"):
                raise UnusableFile(fault, **self._result["params"])
            return self._result
        if self._process.returncode == -signal.SIGXCPU:
            raise UnusableFile("too_slow_to_open")
        self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, self._words.tell() - _LAST_WORDS))
        words = self._words.read()
        if _TOO_MUCH in words or b"MemoryError" in words or self._process.returncode == -signal.SIGXFSZ:
            raise UnusableFile("too_large_to_open")
        if self._process.returncode in {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL}:
            raise UnusableFile("damaged")
        raise OpenerDied(f"the opener ended with {self._process.returncode}")

    def close(self) -> None:
        """End the process if it still runs, and let go of everything."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._pipes.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        os.close(self._telling)
        self._words.close()

    def _listen(self, data: bytes) -> None:
        self._report += data
        if len(self._report) > _LONGEST_REPORT:
            raise UnusableFile("too_many_columns", limit=self._limits.columns)
        *lines, self._report = self._report.split(b"\n")
        for line in filter(None, lines):
            said = json.loads(line)
            if "done" in said:
                self.done, self.total = said["done"], said["total"]
            else:
                self._result = said


class _as_a_file:  # noqa: N801 - it reads as a verb where it is used
    """A file descriptor that another process can read from any place: the file's own, or that of a copy."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._copy: BinaryIO | None = None

    def __enter__(self) -> int:
        try:
            return self._file.fileno()
        except (AttributeError, OSError):
            self._copy = tempfile.TemporaryFile()
            self._file.seek(0)
            while piece := self._file.read(_PIECE):
                self._copy.write(piece)
            self._copy.flush()
            return self._copy.fileno()

    def __exit__(self, *_: object) -> None:
        if self._copy is not None:
            self._copy.close()
