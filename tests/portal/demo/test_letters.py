"""The newest letter of a local stack, as its reader sees it."""

from __future__ import annotations

import os
from email.message import EmailMessage

LINK = "http://localhost:8080/invitations/" + "Zx_9-" * 12


def leave(folder, number: int, to: str, words: str) -> None:
    """A letter in the folder, with a body whose lines are broken on the way as those of real letters are."""
    letter = EmailMessage()
    letter["Subject"], letter["To"], letter["Date"] = f"Carta {number}", to, "Sun, 22 Nov 2026 21:38:38 +0000"
    letter.set_content(words, cte="quoted-printable")
    folder.mkdir(exist_ok=True)
    path = folder / f"{number}.eml"
    path.write_bytes(bytes(letter))
    os.utime(path, (number, number))


def test_the_link_of_a_letter_is_said_whole_and_nobody_elses_letter_is_taken_for_it(app, settings):
    runner, folder = app.test_cli_runner(), settings.mail_folder
    assert runner.invoke(args=["demo-letter"]).exit_code == 1
    leave(folder, 1, "ana@bank.example", f"Aceptar la invitación:\n{LINK}\n")
    leave(folder, 2, "eva@bank.example", "Otra carta.\n")

    assert LINK not in (folder / "1.eml").read_text()
    assert LINK in runner.invoke(args=["demo-letter", "Ana@bank.example"]).output
    assert "Otra carta." in runner.invoke(args=["demo-letter"]).output
    assert runner.invoke(args=["demo-letter", "nobody@bank.example"]).exit_code == 1
