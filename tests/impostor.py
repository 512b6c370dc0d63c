"""An OpenID provider that says what a test tells it to say, rightly signed or not."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "encargo"
_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
_OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Impostor:
    """What is said, and by which key; `asked` is what was asked of the token endpoint."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    #: Claims that are left out.
    without: tuple[str, ...] = ()
    signs_with: str = "its key"
    #: Parts of the provider's own description that are otherwise.
    described: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    nonce: str = ""

    def word(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "subject-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "director@creditor0.example",
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.without}
        if self.signs_with == "nothing":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.signs_with == "the public key as a secret":
            # What a library takes that looks for the algorithm in the word itself.
            said = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
            return f"{said}.{_base64(hmac.digest(_KEY.as_pem(private=False), said.encode(), 'sha256'))}"
        key = _OTHER if self.signs_with == "another key" else _KEY
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)

    def answer(self, path: str) -> dict[str, Any] | None:
        self.fetched.append(path)
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                **self.described,
            },
            "/keys": {"keys": [_KEY.as_dict(private=False)]},
            "/token": {"access_token": "a", "token_type": "Bearer", "id_token": self.word()},
        }.get(path)


def _part(said: dict[str, Any]) -> str:
    return _base64(json.dumps(said).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Impostor]:
    """The impostor for the time of a block."""
    impostor = Impostor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(impostor.answer(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            impostor.asked.append({**parse_qs(body), "authorization": [self.headers.get("Authorization", "")]})
            self._say(impostor.answer(self.path))

        def _say(self, told: dict[str, Any] | None) -> None:
            self.send_response(200 if told else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told or {}).encode())

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    impostor.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield impostor
    finally:
        server.shutdown()
        server.server_close()
