"""Which addresses a redirect may go to."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_target(address: str | None) -> str | None:
    """The address if it is a path on this server, else None; whatever a browser could read as a host is refused."""
    if not address or not address.startswith("/") or "\\" in address or not address.isprintable():
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or address.startswith("//"):
        return None
    return address
