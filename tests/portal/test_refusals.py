"""Refusals in the reader's language, whole: days and labels too."""

from __future__ import annotations

from datetime import date

import pytest

from agencies.mandates.lifecycle import MandateNotInForce, VersionTooEarly
from portal.i18n import refusal
from uploads.confirming import ColumnsMissing, MappingImpossible


@pytest.mark.parametrize(
    ("error", "spanish", "english"),
    [
        (VersionTooEarly(earliest=date(2026, 3, 1)), "1 mar 2026", "1 Mar 2026"),
        (MandateNotInForce(name="Libranza", on=date(2026, 12, 31)), "31 dic 2026", "31 Dec 2026"),
        (ColumnsMissing(fields=["Account", "Total balance"]), "Obligación, Saldo total", "Account, Total balance"),
        (MappingImpossible(fields=["Total balance"]), "Saldo total", "Total balance"),
    ],
)
def test_days_and_labels_are_told_as_the_reader_writes_them(app, error, spanish, english) -> None:
    for language, told in (("es", spanish), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert told in refusal(error)
            assert "%(" not in refusal(error)
