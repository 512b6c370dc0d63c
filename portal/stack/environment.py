"""Where the local stack keeps things (`var/`), its secrets, and the environment of the application."""

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: A unix socket's address must fit 107 bytes; the longest name we put in the folder is `.s.PGSQL.5432.lock`.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


class StackError(Exception):
    """The local stack cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Places:
    """The folders and files of one local stack."""

    var: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Places":
        """The stack named by `ENCARGO_VAR`, else the one in the project's own `var/`."""
        return cls(Path(environ.get("ENCARGO_VAR") or ROOT / "var").absolute())

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def files(self) -> Path:
        return self.var / "files"

    @property
    def mail(self) -> Path:
        return self.var / "mail"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets.env"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.var / "run")

    def create(self) -> None:
        """Make the folders that are missing, readable by their owner only where they hold data."""
        self.var.mkdir(parents=True, exist_ok=True)
        for folder in (self.log, self.files, self.mail, self.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)
        claim_private_folder(self.sockets)


def socket_folder(wanted: Path) -> Path:
    """The folder itself when a socket's address fits in it, else a short one under the temporary folder."""
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_FOLDER:
        return wanted
    name = f"encargo-{os.getuid()}-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]}"
    return short_temporary_folder() / name


def short_temporary_folder() -> Path:
    """The system's temporary folder, unless its own path would leave no room for a socket's address."""
    folder = Path(tempfile.gettempdir())
    return folder if len(os.fsencode(folder)) <= 40 else Path("/tmp")  # noqa: S108 - private folders are made in it


def claim_private_folder(folder: Path) -> None:
    """Make the folder for this user alone; raises when somebody else made it first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid():
        message = f"{folder} belongs to another user; remove it, or move the project to a shorter path."
        raise StackError(message)
    folder.chmod(0o700)


def typeable_password() -> str:
    """A random password that a person can copy from a screen: four groups of four letters, without look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


#: What an installation generates once: its keys, and how everybody in the demo signs in.
_SECRETS = {
    "SECRET_KEY": lambda: secrets.token_hex(32),
    "REFERENCE_KEY": lambda: secrets.token_hex(32),
    "DATA_KEYS": lambda: f"1:{secrets.token_hex(32)}",
    "INDEX_KEY": lambda: secrets.token_hex(32),
    "DEMO_PASSWORD": typeable_password,
    "DEMO_AUTHENTICATOR": lambda: base64.b32encode(secrets.token_bytes(20)).decode(),
}


def read_or_make_secrets(path: Path) -> dict[str, str]:
    """The secrets of this installation, generated once and kept in a file only its owner can read."""
    found: dict[str, str] = {}
    if path.exists():
        pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
        found = {name.strip(): value.strip() for name, value in pairs}
    missing = {name: make for name, make in _SECRETS.items() if name not in found}
    if missing:
        found |= {name: make() for name, make in missing.items()}
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in found.items())
        draft.replace(path)
    return found


def application_environment(
    places: Places, given: Mapping[str, str], *, local: Mapping[str, str], port: int
) -> dict[str, str]:
    """What the application is started with: the given wins, then local servers, secrets and folders."""
    defaults = {
        **local,
        **read_or_make_secrets(places.secrets),
        "STORAGE_URL": places.files.as_uri(),
        "MAIL_URL": places.mail.as_uri(),
        "MAIL_FROM": "Encargo <letters@encargo.example>",
        # By its name, for passkeys need one.
        "PUBLIC_URL": f"http://localhost:{port}",
        "PYTHONUNBUFFERED": "1",
        # A block is read, checked and copied by three threads and a server already; more threads only get in their way.
        "POLARS_MAX_THREADS": "1",
    }
    return {**defaults, **{name: value for name, value in given.items() if value or name not in defaults}}
