"""What only a bucket can get wrong: encryption, links, signatures, and a wire that is cut."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.stores import ObjectServer, Wire
from uploads.storage import Bucket, S3Storage, StorageUnavailable
from uploads.stores.s3 import PART_BYTES

BIG = 3 * PART_BYTES


@pytest.fixture
def bucket(object_server: ObjectServer) -> Bucket:
    return object_server.new_bucket()


@pytest.fixture
def storage(bucket: Bucket) -> S3Storage:
    return S3Storage(bucket)


@pytest.fixture
def wire(object_server: ObjectServer) -> Iterator[Wire]:
    """Lets orders through and cuts whatever carries half a part."""
    wire = Wire(object_server.endpoint_url, most=PART_BYTES // 2)
    yield wire
    wire.close()


def put(storage: S3Storage, key: str, data: bytes) -> None:
    incoming = storage.incoming()
    incoming.write(data)
    incoming.keep(key)


def fetch(address: str) -> tuple[int, bytes, str]:
    """What somebody without credentials gets from an address."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - our own server's
            return answer.status, answer.read(), answer.headers.get("Content-Disposition", "")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(), ""


@pytest.mark.parametrize("size", [10, BIG])
def test_what_is_kept_is_encrypted_where_it_lies(object_server, bucket, storage, size):
    put(storage, "1/x", b"y" * size)

    found = object_server.client.head_object(Bucket=bucket.name, Key="files/1/x")

    assert found["ServerSideEncryption"] == "AES256"
    assert found["ContentLength"] == size


def test_a_server_that_cannot_encrypt_as_asked_gets_nothing(object_server, bucket):
    # This one has no key service.
    storage = S3Storage(replace(bucket, encryption="aws:kms:some-key"))

    with pytest.raises(StorageUnavailable, match="NotImplemented"):
        put(storage, "1/x", b"bytes")
    assert object_server.names(bucket) == set()


def test_a_link_hands_the_file_out_as_an_attachment_under_its_own_name(storage):
    put(storage, "1/x", b"<script>alert(1)</script>")

    address = storage.link("1/x", 'cartera "año" 1;.html', 60)

    status, content, disposition = fetch(address)
    assert (status, content) == (200, b"<script>alert(1)</script>")
    assert disposition == (
        "attachment; filename=\"cartera ao 1;.html\"; filename*=UTF-8''cartera%20%22a%C3%B1o%22%201%3B.html"
    )


def test_a_link_that_is_over_is_refused_by_the_server(storage):
    put(storage, "1/x", b"bytes")
    address = storage.link("1/x", "a.csv", 1)
    assert fetch(address)[0] == 200

    time.sleep(2.5)

    assert fetch(address)[0] == 403


@pytest.mark.parametrize("seconds", [0, -1, 301, 86_400])
def test_no_link_lives_longer_than_five_minutes(storage, seconds):
    with pytest.raises(ValueError, match="300"):
        storage.link("1/x", "a.csv", seconds)


def test_a_link_opens_one_file_and_no_other(storage):
    put(storage, "1/x", b"mine")
    put(storage, "2/x", b"the neighbour's")

    address = storage.link("1/x", "a.csv", 60)

    assert fetch(address.replace("/1/x", "/2/x"))[0] == 403
    assert fetch(address.replace("attachment", "inline"))[0] == 403
    assert fetch(address.replace("X-Amz-Expires=60", "X-Amz-Expires=86400"))[0] == 403


def test_without_a_signature_nothing_is_handed_out(bucket, storage):
    put(storage, "1/x", b"bytes")
    whole = storage.link("1/x", "a.csv", 60)
    assert fetch(whole)[0] == 200

    at = f"{bucket.endpoint_url}/{bucket.name}"
    for address in (at, f"{at}/files/1/x", whole.partition("&X-Amz-Signature=")[0]):
        status, content, _name = fetch(address)
        assert 400 <= status < 500
        assert b"bytes" not in content


def test_where_browsers_do_not_reach_the_bucket_there_is_no_link(bucket):
    storage = S3Storage(replace(bucket, is_reached_by_readers=False))
    put(storage, "1/x", b"bytes")

    assert storage.link("1/x", "a.csv", 60) is None


def test_a_wrong_secret_is_refused_by_the_server(object_server, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    with pytest.raises(StorageUnavailable, match="SignatureDoesNotMatch"):
        put(S3Storage(bucket), "1/x", b"bytes")
    assert object_server.names(bucket) == set()


def test_two_prefixes_of_one_bucket_do_not_meet(object_server, bucket, storage):
    other = S3Storage(replace(bucket, prefix="files-of-others"))
    put(storage, "1/x", b"ours")
    put(other, "1/x", b"theirs")

    assert [one.key for one in storage.keys("")] == ["1/x"]
    storage.delete("1/x")
    assert object_server.names(bucket) == {"files-of-others/1/x"}


def test_a_file_replaced_while_it_is_read_is_not_read_half_and_half(storage):
    put(storage, "1/x", b"a" * BIG)

    with storage.open("1/x") as file:
        assert file.read(10) == b"a" * 10
        put(storage, "1/x", b"b" * BIG)
        file.seek(2 * PART_BYTES)
        with pytest.raises(StorageUnavailable):
            file.read(10)


@pytest.mark.timeout(120)
def test_a_part_that_never_arrives_ends_in_a_clean_error_and_leaves_nothing(object_server, bucket, wire):
    storage = S3Storage(replace(bucket, endpoint_url=wire.endpoint_url))
    incoming = storage.incoming()
    incoming.write(b"z" * BIG)

    with pytest.raises(StorageUnavailable):
        incoming.keep("1/x")
    incoming.discard()

    assert wire.cut >= 2, "each part was tried again"
    assert object_server.names(bucket) == set()
    assert object_server.begun(bucket) == []


@pytest.mark.timeout(120)
def test_a_server_that_goes_away_in_the_middle_keeps_nothing_but_parts_that_are_swept(object_server, bucket, wire):
    storage = S3Storage(replace(bucket, endpoint_url=wire.endpoint_url))
    incoming = storage.incoming()
    incoming.write(b"z" * BIG)
    began = object_server.client.create_multipart_upload

    # As a process does that dies with its connection: parts were begun, and nobody is left to abort them.
    began(Bucket=bucket.name, Key="files/1/x")
    wire.pull()
    with pytest.raises(StorageUnavailable):
        incoming.keep("1/x")
    incoming.discard()

    assert object_server.names(bucket) == set()
    again = S3Storage(bucket)
    assert again.forget_abandoned(datetime.now(UTC) + timedelta(minutes=1), lambda key: key == "1/x") == 1
    assert object_server.begun(bucket) == []


def test_after_a_refused_keep_the_same_file_can_be_kept(object_server, bucket, wire):
    storage = S3Storage(replace(bucket, endpoint_url=wire.endpoint_url))
    put(storage, "1/x", b"as it was")
    wire.pull()
    with pytest.raises(StorageUnavailable):
        put(storage, "1/x", b"never came")

    with S3Storage(bucket).open("1/x") as file:
        assert file.read() == b"as it was"


def test_a_bucket_that_is_not_there_is_no_empty_store(bucket):
    storage = S3Storage(replace(bucket, name="encargo-no-such-bucket"))

    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        list(storage.keys(""))
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        put(storage, "1/x", b"bytes")
