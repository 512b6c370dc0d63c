"""Addresses: where a redirect may go, and how a page is reached from outside."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import current_app, url_for

from portal.ports import Ports


def local_target(address: str | None) -> str | None:
    """The address if it is a path on this server, else None; whatever a browser could read as a host is refused."""
    if not address or not address.startswith("/") or "\\" in address or not address.isprintable():
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or address.startswith("//"):
        return None
    return address


def public_address(endpoint: str, **values: Any) -> str:
    """A page's address as people outside type it; from the settings, never from a header of the request."""
    ports: Ports = current_app.extensions["encargo"]
    return ports.settings.public_url + url_for(endpoint, **values)


def allows_loopback() -> bool:
    """Whether this is a local stack, whose own machine may be asked things."""
    ports: Ports = current_app.extensions["encargo"]
    return is_loopback(urlsplit(ports.settings.public_url))


def is_loopback(parts: SplitResult) -> bool:
    """Whether an address is on this machine."""
    return parts.hostname in {"127.0.0.1", "localhost", "::1"}


def host_of(address: str) -> str:
    """The host of an address, with its port."""
    return urlsplit(address).netloc
