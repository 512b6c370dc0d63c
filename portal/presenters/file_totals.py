"""What a file adds up to, by currency, beside what it was said to hold."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg
from portal.filters import number
from portal.presenters.uploads import amount
from uploads.checking.control import TYPED, Control
from uploads.models import Upload, UploadState


@dataclass(frozen=True)
class Comparison:
    """One control total: what it is of, what was said, and what was found."""

    label: str
    said: str
    found: str


def values(upload: Upload) -> list[str]:
    """The value of the good rows in each currency."""
    found = upload.totals or ({upload.currency: upload.value_minor} if upload.currency else {})
    return [amount(minor, code) for code, minor in sorted(found.items()) if minor]


def comparisons(upload: Upload) -> list[Comparison]:
    """What the file was said to hold beside what was found; a file that goes on agrees with it."""
    control = Control.from_dict(upload.control)
    if control is None:
        return []
    params = upload.fault_params or {}
    is_off = upload.state is UploadState.REJECTED and upload.fault == "control_mismatch"
    told = []
    if control.rows is not None:
        found = params["rows_found"] if is_off else control.rows
        told.append(Comparison(msg("Rows"), number(control.rows), number(found)))
    if control.amount_minor is not None:
        currency = control.currency or upload.currency or ""
        found = params["amount_found"] if is_off else control.amount_minor
        told.append(Comparison(msg("Total amount"), amount(control.amount_minor, currency), amount(found, currency)))
    return told


def source(upload: Upload) -> str:
    """Where the control totals come from: a text to be translated."""
    typed = (upload.control or {}).get("source") == TYPED
    return msg("Typed by the sender.") if typed else msg("From the last rows of the file.")
