"""A developer's command runs with the servers up and the environment set, and its exit code is the command's."""

import os
import subprocess
import sys
from pathlib import Path

from portal.stack.environment import ROOT

ASK = """
import os, sys
import psycopg
from portal.stack.provision import plain_url
from config import Settings
settings = Settings.from_env()
for url in (settings.database_url, settings.database_owner_url):
    with psycopg.connect(plain_url(url)) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0])
print(settings.storage_folder)
sys.exit(7)
"""


def stack(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "portal.stack", *arguments],
        cwd=ROOT,
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_finds_both_logins_and_settings_that_the_application_accepts(tmp_path: Path) -> None:
    var = tmp_path / "una carpeta con ñ"
    done = stack("env", "--", sys.executable, "-c", ASK, ENCARGO_VAR=str(var))
    assert done.returncode == 7, done.stderr
    assert done.stdout.split("\n") == ["encargo_app", "encargo_owner", str(var / "files"), ""]
    assert not (var / "postgres" / "postmaster.pid").exists()


def test_the_products_own_flask_comes_before_any_other(tmp_path: Path) -> None:
    (other := tmp_path / "bin").mkdir()
    (other / "flask").write_text("#!/bin/sh\n")
    (other / "flask").chmod(0o755)
    path = os.pathsep.join([str(other), os.environ["PATH"]])
    done = stack("env", "--", "sh", "-c", "command -v flask", ENCARGO_VAR=str(tmp_path / "var"), PATH=path)
    assert done.stdout.strip() == str(Path(sys.executable).parent / "flask"), done.stderr


def test_a_refusal_is_one_message_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    done = stack("env", "--", "true", ENCARGO_VAR=str(tmp_path))
    assert done.returncode == 1
    assert "written by PostgreSQL 9" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_shows_the_usage() -> None:
    done = stack("dance")
    assert done.returncode == 2
    assert "usage: python -m portal.stack" in done.stderr
