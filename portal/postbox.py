"""Where letters go: to a mail server by SMTP, or on a local stack into a folder that somebody can look into.

Whatever a server says is told by its code alone, because its words may repeat an address.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from agencies.kernel.errors import Invalid, msg
from config import MailServer, Settings

#: For each answer of the server; a letter that takes longer altogether loses its lease and is sent again.
SECONDS = 15
_PERMANENT = range(500, 600)
#: The server does not know us or our password: for its keeper to mend, and no fault of the letter.
_OURS = {530, 534, 535, 538}


class LetterRefused(Invalid):
    """The mail server will never take this letter."""

    text = msg("The mail server refused the letter for good, with code %(code)s.")


class PostAway(RuntimeError):
    """The mail server cannot be reached or does not take letters now; later it may."""


class Postbox(Protocol):
    """Takes letters that are ready to go."""

    def deliver(self, letter: EmailMessage) -> None:
        """Hand a letter on; raises `LetterRefused` or `PostAway`."""


@dataclass(frozen=True)
class SmtpPostbox:
    """A mail server, spoken to anew for each letter, with its certificate checked."""

    server: MailServer

    def deliver(self, letter: EmailMessage) -> None:
        """Hand a letter to the server and wait until it has taken it."""
        try:
            with self._connection() as connection:
                connection.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _words),) = list(refused.recipients.values())[:1]
            _tell(code)
        except smtplib.SMTPResponseException as refused:
            _tell(refused.smtp_code)
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            # An address beyond ASCII and a server that knows no others, or one without STARTTLS.
            raise PostAway("the mail server lacks what the letter needs") from None
        except (smtplib.SMTPException, OSError) as away:
            raise PostAway(type(away).__name__) from None

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server, checked = self.server, ssl.create_default_context()
        if server.protection == "tls":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=checked)
        else:
            opened = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        with opened as connection:
            if server.protection == "starttls":
                connection.starttls(context=checked)
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
            yield connection


@dataclass(frozen=True)
class FolderPostbox:
    """A folder of `.eml` files, one per letter: a local stack has no mail server."""

    folder: Path

    def deliver(self, letter: EmailMessage) -> None:
        """Leave a letter in the folder; the same letter again takes the place of the first."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(str(letter["Message-ID"]).encode()).hexdigest()[:24]
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(letter.as_bytes())
            draft.replace(self.folder / f"{name}.eml")
        finally:
            draft.unlink(missing_ok=True)


def open_postbox(settings: Settings) -> Postbox:
    """The postbox that the settings name."""
    if settings.mail_server is not None:
        return SmtpPostbox(settings.mail_server)
    if settings.mail_folder is None:
        raise AssertionError("the settings name neither a folder nor a mail server")
    return FolderPostbox(settings.mail_folder)


def message_id(sender: Address, organisation_id: int, key: str) -> str:
    """The name of a letter: the same whenever this letter is sent again."""
    digest = hashlib.sha256(f"{organisation_id}|{key}".encode()).hexdigest()[:40]
    return f"<{digest}@{sender.domain}>"


def _tell(code: int) -> None:
    if code in _PERMANENT and code not in _OURS:
        raise LetterRefused(code=code) from None
    raise PostAway(f"code {code}") from None


def newest_left(folder: Path, to: str | None = None) -> str | None:
    """The newest letter left in a folder, or the newest to an address, as it is read: its links in one piece."""
    for path in sorted(folder.glob("*.eml"), key=lambda one: one.stat().st_mtime_ns, reverse=True):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = letter.get_body(("plain",))
        if body is not None and (to is None or to.casefold() == str(letter["To"]).casefold()):
            return f"{letter['Subject']}\n{letter['To']}, {letter['Date']}\n\n{body.get_content()}"
    return None
