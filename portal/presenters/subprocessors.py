"""Lists of sub-processors as pages show them: each entry, the creditor's word on it, and what a version changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from agencies.attestations.disclosed import Disclosure, Entry
from agencies.attestations.subprocessors import SubprocessorList, SubprocessorVerdict
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.countries import shown_tax_number
from agencies.organisations.permissions import Permission
from portal.i18n import country_name

VERDICTS = {
    SubprocessorVerdict.APPROVED: msg("Agreed to"),
    SubprocessorVerdict.OBJECTED: msg("Objected to"),
}
UNDECIDED = msg("Waits for the creditor's word")
_TONES = {SubprocessorVerdict.APPROVED: "good", SubprocessorVerdict.OBJECTED: "bad"}


@dataclass(frozen=True)
class Line:
    """One entry, ready to be shown."""

    id: int
    name: str
    country: str
    tax_number: str
    #: The number does not check, by its country's rule.
    is_doubtful: bool
    service: str
    data_kinds: str
    hosting: str
    authorised_on: date | None
    contract: str | None
    contract_key: str | None
    state: str
    tone: str
    reason: str | None
    decided_at: datetime | None
    is_approved: bool
    is_objected: bool


@dataclass(frozen=True)
class ListPage:
    """One version of the list of one relation."""

    creditor_id: int
    agency_id: int
    shown: SubprocessorList | None
    lines: list[Line]
    versions: tuple[SubprocessorList, ...]
    is_newest: bool
    #: The agency may begin or go on with a draft.
    may_edit: bool
    has_draft: bool
    #: The creditor may say yes or no to each entry.
    may_decide: bool
    waiting: int


def list_page(found: Disclosure, actor: Actor) -> ListPage:
    """What either side sees of a version."""
    is_newest = found.shown is not None and found.shown is found.newest
    lines = [_line(one) for one in found.entries]
    return ListPage(
        found.creditor_id,
        found.agency_id,
        found.shown,
        lines,
        found.versions,
        is_newest,
        may_edit=actor.may(Permission.ATTESTATION_SIGN),
        has_draft=found.draft is not None,
        may_decide=is_newest and actor.may(Permission.ATTESTATION_REVIEW),
        waiting=sum(not line.is_approved and not line.is_objected for line in lines),
    )


def _line(entry: Entry) -> Line:
    row, said = entry.row, entry.decision
    return Line(
        row.id,
        row.name,
        country_name(row.country),
        shown_tax_number(row.country, row.tax_id) or row.tax_id,
        row.is_tax_id_valid is False,
        row.service,
        row.data_kinds,
        row.hosting,
        row.authorised_on,
        row.contract_name,
        row.contract_file_key,
        VERDICTS[said.verdict] if said else UNDECIDED,
        _TONES[said.verdict] if said else "waiting",
        said.reason if said else None,
        said.decided_at if said else None,
        entry.is_approved,
        said is not None and said.verdict is SubprocessorVerdict.OBJECTED,
    )
