"""Stores for tests: a real S3 server in a process of its own, buckets in it, and a wire that can be cut."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from tests.swift_account import ACCESS_KEY, REGION, SECRET_KEY
from uploads.storage import Bucket

ROOT = Path(__file__).parents[1]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


class ObjectServer:
    """The running server: its address, its buckets, and a client that is not the product's."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(read_timeout=20, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def new_bucket(self, prefix: str = "files") -> Bucket:
        """An empty bucket of its own."""
        name = f"encargo-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return Bucket(name, prefix=prefix, region=REGION, endpoint_url=self.endpoint_url)

    def names(self, bucket: Bucket) -> set[str]:
        """Every object there is, whatever its prefix."""
        found = self.client.list_objects_v2(Bucket=bucket.name)
        return {one["Key"] for one in found.get("Contents", ())}

    def begun(self, bucket: Bucket) -> list[str]:
        """The uploads in parts that were neither completed nor aborted."""
        found = self.client.list_multipart_uploads(Bucket=bucket.name)
        return [one["Key"] for one in found.get("Uploads", ())]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[ObjectServer]:
    """Start the server and stop it; it ends by itself when this process does."""
    try:
        os.setxattr(folder, "user.encargo", b"1")
    except OSError:
        pytest.fail(f"the S3 server of the tests needs extended attributes, which {folder} has not: set TMPDIR")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.swift_server", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        told = process.stdout.readline() if process.stdout else b""
        if not told:
            pytest.fail("the S3 server of the tests did not start: python -m tests.swift_server FOLDER says why")
        try:
            yield ObjectServer(json.loads(told)["endpoint_url"])
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(timeout=20)


class Wire:
    """Between a client and the server: cuts every connection that carried more than so many bytes, or all of them."""

    def __init__(self, endpoint_url: str, *, most: int) -> None:
        host, port = endpoint_url.removeprefix("http://").split(":")
        self._server = (host, int(port))
        self._most = most
        self._is_down = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint_url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def pull(self) -> None:
        """From now on nothing goes through."""
        self._is_down = True
        for pair in self._pairs:
            _hang_up(*pair)

    def close(self) -> None:
        """Stop listening and let everything go."""
        self.pull()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for end in (self._listening, *(one for pair in self._pairs for one in pair)):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            if self._is_down:
                connection.close()
                continue
            pair = (connection, socket.create_connection(self._server))
            self._pairs.append(pair)
            for arguments in ((*pair, True), (*reversed(pair), False)):
                self._threads.append(threading.Thread(target=self._carry, args=arguments, daemon=True))
                self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                carried += len(data) if counts else 0
                if carried > self._most:
                    self.cut += 1
                    break
                target.sendall(data)
        _hang_up(source, target)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
