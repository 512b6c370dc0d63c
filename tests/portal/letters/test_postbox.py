"""A real mail server takes our letters, late or never; what it says of people is not repeated."""

from __future__ import annotations

import socket
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from config import MailServer
from portal.postbox import FolderPostbox, LetterRefused, PostAway, SmtpPostbox
from tests import mailserver
from tests.mailserver import PASSWORD, USER, Received


def a_letter(to: str = "ana@bank.example", subject: str = "Hola") -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = "Encargo <letters@encargo.example>", to, subject
    letter["Message-ID"] = "<the-same@encargo.example>"
    letter.set_content("Contraseña nueva: ñandú.\n")
    letter.add_alternative("<p>Contraseña nueva: ñandú.</p>", subtype="html")
    return letter


def plain(port: int) -> SmtpPostbox:
    return SmtpPostbox(MailServer("127.0.0.1", port, "none"))


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate, and its authority among those the product trusts."""
    made = mailserver.make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def test_a_letter_arrives_as_it_was_written(received):
    with mailserver.running(received) as port:
        plain(port).deliver(a_letter())

    (letter,) = received.letters
    assert received.envelopes == [("letters@encargo.example", ["ana@bank.example"])]
    assert letter["Subject"] == "Hola"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert "ñandú" in letter.get_body(("plain",)).get_content()


def test_after_starttls_the_password_goes_encrypted(received, certificate):
    options = mailserver.with_login(received)
    with mailserver.running(received, tls_context=certificate.context(), **options) as port:
        SmtpPostbox(MailServer("127.0.0.1", port, "starttls", USER, PASSWORD)).deliver(a_letter())

    assert (received.logins, received.was_encrypted, len(received.letters)) == ([True], [True], 1)


def test_with_tls_from_the_first_byte(received, certificate):
    with mailserver.running(received, ssl_context=certificate.context()) as port:
        SmtpPostbox(MailServer("127.0.0.1", port, "tls")).deliver(a_letter())

    assert len(received.letters) == 1


@pytest.mark.parametrize("protection", ["starttls", "tls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_no_letter_and_no_password(received, tmp_path, protection):
    stranger = mailserver.make_certificate(tmp_path).context()
    options = {"tls_context": stranger} if protection == "starttls" else {"ssl_context": stranger}
    with mailserver.running(received, **options) as port, pytest.raises(PostAway):
        SmtpPostbox(MailServer("127.0.0.1", port, protection, USER, PASSWORD)).deliver(a_letter())

    assert (received.letters, received.logins) == ([], [])


def test_a_server_without_starttls_gets_no_letter(received):
    with mailserver.running(received) as port, pytest.raises(PostAway):
        SmtpPostbox(MailServer("127.0.0.1", port, "starttls", USER, PASSWORD)).deliver(a_letter())

    assert (received.letters, received.logins) == ([], [])


def test_a_wrong_password_of_ours_is_not_the_letters_fault(received, certificate):
    options = mailserver.with_login(received)
    with mailserver.running(received, tls_context=certificate.context(), **options) as port, pytest.raises(PostAway):
        SmtpPostbox(MailServer("127.0.0.1", port, "starttls", USER, "another")).deliver(a_letter())

    assert (received.logins, received.letters) == ([False], [])


@pytest.mark.parametrize("answer", ["451 come back later", "421 closing", "452 full"])
def test_later_is_not_never(received, answer):
    received.answers = [answer]
    with mailserver.running(received) as port:
        with pytest.raises(PostAway):
            plain(port).deliver(a_letter())
        plain(port).deliver(a_letter())

    assert len(received.letters) == 1


def test_never_is_told_by_its_code_and_not_by_words_that_name_somebody(received):
    received.refuses_address_with = "550 ana@bank.example does not live here"
    with mailserver.running(received) as port, pytest.raises(LetterRefused) as refused:
        plain(port).deliver(a_letter())
    received.refuses_address_with = None
    received.answers = ["554 ana@bank.example thinks this is spam"]
    with mailserver.running(received) as port, pytest.raises(LetterRefused) as unwanted:
        plain(port).deliver(a_letter())

    assert (refused.value.params, unwanted.value.params) == ({"code": 550}, {"code": 554})
    assert "ana@" not in f"{refused.value}{unwanted.value}"
    # Not as a cause either, which a log would show.
    assert refused.value.__suppress_context__
    assert unwanted.value.__suppress_context__


def test_a_server_that_greylists_an_address_is_asked_again(received):
    received.refuses_address_with = "450 come back in five minutes"
    with mailserver.running(received) as port:
        with pytest.raises(PostAway):
            plain(port).deliver(a_letter())
        received.refuses_address_with = None
        plain(port).deliver(a_letter())

    assert len(received.letters) == 1


def test_a_connection_cut_in_the_middle_is_tried_again_and_the_repeat_is_recognisable(received):
    received.cuts = 1
    with mailserver.running(received) as port:
        with pytest.raises(PostAway):
            plain(port).deliver(a_letter())
        plain(port).deliver(a_letter())

    assert [one["Message-ID"] for one in received.letters] == ["<the-same@encargo.example>"] * 2


def test_a_server_that_is_away_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PostAway):
            plain(taken.getsockname()[1]).deliver(a_letter())


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr("portal.postbox.SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PostAway):
        plain(silent.getsockname()[1]).deliver(a_letter())


def test_a_folder_keeps_one_file_of_each_letter_for_its_owner_alone(tmp_path):
    box = FolderPostbox(tmp_path / "mail")
    box.deliver(a_letter())
    box.deliver(a_letter(subject="Otra vez"))

    (kept,) = (tmp_path / "mail").iterdir()
    assert kept.suffix == ".eml"
    assert b"Otra vez" in kept.read_bytes()
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
