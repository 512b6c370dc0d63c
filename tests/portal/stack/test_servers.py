"""Several commands share one stack's servers; only the last one stops them."""

from pathlib import Path

from portal.stack.environment import Places
from portal.stack.servers import Servers, borrowed


def test_servers_stay_for_whoever_still_uses_them_and_go_with_the_last(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.create()
    first, second = borrowed(places, {}), borrowed(places, {})
    servers = first.__enter__()
    second.__enter__()
    assert servers.postgres is not None
    assert servers.valkey is not None
    first.__exit__(None, None, None)
    assert servers.postgres.answers()
    assert servers.valkey.answers()
    second.__exit__(None, None, None)
    assert not servers.postgres.lives()
    assert not servers.valkey.answers()


def test_given_servers_are_used_and_none_is_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql+psycopg://db/encargo", "REDIS_URL": "redis://queue/0"}
    servers = Servers.of(Places(tmp_path), given)
    assert servers.postgres is None
    assert servers.valkey is None
    assert servers.addresses() == {}


def test_what_died_is_started_again(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.create()
    with borrowed(places, {}) as servers:
        assert servers.revive() == []
        assert servers.valkey is not None
        servers.valkey.stop()
        assert servers.revive() == ["Valkey"]
        assert servers.valkey.answers()
