"""Requests to servers that somebody outside has named: to no address inside our network, briefly, and never far.

A name is resolved once, every address it has is looked at, and the connection goes to the address that was looked at,
so that a name which changes in between leads nowhere else. The certificate is still the name's. No redirect is
followed, no proxy of the environment is used. On a local stack, and there alone, loopback is allowed, without TLS too.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

#: For one silence of the server, and for a whole conversation, however slowly it drips.
SECONDS, WHOLE_SECONDS = 5.0, 10.0
MOST_BYTES = 256 * 1024
#: So many conversations of a process at once: whoever is slow keeps these waiting and not the whole portal.
_CONVERSATIONS = threading.BoundedSemaphore(2)


class Unreachable(RuntimeError):
    """The server may not be asked, or did not answer as it should."""


@dataclass(frozen=True)
class Outbound(httpx.BaseTransport):
    """A transport of httpx that keeps these rules, for one conversation."""

    may_loopback: bool
    most_bytes: int = MOST_BYTES
    #: On the clock that only goes forward, in seconds.
    until: float = field(default_factory=lambda: time.monotonic() + WHOLE_SECONDS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the address its host was found to have; raises `Unreachable`."""
        address = self.check(request.url)
        named = request.url.host
        timeout = httpx.Timeout(min(SECONDS, self._left())).as_dict()
        request.extensions = {**request.extensions, "sni_hostname": named, "timeout": timeout}
        request.headers["Host"] = request.url.netloc.decode("ascii")
        request.url = request.url.copy_with(host=address)
        try:
            with httpx.HTTPTransport(trust_env=False, retries=0) as transport, self._cut_off(transport):
                response = transport.handle_request(request)
                return httpx.Response(response.status_code, headers=_plain(response), content=self._read(response))
        except (httpx.HTTPError, httpx.StreamError, OSError) as failure:
            raise Unreachable(type(failure).__name__) from failure

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise Unreachable("the conversation took too long")
        return left

    @contextmanager
    def _cut_off(self, transport: httpx.HTTPTransport) -> Iterator[None]:
        """Close the connection under a server that still drips when the conversation's time is over."""
        watch = threading.Timer(self._left(), transport.close)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _read(self, response: httpx.Response) -> bytes:
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self.most_bytes:
                raise Unreachable("the answer is too long")
        return body

    def check(self, url: httpx.URL) -> str:
        """The vetted address of a URL's host; raises `Unreachable`."""
        if url.userinfo or not url.host:
            raise Unreachable("the address holds a password or no host")
        addresses = _addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        is_loopback = all(one.is_loopback for one in addresses)
        if is_loopback and self.may_loopback and url.scheme in {"http", "https"}:
            return str(addresses[0])
        if url.scheme != "https":
            raise Unreachable("only https is spoken")
        if not all(_is_outside(one) for one in addresses):
            raise Unreachable("the address is not on the public net")
        return str(addresses[0])


@contextmanager
def client(*, may_loopback: bool, most_bytes: int = MOST_BYTES) -> Iterator[httpx.Client]:
    """A client by these rules, for one conversation; raises `Unreachable` where too many are being held."""
    if not _CONVERSATIONS.acquire(timeout=SECONDS):
        raise Unreachable("too many conversations at once")
    try:
        transport = Outbound(may_loopback, most_bytes)
        with httpx.Client(transport=transport, follow_redirects=False, timeout=SECONDS, trust_env=False) as web:
            yield web
    finally:
        _CONVERSATIONS.release()


def post(url: str, content: bytes, headers: dict[str, str], *, may_loopback: bool, most_bytes: int) -> int:
    """Send octets and return the status that was answered; raises `Unreachable`."""
    try:
        with client(may_loopback=may_loopback, most_bytes=most_bytes) as web:
            return web.post(url, content=content, headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise Unreachable(type(failure).__name__) from failure


def _addresses(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_rest, sockaddr in found]
    except (OSError, UnicodeError, ValueError) as failure:
        raise Unreachable("the host is not known") from failure


def _is_outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _is_outside(inner)
        if address in _NAT64:
            return _is_outside(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _plain(response: httpx.Response) -> dict[str, str]:
    # What was packed is unpacked by now.
    dropped = {"content-encoding", "content-length", "transfer-encoding"}
    return {name: value for name, value in response.headers.items() if name.lower() not in dropped}
