"""What the ledger's page shows: who received the money, in words."""

from __future__ import annotations

from agencies.kernel.errors import msg
from assignments.reports.models import ReceivedBy

RECEIVED_BY = {ReceivedBy.AGENCY: msg("Agency"), ReceivedBy.CREDITOR: msg("Creditor, directly")}


def received_by(code: str) -> str:
    """Who got the money of an entry: a text to be translated."""
    return RECEIVED_BY[ReceivedBy(code)]
