"""Requests of data subjects in words: the register, the story of one, and the document that answers it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agencies.kernel.errors import msg
from assignments.cases.reaching import EVERY
from assignments.contacts import masking
from assignments.contacts.models import ContactKind
from assignments.subjects.dossier import Section
from assignments.subjects.erasing import HeldFile
from assignments.subjects.models import (
    Outcome,
    RequestChannel,
    RequestKind,
    RequestState,
    RequestStepKind,
    SubjectRequest,
)
from assignments.subjects.queries import Detail
from portal.filters import instant, number
from portal.i18n import country_name, say
from portal.presenters import deadlines
from portal.workbooks import SheetColumn, workbooks

KINDS = {
    RequestKind.ACCESS: msg("To see the own data"),
    RequestKind.RECTIFICATION: msg("To mend the data"),
    RequestKind.ERASURE: msg("To erase the data"),
    RequestKind.OPPOSITION: msg("To oppose their use"),
    RequestKind.REVOCATION: msg("Not to be reached by a channel"),
}
CHANNELS = {
    RequestChannel.LETTER: msg("Letter"),
    RequestChannel.EMAIL: msg("E-mail"),
    RequestChannel.PHONE: msg("Phone"),
    RequestChannel.IN_PERSON: msg("In person"),
    RequestChannel.WEB: msg("Web page"),
    RequestChannel.AUTHORITY: msg("Through an authority"),
}
STATES = {
    RequestState.RECEIVED: msg("Identity to be checked"),
    RequestState.IDENTIFIED: msg("In process"),
    RequestState.ANSWERED: msg("Answered"),
    RequestState.REFUSED: msg("Identity not proved"),
}
TONES = {
    RequestState.RECEIVED: "waiting",
    RequestState.IDENTIFIED: "working",
    RequestState.ANSWERED: "good",
    RequestState.REFUSED: "neutral",
}
OUTCOMES = {
    Outcome.GRANTED: msg("Granted"),
    Outcome.PARTLY: msg("Granted in part"),
    Outcome.REFUSED: msg("Refused with reasons"),
}
STEPS = {
    RequestStepKind.IDENTITY_ACCEPTED: msg("The person proved who they are"),
    RequestStepKind.IDENTITY_REFUSED: msg("The person did not prove who they are"),
    RequestStepKind.MATCHED: msg("The person was found in the data"),
    RequestStepKind.MARKED: msg("“Claim in process” was marked on the cases"),
    RequestStepKind.EXTENDED: msg("The deadline was extended"),
    RequestStepKind.EXPORTED: msg("The data were handed out"),
    RequestStepKind.RECTIFIED: msg("The data were mended"),
    RequestStepKind.ERASED: msg("The data were erased"),
    RequestStepKind.ERASURE_REFUSED: msg("Erasing was refused"),
    RequestStepKind.STOPPED: msg("The person is not reached as before any more"),
    RequestStepKind.ANSWERED: msg("The request was answered"),
}
_SECTIONS = {
    "person": msg("Person"),
    "contacts": msg("Contacts"),
    "cases": msg("Cases"),
    "activities": msg("Activities"),
    "promises": msg("Promises"),
    "payments": msg("Payments"),
    "flags": msg("Flags"),
    "who_had_the_data": msg("Who had the data"),
    "who_read_them": msg("Who looked at them"),
    "found_by_agencies": msg("Found by agencies"),
    "files": msg("Files"),
}


EVERY_WAY = "all"
_KEY = re.compile(r"^(?:[0-9a-f]{2})+$")


@dataclass(frozen=True)
class RequestLine:
    """A request in the register."""

    request: SubjectRequest
    standing: str
    tone: str


def line(request: SubjectRequest, now: datetime) -> RequestLine:
    """A request with how much time is left."""
    if request.state in {RequestState.ANSWERED, RequestState.REFUSED}:
        is_late = request.answered_at is not None and request.answered_at > request.due_at
        return RequestLine(request, say(msg("late")) if is_late else say(msg("in time")), "bad" if is_late else "good")
    left = deadlines.countdown(request.due_at, now)
    return RequestLine(request, left, "bad" if request.due_at < now else "waiting")


def register_rows(requests: Iterable[SubjectRequest]) -> Iterator[list[object]]:
    """The register as the rows of a file, head first; nobody is named in it."""
    head = (msg("What is asked"), msg("How it came"), msg("Country"), msg("State"), msg("Received on"), msg("Until"),
            msg("Answered on"), msg("What came of it"))  # fmt: skip
    yield [say(one) for one in head]
    for one in requests:
        yield [
            say(KINDS[one.kind]),
            say(CHANNELS[one.channel]),
            one.country,
            say(STATES[one.state]),
            one.received_at.isoformat(timespec="minutes"),
            one.due_at.isoformat(timespec="minutes"),
            one.answered_at.isoformat(timespec="minutes") if one.answered_at else None,
            say(OUTCOMES[one.outcome]) if one.outcome else None,
        ]


def document(detail: Detail, words: str, outcome: Outcome, files: Sequence[HeldFile], who: str, now: datetime) -> str:
    """The answer as it is kept and hashed: what was asked and when, what was done, by whom, and what is told."""
    request = detail.request
    law = request.term["law"] or say(msg("our own policy"))
    lines = [
        say(msg("Answer to a request about personal data")),
        who,
        "",
        f"{say(msg('Who asks'))}: {detail.person.name}",
        f"{say(msg('What is asked'))}: {say(KINDS[request.kind])}",
        f"{say(msg('Received on'))}: {instant(request.received_at)}",
        f"{say(msg('Until'))}: {instant(request.due_at)} ({country_name(request.country)}, {law})",
        f"{say(msg('Answered on'))}: {instant(now)}",
        f"{say(msg('What came of it'))}: {say(OUTCOMES[outcome])}",
        "",
        words,
        "",
        say(msg("What was done")),
        *(f"- {instant(one.at)}: {say(STEPS[one.kind])}" for one in detail.steps),
    ]
    if files:
        lines += ["", say(msg("Files as they were sent that hold the person's row"))]
        lines += [f"- {_file(one)}" for one in files]
    return "\n".join(lines)


def _file(one: HeldFile) -> str:
    known = {"file": one.filename, "row": number(one.line)}
    if one.purged_at is not None:
        return say(msg("%(file)s, row %(row)s: removed on %(at)s"), {**known, "at": instant(one.purged_at)})
    return say(msg("%(file)s, row %(row)s: kept with the portfolio, no date of removal"), known)


def way_key(form: bytes) -> str:
    """What a way to reach somebody is called between the page and its answer: its blind index tells nothing."""
    return form.hex() or EVERY_WAY


def chosen_ways(keys: Sequence[str]) -> list[bytes]:
    """The ways that were chosen on the page; what is none of them is nobody's way."""
    return [EVERY if key == EVERY_WAY else bytes.fromhex(key) for key in keys if key == EVERY_WAY or _KEY.match(key)]


def mended(said: Mapping[str, Any]) -> tuple[str, str]:
    """What stood there and what stands there now; a way to reach the person is covered here too."""
    return _stood(said["before"]), _stood(said["after"])


def _stood(there: Mapping[str, Any]) -> str:
    if "name" in there:
        return f"{there['name'] or '–'} · {there['birth_date'] or '–'}"
    return " · ".join(masking.contact(ContactKind(kind), value) for kind, value in there.items())


def archive(found: dict[str, Section]) -> bytes:
    """All sections as one ZIP: JSON for machines, and a workbook to read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("datos.json", json.dumps(found, ensure_ascii=False, indent=1, default=str))
        package.writestr("datos.xlsx", workbooks([_sheet(name, rows) for name, rows in found.items()]))
    return out.getvalue()


def _sheet(name: str, rows: Section) -> tuple[str, list[SheetColumn], list[list[object]]]:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    return (
        say(_SECTIONS[name]),
        [SheetColumn(head) for head in heads] or [SheetColumn("–")],
        [[_cell(row.get(head)) for head in heads] for row in rows],
    )


def _cell(value: Any) -> object:
    return value if value is None or isinstance(value, (int, float)) else str(value)
