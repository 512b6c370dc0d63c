"""Which bucket, by whom it is served and how it is encrypted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """Where an S3 server keeps our files, and how it encrypts them."""

    name: str
    #: What stands before every key, without a slash at either end.
    prefix: str = ""
    region: str = "us-east-1"
    #: A server other than Amazon's.
    endpoint_url: str | None = None
    #: AES256, or aws:kms with or without the key's id behind a further colon.
    encryption: str = "AES256"
    #: Whether readers' browsers reach the server, so that they can be sent there with a link.
    is_reached_by_readers: bool = True

    def sealed(self) -> dict[str, str]:
        """The headers by which every put asks for encryption."""
        if self.encryption == "AES256":
            return {"ServerSideEncryption": "AES256"}
        key_id = self.encryption.removeprefix("aws:kms").removeprefix(":")
        return {"ServerSideEncryption": "aws:kms"} | ({"SSEKMSKeyId": key_id} if key_id else {})
