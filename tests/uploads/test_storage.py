"""Both stores keep the same promises: the folder, and the bucket of a real S3 server that checks every signature."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.stores import ObjectServer
from uploads.storage import Bucket, LocalStorage, S3Storage, Storage, UnsafeKey
from uploads.stores import s3
from uploads.stores.windows import windowed

PART = s3.PART_BYTES
MOVES = st.tuples(st.integers(0, 320), st.integers(-1, 90))
EXAMPLES = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass
class Kept:
    """A store, and what is really there, seen from outside of it."""

    storage: Storage
    folder: Path | None = None
    server: ObjectServer | None = None
    bucket: Bucket | None = None

    def everything(self) -> set[str]:
        """Whatever exists: kept, coming in, or in parts."""
        if self.folder is not None:
            return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        assert self.server is not None
        assert self.bucket is not None
        return self.server.names(self.bucket) | set(self.server.begun(self.bucket))


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "folder":
        folder = tmp_path / "files"
        yield Kept(LocalStorage(folder), folder=folder)
        return
    server: ObjectServer = request.getfixturevalue("object_server")
    bucket = server.new_bucket()
    yield Kept(S3Storage(bucket), server=server, bucket=bucket)


def put(storage: Storage, key: str, *pieces: bytes) -> bytes:
    """Keep a file written in these pieces; returns its hash."""
    incoming = storage.incoming()
    for piece in pieces:
        incoming.write(piece)
    incoming.keep(key)
    return incoming.digest()


def content(storage: Storage, key: str) -> bytes:
    with storage.open(key) as file:
        return file.read()


@EXAMPLES
@given(pieces=st.lists(st.binary(max_size=5000), max_size=6), places=st.lists(st.integers(0, 40_000), max_size=5))
def test_any_bytes_in_any_pieces_come_back_with_their_hash_and_from_any_place(kept: Kept, pieces, places):
    whole = b"".join(pieces)

    assert put(kept.storage, "1/portfolio/0/x", *pieces) == hashlib.sha256(whole).digest()

    with kept.storage.open("1/portfolio/0/x") as file:
        assert file.read() == whole
        for place in places:
            assert file.seek(place) == place
            assert file.read(100) == whole[place : place + 100]
        assert file.seek(0, io.SEEK_END) == len(whole)


@EXAMPLES
@given(
    whole=st.binary(max_size=300),
    window=st.integers(1, 40),
    moves=st.lists(MOVES, max_size=12),
)
def test_windows_read_as_a_file_in_memory_reads(whole, window, moves):
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return whole[offset : offset + length]

    file, plain = windowed(len(whole), fetch, window), io.BytesIO(whole)

    for place, size in moves:
        assert file.seek(place) == plain.seek(place)
        assert file.read(size) == plain.read(size)
    assert all(0 < length <= window for length in asked)


def test_a_big_file_goes_in_parts_and_comes_back_by_blocks(kept: Kept):
    block = os.urandom(1 << 20)
    whole = block * 20 + b"the end"

    put(kept.storage, "1/portfolio/0/big", *(block for _ in range(20)), b"the end")

    # As the checker reads: a block, then a step back to where its last whole record ended.
    with kept.storage.open("1/portfolio/0/big") as file:
        assert file.seek(0, io.SEEK_END) == len(whole) > 2 * PART
        at = 0
        while at < len(whole) - 7:
            file.seek(at)
            data = file.read(4 << 20)
            assert data == whole[at : at + (4 << 20)]
            at += max(len(data) - 1000, 1)
        file.seek(-7, io.SEEK_END)
        assert file.read() == b"the end"
    assert kept.everything() == ({"kept/1/portfolio/0/big"} if kept.folder else {"files/1/portfolio/0/big"})


def test_what_was_written_so_far_can_be_looked_at_while_more_comes(kept: Kept):
    incoming = kept.storage.incoming()
    incoming.write(b"cuenta;saldo\n")
    first = incoming.look()
    incoming.write(b"1;2\n")

    with first, incoming.look() as second:
        assert first.readline() == b"cuenta;saldo\n"
        assert second.seek(7) == 7
        assert second.read() == b"saldo\n1;2\n"
        first.seek(0)
        assert first.read(6) == b"cuenta"
    incoming.write(b"3;4\n")
    incoming.keep("1/portfolio/0/x")
    assert content(kept.storage, "1/portfolio/0/x") == b"cuenta;saldo\n1;2\n3;4\n"


def test_a_look_outlives_keeping_and_discarding(kept: Kept):
    for end in ("keep", "discard"):
        incoming = kept.storage.incoming()
        incoming.write(b"bytes")
        with incoming.look() as file:
            incoming.keep("1/x") if end == "keep" else incoming.discard()
            assert file.read() == b"bytes"


def test_the_same_key_again_replaces_the_file(kept: Kept):
    put(kept.storage, "1/portfolio/0/x", b"first")
    put(kept.storage, "1/portfolio/0/x", b"second and longer")

    assert content(kept.storage, "1/portfolio/0/x") == b"second and longer"
    assert [one.key for one in kept.storage.keys("")] == ["1/portfolio/0/x"]


@pytest.mark.parametrize("size", [0, 10, 3 * PART])
def test_what_is_discarded_leaves_nothing(kept: Kept, size):
    incoming = kept.storage.incoming()
    incoming.write(b"x" * size)
    incoming.discard()
    incoming.discard()

    assert kept.everything() == set()


def test_a_kept_file_is_out_of_reach_of_a_late_discard(kept: Kept):
    incoming = kept.storage.incoming()
    incoming.write(b"bytes")
    incoming.keep("1/x")
    incoming.discard()

    assert content(kept.storage, "1/x") == b"bytes"


def test_a_deleted_file_is_gone_and_deleting_it_again_does_nothing(kept: Kept):
    put(kept.storage, "1/x", b"bytes")

    kept.storage.delete("1/x")
    kept.storage.delete("1/x")

    assert kept.everything() == set()
    with pytest.raises(FileNotFoundError):
        kept.storage.open("1/x")


@pytest.mark.parametrize(
    "key", ["", "..", "1/../2", "../x", "/etc/passwd", "1//x", "1/x/", "1/.", "a\\b", "1/x.csv", "1/é", "1/x\n", "a\0b"]
)
def test_a_key_that_is_not_the_product_s_is_refused(kept: Kept, key):
    incoming = kept.storage.incoming()
    incoming.write(b"bytes")
    for act in (
        lambda: incoming.keep(key),
        lambda: kept.storage.open(key),
        lambda: kept.storage.delete(key),
        lambda: kept.storage.link(key, "a.csv", 60),
    ):
        with pytest.raises(UnsafeKey):
            act()
    incoming.discard()
    assert kept.everything() == set()


def test_files_are_listed_by_the_beginning_of_their_keys(kept: Kept):
    for key in ("1/portfolio/0/aa", "1/portfolio/0/ab", "1/payments/7/aa", "12/portfolio/0/aa", "2/x"):
        put(kept.storage, key, b"1234")

    def under(prefix: str) -> set[str]:
        return {one.key for one in kept.storage.keys(prefix)}

    assert under("1/") == {"1/portfolio/0/aa", "1/portfolio/0/ab", "1/payments/7/aa"}
    assert under("1/portfolio/0/a") == {"1/portfolio/0/aa", "1/portfolio/0/ab"}
    assert len(under("")) == 5
    assert under("3/") == set()
    (listed,) = kept.storage.keys("2/")
    assert listed.size == 4
    assert abs(datetime.now(UTC) - listed.modified_at) < timedelta(minutes=1)


def test_what_was_begun_and_never_kept_is_forgotten_when_it_is_old(kept: Kept):
    if kept.folder:
        (kept.folder / "incoming").mkdir()
        (kept.folder / "incoming" / "5e5e").write_bytes(b"the process was killed here")
    else:
        assert kept.server is not None
        assert kept.bucket is not None
        kept.server.client.create_multipart_upload(Bucket=kept.bucket.name, Key="files/1/x")
        kept.server.client.create_multipart_upload(Bucket=kept.bucket.name, Key="elsewhere/1/x")
        kept.server.client.create_multipart_upload(Bucket=kept.bucket.name, Key="files/somebody-else.tar")
    put(kept.storage, "1/kept", b"bytes")
    now = datetime.now(UTC)

    assert kept.storage.forget_abandoned(now - timedelta(hours=1), {"1/x"}.__contains__) == 0
    assert kept.storage.forget_abandoned(now + timedelta(minutes=1), {"1/x"}.__contains__) == 1

    assert kept.everything() == (
        {"kept/1/kept"} if kept.folder else {"files/1/kept", "elsewhere/1/x", "files/somebody-else.tar"}
    )
