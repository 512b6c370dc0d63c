"""What the pages say of reads: purposes, ways in which data were shown, and fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.organisations.permissions import Role
from assignments.contacts.models import ContactKind
from assignments.contacts.revealing import BIRTH_DATE, DOCUMENT
from assignments.reads.models import CaseRead, Purpose, ReadKind
from portal.i18n import say
from portal.presenters.people import ROLE_NAMES

PURPOSES = {
    Purpose.CALL: msg("To call or write to the person"),
    Purpose.VERIFY_IDENTITY: msg("To make sure of the person's identity"),
    Purpose.ANSWER: msg("To answer the person"),
    Purpose.LEGAL: msg("For a court or an authority"),
    Purpose.QUALITY: msg("To check the quality of data or work"),
    Purpose.DATA_SUBJECT: msg("For a request of the data subject"),
}
FIELDS = {
    "name": msg("name"),
    DOCUMENT: msg("identity number"),
    BIRTH_DATE: msg("date of birth"),
    ContactKind.PHONE.value: msg("phone"),
    ContactKind.EMAIL.value: msg("e-mail"),
    ContactKind.ADDRESS.value: msg("address"),
    "finding": msg("what was found"),
    "employer": msg("employer"),
    "evidence": msg("file of evidence"),
    "words": msg("question and answer"),
    "file": msg("rows of a file"),
    "original": msg("a file as it was sent"),
    "rejected_rows": msg("rejected rows of a file"),
}

#: How data were shown, as a sentence's end.
KINDS: dict[ReadKind, str] = {
    ReadKind.PAGE: msg("%(who)s opened a page"),
    ReadKind.LIST: msg("%(who)s looked at a list"),
    ReadKind.WORK_LIST: msg("%(who)s looked at a work list"),
    ReadKind.REVEAL: msg("%(who)s looked at a field in full"),
    ReadKind.MANIFEST: msg("%(who)s downloaded the file of placed cases, in full"),
    ReadKind.EXPORT: msg("%(who)s downloaded a list"),
    ReadKind.FULL_EXPORT: msg("%(who)s downloaded a list with personal data in full"),
    ReadKind.FINDING: msg("%(who)s looked at a finding"),
    ReadKind.LOCATE: msg("%(who)s looked at people to be found"),
    ReadKind.FILE: msg("%(who)s looked into a file"),
    ReadKind.TAPE: msg("%(who)s looked at the masked figures of a lot"),
}
#: What the filter offers, and the kinds it keeps.
GROUPS: dict[str, tuple[str, tuple[ReadKind, ...]]] = {
    "reveals": (msg("Fields in full"), (ReadKind.REVEAL,)),
    "files": (
        msg("Files taken away"),
        (ReadKind.MANIFEST, ReadKind.EXPORT, ReadKind.FULL_EXPORT, ReadKind.FILE),
    ),
    "pages": (msg("Pages and lists"), (ReadKind.PAGE, ReadKind.LIST, ReadKind.WORK_LIST, ReadKind.TAPE)),
    "locates": (msg("Locating people"), (ReadKind.LOCATE, ReadKind.FINDING)),
}
#: Letters of a person's reference that another organisation is told: enough to ask that organisation who it was.
_KNOWN_BY = 6


@dataclass(frozen=True)
class ReadLine:
    """One read as a sentence."""

    at: datetime
    sentence: str
    #: What stood there, in words; never a value.
    fields: str
    purpose: str
    cases: int
    #: The case, where it was one.
    case_id: int | None
    request_id: str


@dataclass(frozen=True)
class Names:
    """Names of the people and organisations a page may tell."""

    people: Mapping[int, str]
    houses: Mapping[int, str]


def lines(reads: Iterable[CaseRead], names: Names, own: int, code: Callable[[str, int], str]) -> list[ReadLine]:
    """Reads in the reader's language."""
    return [_line(one, names, own, code) for one in reads]


def _line(read: CaseRead, names: Names, own: int, code: Callable[[str, int], str]) -> ReadLine:
    return ReadLine(
        at=read.at,
        sentence=say(KINDS[read.kind], {"who": _who(read, names, own, code)}),
        fields=", ".join(say(FIELDS[one]) for one in read.fields if one in FIELDS),
        purpose=say(PURPOSES[read.purpose]) if read.purpose else "",
        cases=read.cases,
        case_id=read.case_ids[0] if read.cases == 1 else None,
        request_id=read.request_id or "",
    )


def _who(read: CaseRead, names: Names, own: int, code: Callable[[str, int], str]) -> str:
    """The name of our own people; of another organisation's the role, and a code by which it knows them."""
    house = read.agency_id if read.agency_id is not None else read.creditor_id
    if house == own:
        return names.people.get(read.user_id or 0) or say(msg("The portal"))
    role = say(ROLE_NAMES[Role(read.role)]) if read.role in set(Role) else say(msg("somebody"))
    known_by = code("user", read.user_id)[:_KNOWN_BY].upper() if read.user_id is not None else "–"
    return f"{role} {known_by} ({names.houses.get(house, '–')})"
