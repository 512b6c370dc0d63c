"""Files in a bucket of an S3 server: spooled to a local file on their way in, fetched by ranges on their way out.

What comes in is hashed into an unnamed temporary file of this machine, so that it can be looked at before it is kept
and vanishes with its process; `keep` sends it, a big one in parts. Nothing is public, everything is encrypted where it
lies, and every byte sent is signed, so that the server refuses a damaged one.

A forked process may use the store of its parent as long as the parent has not used it before.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from uploads.stores.bucket import Bucket
from uploads.stores.port import StorageUnavailable, StoredObject, checked_key, checked_seconds
from uploads.stores.windows import WindowedFile, windowed

PART_BYTES = 8 << 20
_PARTS_AT_A_TIME = 2
_LOOK_BYTES = 1 << 18
_MISSING = {"404", "NoSuchKey", "NotFound"}
#: A part that broke off while it was read is asked for again.
_READ_ATTEMPTS = 3


class S3Incoming:
    """A file being written to this machine, which the bucket has when it is kept."""

    def __init__(self, store: S3Storage) -> None:
        self._store = store
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when kept or discarded
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""
        return self._hash.digest()

    def look(self) -> BinaryIO:
        """What was written so far, for reading, seekable; the caller closes it."""
        self._file.flush()
        return cast("BinaryIO", io.BufferedReader(_Look(self._file.fileno(), self.size)))

    def keep(self, key: str) -> None:
        """Send it; raises `StorageUnavailable`, and then the key is as it was and no part stays behind."""
        checked_key(key)
        self._file.seek(0)
        self._store.put(key, cast("BinaryIO", self._file))
        self._file.close()

    def discard(self) -> None:
        """Forget what was written; a kept file stays."""
        self._file.close()


class S3Storage:
    """Files in one bucket under one prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._before = f"{bucket.prefix}/" if bucket.prefix else ""
        self._client = _client(bucket)
        self._transfer = TransferConfig(
            multipart_threshold=PART_BYTES,
            multipart_chunksize=PART_BYTES,
            max_concurrency=_PARTS_AT_A_TIME,
            preferred_transfer_client="classic",
        )
        # Parts wait in memory until they are sent; the library's ten would be eighty megabytes.
        self._transfer.max_in_memory_upload_chunks = _PARTS_AT_A_TIME

    def incoming(self) -> S3Incoming:
        """Begin a file."""
        return S3Incoming(self)

    def put(self, key: str, file: BinaryIO) -> None:
        """Send a file from its present place on; a big one goes in parts, which are aborted when one fails."""
        with _answers(key):
            self._client.upload_fileobj(
                file, self._bucket.name, self._before + key, ExtraArgs=self._bucket.sealed(), Config=self._transfer
            )

    def open(self, key: str) -> BinaryIO:
        """A kept file for reading, seekable; raises `FileNotFoundError`."""
        place = self._place(key)
        with _answers(key):
            found = self._client.head_object(**place)
        # A file that is replaced while it is read must not be read half and half.
        place["IfMatch"] = found["ETag"]

        def fetch(offset: int, length: int) -> bytes:
            with _answers(key):
                return self._range(place, offset, length)

        return windowed(found["ContentLength"], fetch)

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        place = self._place(key)
        try:
            with _answers(key):
                self._client.delete_object(**place)
        except FileNotFoundError:
            return

    def link(self, key: str, filename: str, seconds: int) -> str | None:
        """A signed address that hands the file out as an attachment for some seconds."""
        place = self._place(key)
        checked_seconds(seconds)
        if not self._bucket.is_reached_by_readers:
            return None
        plain = filename.encode("ascii", "ignore").decode().translate({ord('"'): None, ord("\\"): None})
        named = f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(filename, safe='')}"
        asked = {
            **place,
            "ResponseContentDisposition": named,
            "ResponseContentType": "application/octet-stream",
            "ResponseCacheControl": "no-store",
        }
        return str(self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds))

    def keys(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every kept file whose key begins so."""
        pages = self._client.get_paginator("list_objects_v2")
        with _answers(prefix):
            for page in pages.paginate(Bucket=self._bucket.name, Prefix=self._before + prefix):
                for one in page.get("Contents", ()):
                    key = one["Key"].removeprefix(self._before)
                    yield StoredObject(key, one["Size"], one["LastModified"])

    def forget_abandoned(self, before: datetime, is_ours: Callable[[str], bool]) -> int:
        """Abort the uploads in parts that were begun before an instant under keys of ours; returns how many."""
        name, forgotten = self._bucket.name, 0
        pages = self._client.get_paginator("list_multipart_uploads")
        with _answers("uploads in parts"):
            for page in pages.paginate(Bucket=name, Prefix=self._before):
                for one in page.get("Uploads", ()):
                    if one["Initiated"] < before and is_ours(one["Key"].removeprefix(self._before)):
                        self._client.abort_multipart_upload(Bucket=name, Key=one["Key"], UploadId=one["UploadId"])
                        forgotten += 1
        return forgotten

    def _place(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self._before + checked_key(key)}

    def _range(self, place: dict[str, Any], offset: int, length: int) -> bytes:
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                answer = self._client.get_object(**place, Range=f"bytes={offset}-{offset + length - 1}")
                with answer["Body"] as body:
                    return bytes(body.read())
            except BotoCoreError:
                if attempt == _READ_ATTEMPTS:
                    raise
        raise AssertionError


class _Look(WindowedFile):
    """The spooled file by a handle and a place of its own, whatever is written or closed meanwhile."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = os.dup(descriptor)
        super().__init__(size, lambda offset, length: os.pread(self._descriptor, length, offset), _LOOK_BYTES)

    def close(self) -> None:
        """Let the handle go."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _client(bucket: Bucket) -> Any:
    # Amazon has retired path addressing for new buckets; other servers seldom have a name for every bucket.
    own = bucket.endpoint_url is not None
    return boto3.session.Session().client(
        "s3",
        region_name=bucket.region,
        endpoint_url=bucket.endpoint_url,
        config=Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 4},
            max_pool_connections=16,
            tcp_keepalive=True,
            s3={"addressing_style": "path" if own else "virtual", "payload_signing_enabled": True},
            # The signature covers the bytes; the checksum trailers of newer clients are not known to every server.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def _answers(about: str) -> Iterator[None]:
    """Turn what the library raises into the port's two errors, neither of which carries an address or a header."""
    try:
        yield
    except ClientError as refusal:
        code = refusal.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise FileNotFoundError(about) from None
        raise StorageUnavailable(f"the store refused {about}: {code}") from refusal
    except S3UploadFailedError as failure:
        raise StorageUnavailable(f"the store did not take {about}") from failure
    except BotoCoreError as failure:
        raise StorageUnavailable(f"the store did not answer for {about}: {type(failure).__name__}") from failure
