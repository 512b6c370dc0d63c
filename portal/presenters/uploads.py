"""What the upload pages show: words for states and kinds, the mapping as rows, progress, grouped errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agencies.kernel.errors import msg
from assignments.contacts import masking
from portal.filters import NOTHING, money, number
from uploads.faults import FILE_FAULTS, ROW_FAULTS, ROW_WARNINGS
from uploads.models import Upload, UploadKind, UploadState
from uploads.queries import ErrorGroup, Progress, RowFault
from uploads.schemas.fields import Field, Schema
from uploads.schemas.registry import SCHEMAS

KINDS = {
    UploadKind.PORTFOLIO: msg("Portfolio"),
    UploadKind.PORTFOLIO_UPDATE: msg("Portfolio update"),
    UploadKind.CREDITOR_PAYMENTS: msg("Payments made to us"),
    UploadKind.RECALL_LIST: msg("Recall list"),
    UploadKind.PAYMENTS: msg("Payments"),
    UploadKind.ACTIVITIES: msg("Activities"),
    UploadKind.PROMISES: msg("Promises and plans"),
    UploadKind.CLOSURES: msg("Closures"),
    UploadKind.INVENTORY: msg("Inventory"),
    UploadKind.FINDINGS: msg("Findings"),
}
STATES = {
    UploadState.OPENING: msg("Being opened"),
    UploadState.RECEIVED: msg("Columns to confirm"),
    UploadState.CHECKING: msg("Being checked"),
    UploadState.CHECKED: msg("Checked, your decision"),
    UploadState.APPLYING: msg("Being applied"),
    UploadState.APPLIED: msg("Applied"),
    UploadState.UNDONE: msg("Undone"),
    UploadState.REJECTED: msg("Turned away"),
}
#: What a list of files can be narrowed to: those that wait for a person.
WAITING: dict[str, tuple[str, UploadState | None]] = {
    "received": (STATES[UploadState.RECEIVED], UploadState.RECEIVED),
    "checked": (STATES[UploadState.CHECKED], UploadState.CHECKED),
    "failed": (msg("Work that failed"), None),
}
TONES = {
    UploadState.OPENING: "working",
    UploadState.RECEIVED: "waiting",
    UploadState.CHECKING: "working",
    UploadState.CHECKED: "waiting",
    UploadState.APPLYING: "working",
    UploadState.APPLIED: "good",
    UploadState.UNDONE: "neutral",
    UploadState.REJECTED: "bad",
}
DATE_ORDERS = {
    "dmy": msg("Day, month, year: 31/12/2026"),
    "mdy": msg("Month, day, year: 12/31/2026"),
    "ymd": msg("Year, month, day: 2026-12-31"),
}
DECIMALS = {",": msg("With a decimal comma: 1.234,56"), ".": msg("With a decimal point: 1,234.56")}
DELIMITERS = {",": msg("comma"), ";": msg("semicolon"), "\t": msg("tab"), "|": msg("vertical bar")}
STEPS = (msg("Sent"), msg("Columns"), msg("Check"), msg("Apply"))
_STEP_OF = {
    UploadState.OPENING: 0,
    UploadState.RECEIVED: 1,
    UploadState.CHECKING: 2,
    UploadState.CHECKED: 3,
    UploadState.APPLYING: 3,
    UploadState.APPLIED: 4,
}
#: What the file chooser offers; what a file is, its content says.
ACCEPTED = ".csv,.txt,.gz,.zip,.xlsx,.xls,.ods,.xlsm,.xlsb,text/csv,text/plain"
EXAMPLES = 3
#: What is remarked on a row that is left out, not taken over.
TOTAL = "total_row"
ERROR_FILE = msg("rejected-%(name)s.%(ending)s")
BECAME = msg("You had sent exactly this file before. This is what became of it; nothing was taken over twice.")
SENT_BEFORE = {
    UploadState.OPENING: msg("You had sent exactly this file before. It is still at work."),
    UploadState.RECEIVED: msg("You had sent exactly this file before. It still waits for you to confirm its columns."),
    UploadState.CHECKING: msg("You had sent exactly this file before. It is still at work."),
    UploadState.CHECKED: msg("You had sent exactly this file before. It still waits for your decision."),
    UploadState.APPLYING: msg("You had sent exactly this file before. It is still at work."),
}
_MESSAGES = ROW_FAULTS | ROW_WARNINGS
#: What is being done, by the state a file waits in.
STAGES = {
    UploadState.OPENING: msg("Opening the file"),
    UploadState.CHECKING: msg("Checking the rows"),
    UploadState.APPLYING: msg("Taking the rows over"),
    UploadState.APPLIED: msg("Taking the file back"),
}
REASONS = {
    "rows_were_rejected": msg("rows turned out bad while they were taken over"),
    "nothing_to_apply": msg("no row could be taken over"),
    "file_not_found_error": msg("the file is no longer in the store"),
    "forbidden": msg("whoever asked for it may no longer do it"),
    "owner_inactive": msg("whoever asked for it may no longer do it"),
    "cannot_be_undone": msg("something has come of its cases since"),
    "crashed": msg("the work broke off time and again"),
}
#: Translates a text and fills it in.
Say = Callable[[str, Mapping[str, Any] | None], str]


@dataclass(frozen=True)
class Step:
    """One step of a file's way and where the file stands to it: done, now, or later."""

    label: str
    place: str


