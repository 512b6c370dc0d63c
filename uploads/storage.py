"""Where files are kept: one port, and behind it a folder or a bucket.

Keys are made by the product, never by a sender; a key that would leave the store is refused.
"""

from __future__ import annotations

from uploads.stores.bucket import Bucket
from uploads.stores.local import LocalIncoming, LocalStorage
from uploads.stores.port import Incoming, Storage, StorageUnavailable, StoredObject, UnsafeKey
from uploads.stores.s3 import S3Storage

__all__ = [
    "Bucket",
    "Incoming",
    "LocalIncoming",
    "LocalStorage",
    "S3Storage",
    "Storage",
    "StorageUnavailable",
    "StoredObject",
    "UnsafeKey",
]
