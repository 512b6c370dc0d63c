"""The folder of the local stack: secrets made once, short socket paths, and what is given wins."""

import os
import re
from pathlib import Path

import pytest

from portal.stack import environment
from portal.stack.environment import Places, StackError


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    first = environment.read_or_make_secrets(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert environment.read_or_make_secrets(path) == first
    assert len(first["SECRET_KEY"]) == len(first["REFERENCE_KEY"]) == 64
    assert first["SECRET_KEY"] != first["REFERENCE_KEY"]
    assert re.fullmatch(r"[a-z]{4}(-[a-z]{4}){3}", first["DEMO_PASSWORD"])
    assert re.fullmatch(r"[A-Z2-7]{32}", first["DEMO_AUTHENTICATOR"])


def test_a_missing_secret_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("REFERENCE_KEY=" + "ab" * 32 + "\n")
    found = environment.read_or_make_secrets(path)
    assert found["REFERENCE_KEY"] == "ab" * 32
    assert environment.read_or_make_secrets(path) == found


def test_a_short_folder_holds_its_own_sockets(tmp_path: Path) -> None:
    assert environment.socket_folder(Path("/srv/encargo/var/run")) == Path("/srv/encargo/var/run")


@pytest.mark.parametrize("long", ["x" * 120, "ñ" * 60])
def test_a_long_folder_keeps_its_sockets_elsewhere_within_the_limit(long: str) -> None:
    wanted = Path("/srv") / long / "var" / "run"
    short = environment.socket_folder(wanted)
    assert len(os.fsencode(short / ".s.PGSQL.5432.lock")) <= 107
    assert short == environment.socket_folder(wanted)
    assert short != environment.socket_folder(wanted.with_name("other"))


def test_a_folder_that_is_a_link_is_not_taken_for_our_own(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StackError, match="belongs to another user"):
        environment.claim_private_folder(tmp_path / "run")


def test_folders_that_hold_data_are_closed_to_others(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.create()
    for folder in (places.files, places.mail, places.log, places.valkey, places.sockets):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_given_wins_over_what_is_local(tmp_path: Path) -> None:
    places = Places(tmp_path)
    given = {"REDIS_URL": "redis://elsewhere/0", "PATH": "/bin", "SECRET_KEY": ""}
    local = {"REDIS_URL": "unix:///here", "DATABASE_URL": "postgresql+psycopg://here"}
    environ = environment.application_environment(places, given, local=local, port=9000)
    assert environ["REDIS_URL"] == "redis://elsewhere/0"
    assert environ["DATABASE_URL"] == "postgresql+psycopg://here"
    assert environ["PUBLIC_URL"] == "http://localhost:9000"
    assert environ["PATH"] == "/bin"
    assert len(environ["SECRET_KEY"]) == 64  # given, but empty: not given


def test_the_folder_can_be_named(tmp_path: Path) -> None:
    assert Places.of({"ENCARGO_VAR": str(tmp_path)}).var == tmp_path
    assert Places.of({}).var == environment.ROOT / "var"
