"""How long somebody else's page takes meanwhile: a process of its own, which asks for it a few times a second.

The page is the first of a list of cases, of another creditor on the same server, through the web application.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from bench import throwaway
from config import Settings
from portal.app import create_app, ports_of

PAGE = "/cases/"
PAUSE = 0.2
#: Pages until everything that is made once has been made.
WARM_UP = 10


@contextlib.contextmanager
def watching(environment: Mapping[str, str], email: str) -> Iterator[list[float]]:
    """Ask for the page as long as the block lasts; then the list holds how many milliseconds each answer took."""
    taken: list[float] = []
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.bystander", email],
        env=os.environ | environment | {"LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    try:
        child.stdout.readline()
        yield taken
    finally:
        child.send_signal(signal.SIGTERM)
        taken += [float(line) for line in child.communicate()[0].split()]


def main(email: str) -> None:
    """The child: sign in, then print the milliseconds of one page after the other."""
    app = create_app(Settings.from_env())
    client = app.test_client()
    throwaway.sign_in(ports_of(app), client, email)
    for number in range(10**9):
        began = time.perf_counter()
        answer = client.get(PAGE)
        took = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200
        assert answer.text.count("<tr") > 20, "the list is empty"
        if number == WARM_UP:
            print("ready", flush=True)
        elif number > WARM_UP:
            print(f"{took:.2f}", flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main(sys.argv[1])
