"""The letters of a test's instance, read from its folder as people would read them."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from portal.jobs import tasks
from portal.ports import Ports


def send(ports: Ports) -> list[EmailMessage]:
    """Have everything sent that waits, and return all letters there are, in no particular order."""
    tasks.perform_due(ports)
    folder = ports.settings.mail_folder
    assert folder is not None
    return [message_from_bytes(file.read_bytes(), policy=default) for file in sorted(folder.glob("*.eml"))]


def letters_to(ports: Ports, address: str, subject: str | None = None) -> list[EmailMessage]:
    """The letters to one address, all or those of a subject, in no particular order."""
    return [one for one in send(ports) if one["To"] == address and subject in (None, one["Subject"])]


def path_in(letter: EmailMessage) -> str:
    """Where the link of a letter leads, without our own address in front."""
    plain = letter.get_body(("plain",)).get_content()
    (found,) = re.findall(r"^http://127\.0\.0\.1:8080(/\S+)\r?$", plain, re.MULTILINE)
    return found