@dataclass(frozen=True)
class GroupLine:
    """One kind of fault in one column: how often, and examples."""

    code: str
    label: str
    message: str
    count: int
    examples: tuple[RowFault, ...]


@dataclass(frozen=True)
class FaultLine:
    """One fault of one row in words."""

    line: int
    label: str
    value: str
    message: str


def steps(upload: Upload) -> list[Step]:
    """The way of the file; a rejected one has stopped, so it shows none."""
    at = _STEP_OF.get(upload.state)
    if at is None:
        return []
    return [Step(label, "done" if n < at else "now" if n == at else "later") for n, label in enumerate(STEPS)]


def complaints(form: Any, say: Callable[[str], str]) -> list[str]:
    """Everything that is wrong with a form, in sentences; a field's own stand behind its label."""
    of_fields = [f"{say(field.label.text)}: {say(error)}" for field in form for error in field.errors]
    return [*form.form_errors, *of_fields]


def stage(progress: Progress) -> str:
    """What is being done now."""
    return STAGES[progress.state]


def reason(code: str | None) -> str:
    """Why work gave up: a refusal in its own words, an outage as one."""
    return REASONS.get(code or "", msg("a part of the system did not answer"))


def grouped(kind: UploadKind, groups: Iterable[ErrorGroup], examples: Iterable[RowFault], say: Say) -> list[GroupLine]:
    """The kinds of fault with up to three rows of each as examples."""
    found: dict[tuple[str, str], list[RowFault]] = defaultdict(list)
    for one in examples:
        found[one.field, one.code].append(one)
    return [
        GroupLine(
            group.code,
            label_of(kind, group.field),
            message(kind, group.field, group.code, say),
            group.count,
            tuple(_covered(one) for one in found[group.field, group.code][:EXAMPLES]),
        )
        for group in groups
    ]


def fault_lines(kind: UploadKind, faults: Iterable[RowFault], say: Say) -> list[FaultLine]:
    """Faults of single rows in words."""
    return [
        FaultLine(one.line, label_of(kind, one.field), one.value, message(kind, one.field, one.code, say))
        for one in map(_covered, faults)
    ]


def _covered(fault: RowFault) -> RowFault:
    return replace(fault, value=masking.cell(fault.field, fault.value))


def message(kind: UploadKind, field: str, code: str, say: Say) -> str:
    """What is wrong, with the column by its name."""
    return say(_MESSAGES[code], {"field": say(label_of(kind, field), None), "value": ""})


def required(schema: Schema) -> list[Field]:
    """The columns a file of this kind must have."""
    return list(schema.required)


def optional(schema: Schema) -> list[Field]:
    """The columns a file of this kind may have."""
    return [field for field in schema.fields if not field.required]


def schema_of(kind: UploadKind) -> Schema:
    """The columns of this kind of file."""
    return SCHEMAS[kind]


def fault(upload: Upload) -> str:
    """Why the file as a whole was rejected: a text to be translated."""
    return FILE_FAULTS.get(upload.fault or "", msg("The file was rejected."))


def fault_words(upload: Upload) -> dict[str, Any]:
    """What fills the text of a file's fault, figures as the reader writes them."""
    params = dict(upload.fault_params or {})
    if upload.fault != "control_mismatch":
        return params
    amounts = {name: amount(params.get(name), params["currency"]) for name in ("amount_said", "amount_found")}
    rows = {name: number(params.get(name)) for name in ("rows_said", "rows_found")}
    return params | rows | amounts


def amount(minor: int | None, currency: str) -> str:
    """An amount with its currency, bare digits where nobody knows of which it is."""
    if minor is None:
        return NOTHING
    return money(minor, currency) if currency else number(minor)


def label_of(kind: UploadKind, name: str) -> str:
    """What people call a field of a row fault; a fault of the whole row has none."""
    known = {field.name: field.label for field in SCHEMAS[kind].fields}
    return known.get(name, msg("Whole row"))


def labels(kind: UploadKind, names: Iterable[str]) -> list[str]:
    """What people call these fields."""
    return [label_of(kind, name) for name in names]


def error_file_name(upload: Upload, ending: str, say: Say) -> str:
    """The name of the file of rejected rows: the sent file's with a word before it, in the reader's language."""
    name = upload.filename.rpartition(".")[0] or upload.filename
    return say(ERROR_FILE, {"name": name, "ending": ending})


def sent_before(upload: Upload) -> str:
    """What is said to whoever sent this very file before: what it waits for, or what became of it."""
    return SENT_BEFORE.get(upload.state, BECAME)


def time_left(seconds: float | None) -> str:
    """About how long it still takes, as minutes and seconds; nothing while nobody knows."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"
