"""A body of five gigabytes is cut off at the limit, and nothing of it stays anywhere."""

from __future__ import annotations

import dataclasses
import io

import pytest

from agencies.organisations.permissions import Role
from portal.app import create_app, ports_of
from tests import entering
from tests.portal.conftest import Browser

LIMIT = 8 << 20
SIZE = 5 << 30
BOUNDARY = "----sparse"


class Sparse(io.RawIOBase):
    """A form with one file of zeros, made while it is read; what was read of it is counted."""

    def __init__(self, token: str) -> None:
        part = '--{}\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        self.left, self.given, self.at = SIZE, 0, 0
        self.head = (part.format(BOUNDARY, "csrf_token", "") + token + "\r\n").encode()
        self.head += part.format(BOUNDARY, "file", '; filename="cartera.csv"').encode()

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Only asked to find out how long it is."""
        self.at = SIZE if whence == io.SEEK_END else offset
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer) -> int:
        piece = self.head or bytes(min(self.left, len(buffer), 1 << 20))
        piece, self.head = piece[: len(buffer)], self.head[len(buffer) :]
        self.left -= len(piece)
        self.given += len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.fixture
def analyst(world, settings):
    app = create_app(dataclasses.replace(settings, max_upload_bytes=LIMIT))
    person = world.person(Role.ANALYST)
    yield Browser(entering.signed_in(app, person), person)
    with app.app_context():
        ports_of(app).engine.dispose()


@pytest.mark.parametrize("is_declared", [True, False], ids=["a declared length", "a length nobody declares"])
def test_five_gigabytes_are_refused_before_they_are_read(analyst, settings, is_declared: bool):
    token = analyst.token()
    body = Sparse(token)
    length = {"CONTENT_LENGTH": str(SIZE)} if is_declared else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    answer = analyst.client.post(
        "/uploads/new",
        input_stream=body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers={"X-CSRF-Token": token},
        environ_overrides=length,
    )
    assert answer.status_code == 413
    assert body.given < 2 * LIMIT
    assert list((settings.storage_folder / "incoming").glob("*")) == []
