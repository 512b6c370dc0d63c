"""The contract as a document: read back, it says every term in both languages, and who has signed."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from agencies.organisations.permissions import Role
from portal.i18n import speaking
from portal.presenters.mandates import in_words
from tests.portal.test_mandate_signing import accept, row, waiting  # noqa: F401  the fixture


def read(answer) -> str:
    """The words of a document, whatever the lines they are broken into."""
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = PdfReader(BytesIO(answer.data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_contract_says_every_term_in_both_languages_whoever_asks(app, world, sign_in, waiting) -> None:  # noqa: F811
    document = read(sign_in(Role.MANAGER).get(f"{waiting}/contract.pdf"))
    shown = row(world)
    told = []
    for language in ("es", "en"):
        with app.test_request_context(), speaking(language):
            told += [sentence for part in in_words(shown, shown.versions[0]) for sentence in part.sentences]
    assert len(told) == len(set(told)) > 40
    assert [sentence for sentence in told if sentence not in document] == []
    assert shown.digest(shown.versions[0]).hex() in document
    assert "Ana Ruiz" in document
    assert document.count("____") >= 4


def test_both_signatures_stand_under_a_signed_contract(world, sign_in, waiting) -> None:  # noqa: F811
    manager = sign_in(Role.MANAGER)
    accept(manager, waiting)
    document = read(manager.get(f"{waiting}/contract.pdf"))
    assert document.count("Ana Ruiz") == 4
    assert "____" not in document


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_nobody_elses_contract_is_found(world, sign_in, waiting, role) -> None:  # noqa: F811
    assert sign_in(role, organisation=1).get(f"{waiting}/contract.pdf").status_code == 404
