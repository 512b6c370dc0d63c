"""What every edge of the product (web, job, command, benchmark) needs from outside, built once from the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from agencies.kernel import clock, sealing
from agencies.kernel.references import References
from agencies.kernel.sealing import Keyring
from agencies.kernel.tenancy import Actor, bind
from config import Settings
from portal.postbox import Postbox, open_postbox
from portal.scanner import open_scanner
from uploads.allowance import Allowance
from uploads.quarantine import Quarantine
from uploads.scanners import Scanner
from uploads.storage import LocalStorage, S3Storage, Storage

#: The walls bind only a login that owns nothing and bypasses nothing.
LOGIN_MAY_TOO_MUCH = """
    select rolname as login from pg_roles where rolname = session_user
      and (rolsuper or rolbypassrls or exists (select from pg_class where relowner = pg_roles.oid))
    """
#: Nothing a person waits for may hang on a lock or a lost statement; jobs lift the second limit for themselves. The
#: server finds out in a minute and a half that a machine has gone for good, and lets go of what it held.
_CONNECT_ARGS = {
    "options": "-c lock_timeout=5s -c statement_timeout=600s -c idle_in_transaction_session_timeout=120s"
    " -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
}


@dataclass(frozen=True)
class Ports:
    """The database, the file store, the postbox, the keys and the reference codec of one running instance."""

    settings: Settings
    engine: Engine
    storage: Storage
    #: The same store, for whoever asks why a file is not handed out.
    quarantine: Quarantine
    #: What looks through files for malicious software, where there is one.
    scanner: Scanner | None
    references: References
    keyring: Keyring
    postbox: Postbox
    #: What time it is for the jobs; the demo lets a whole year pass by it.
    now: Callable[[], datetime] = clock.utc_now

    @property
    def allowance(self) -> Allowance:
        """How much each organisation may keep and send."""
        return Allowance(self.settings.max_organisation_bytes, self.settings.max_files_a_day)

    def session(self, actor: Actor) -> Session:
        """A new session that runs as the actor; the caller closes it."""
        session = _session(self.engine, actor)
        sealing.attach(session, self.keyring)
        return session


def engine_options() -> dict[str, object]:
    """How every engine on the portal's login is made."""
    # What a failed statement was given may be somebody's name or number, and errors end in logs.
    return {"pool_pre_ping": True, "connect_args": _CONNECT_ARGS, "hide_parameters": True}


def open_storage(settings: Settings) -> Storage:
    """The store of files that the settings name."""
    if settings.bucket is not None:
        return S3Storage(settings.bucket)
    if settings.storage_folder is None:
        raise AssertionError("the settings name neither a folder nor a bucket")
    return LocalStorage(settings.storage_folder)


class LoginMayTooMuch(RuntimeError):
    """The login owns tables or is not bound by their walls; the product does not run with it."""


def check_login(ports: Ports) -> None:
    """Raise `LoginMayTooMuch` when row-level security would not bind us; a database that is away is asked later."""
    try:
        with ports.engine.connect() as connection:
            may_too_much = connection.scalar(text(f"select exists ({LOGIN_MAY_TOO_MUCH})"))
    except OperationalError:
        return
    if may_too_much:
        raise LoginMayTooMuch("DATABASE_URL names a login that owns tables or bypasses row-level security")


def _session(engine: Engine, actor: Actor) -> Session:
    session = Session(engine, expire_on_commit=False)
    bind(session, actor)
    return session


def open_ports(settings: Settings, engine: Engine | None = None) -> Ports:
    """Connect to what the settings name, with the engine of whoever has one; nothing is contacted until first use."""
    engine = engine or create_engine(settings.database_url, **engine_options())
    quarantine = Quarantine(
        open_storage(settings),
        partial(_session, engine),
        is_scanned=settings.scanner is not None,
        now=clock.utc_now,
    )
    return Ports(
        settings=settings,
        engine=engine,
        storage=quarantine,
        quarantine=quarantine,
        scanner=open_scanner(settings),
        references=References(settings.reference_key),
        keyring=Keyring(settings.data_keys, settings.index_key),
        postbox=open_postbox(settings),
    )
