"""What the product is compared with and does not contain: installed into a virtual environment that is thrown away."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from bench import portfolio_file
from portal.stack.postgres import PostgresServer
from portal.stack.provision import plain_url

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "peers.txt"
DATABASE = "peers_bench"


def django_rows_per_second(running: PostgresServer, rows: int) -> float | None:
    """How fast django-import-export loads so many of the rows with validation; None where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="encargo-peers-") as name:
        folder = Path(name)
        python = folder / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        installed = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS], capture_output=True, check=False
        )
        if installed.returncode:
            return None
        file = folder / "portfolio.csv"
        portfolio_file.write(file, rows)
        with psycopg.connect(plain_url(running.url()), autocommit=True) as connection:
            connection.execute(f"drop database if exists {DATABASE} with (force)")
            connection.execute(f"create database {DATABASE}")
        command = [python, HERE / "django_peer.py", running.sockets, DATABASE, file]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"django-import-export failed:\n{done.stderr}")
        return float(done.stdout.split()[-1])
