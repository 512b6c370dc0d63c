"""The two servers of a local stack together, and who may stop them when several commands use them at once."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.stack import processes
from portal.stack.environment import Places
from portal.stack.postgres import PostgresServer
from portal.stack.provision import provision
from portal.stack.valkey import ValkeyServer

APP, OWNER, DATABASE = "encargo_app", "encargo_owner", "encargo"


@dataclass
class Servers:
    """The servers that have to be local; none for an address that is given in the environment."""

    postgres: PostgresServer | None
    valkey: ValkeyServer | None

    @classmethod
    def of(cls, places: Places, given: Mapping[str, str]) -> "Servers":
        """Local servers for the addresses that are not given."""
        return cls(
            None
            if given.get("DATABASE_URL")
            else PostgresServer(places.postgres, places.sockets, places.log / "postgres.log"),
            None if given.get("REDIS_URL") else ValkeyServer(places.valkey, places.sockets, places.log / "valkey.log"),
        )

    @classmethod
    def throwaway(cls, folder: Path) -> "Servers":
        """Servers for tests: quick, forgetful, in a folder that is removed afterwards."""
        return cls(
            PostgresServer(folder / "postgres", folder, folder / "postgres.log", durable=False),
            ValkeyServer(folder / "valkey", folder, folder / "valkey.log", durable=False),
        )

    def names(self) -> list[str]:
        """The servers that are ours to start."""
        return [name for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)) if server]

    def start(self, *, follow: bool) -> None:
        """Start or adopt both; `follow` ties what is started to the life of this process."""
        if self.postgres:
            self.postgres.start(follow=follow)
        if self.valkey:
            self.valkey.start(follow=follow)

    def revive(self) -> list[str]:
        """Start again what has died; returns the names of what was started."""
        revived = []
        if self.postgres and not self.postgres.lives():
            self.postgres.start(follow=True)
            revived.append("PostgreSQL")
        if self.valkey and not self.valkey.lives():
            self.valkey.start(follow=True)
            revived.append("Valkey")
        return revived

    def provision(self) -> None:
        """Create roles and database in the local PostgreSQL; a given server has its own operator."""
        if self.postgres:
            provision(self.postgres.url(), DATABASE)

    def stop(self) -> None:
        """Stop both, Valkey first: what it forgets, PostgreSQL remembers."""
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()

    def addresses(self) -> dict[str, str]:
        """The environment variables that name the local servers."""
        named: dict[str, str] = {}
        if self.postgres:
            named["DATABASE_URL"] = self.postgres.url(APP, DATABASE)
            named["DATABASE_OWNER_URL"] = self.postgres.url(OWNER, DATABASE)
        if self.valkey:
            named["REDIS_URL"] = self.valkey.url()
        return named


@contextlib.contextmanager
def borrowed(places: Places, given: Mapping[str, str]) -> Iterator[Servers]:
    """The servers for the time of one command: used where they run, else started; the last user stops them.

    They are not tied to this process, because another command may go on using them after it ends.
    """
    servers = Servers.of(places, given)
    with contextlib.ExitStack() as use:
        with gate(places):
            use.enter_context(in_use(places))
            servers.start(follow=False)
            servers.provision()
        try:
            yield servers
        finally:
            with gate(places):
                use.close()
                with processes.lock(_users(places), exclusive=True) as alone:
                    if alone:
                        servers.stop()


def gate(places: Places) -> contextlib.AbstractContextManager[bool]:
    """One at a time may start or stop the servers."""
    return processes.lock(places.sockets / "gate.lock", exclusive=True, wait=True)


def in_use(places: Places) -> contextlib.AbstractContextManager[bool]:
    """Says that somebody uses the servers, for as long as it is held."""
    return processes.lock(_users(places), exclusive=False, wait=True)


def _users(places: Places) -> Path:
    return places.sockets / "users.lock"
