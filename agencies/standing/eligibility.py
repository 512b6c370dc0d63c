"""Whether an agency's own file or its place on the panel speaks against giving it work.

What a file does not state restricts nothing, and an agency without a file is judged by its attestations alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.errors import msg
from agencies.standing.models import AgencyFile, OfferedService
from agencies.standing.panel import stopped


class Unfit(StrEnum):
    """What in an agency's file speaks against it."""

    SERVICE = "service"
    COVERAGE = "coverage"
    CAPACITY = "capacity"
    #: Not its file, but how the creditor stands to it.
    PANEL = "panel"


UNFIT: dict[Unfit, str] = {
    Unfit.SERVICE: msg("Its file does not offer this service."),
    Unfit.COVERAGE: msg("Its file does not cover the country."),
    Unfit.CAPACITY: msg("These cases go beyond the capacity in its file."),
    Unfit.PANEL: msg("It is suspended or not on the panel; nothing new goes to it."),
}


def unfit(
    session: Session,
    agency_ids: Collection[int],
    *,
    creditor_id: int,
    service: OfferedService,
    country: str,
    cases: Mapping[int, int],
) -> dict[int, tuple[Unfit, ...]]:
    """What speaks against each agency; `cases` is how many it would hold of the creditor afterwards, where known."""
    files = session.scalars(select(AgencyFile).where(AgencyFile.agency_id.in_(agency_ids)))
    found = {file.agency_id: _reasons(file, service, country, cases.get(file.agency_id, 0)) for file in files}
    for agency_id in stopped(session, creditor_id, agency_ids):
        found[agency_id] = [*found.get(agency_id, []), Unfit.PANEL]
    return {agency_id: tuple(reasons) for agency_id, reasons in found.items()}


def with_capacity(session: Session, agency_ids: Collection[int]) -> list[int]:
    """The agencies whose files state a capacity."""
    return list(capacities(session, agency_ids))


def capacities(session: Session, agency_ids: Collection[int]) -> dict[int, int]:
    """How many cases of one creditor each agency can hold, where its file says so."""
    stated = select(AgencyFile.agency_id, AgencyFile.capacity).where(AgencyFile.agency_id.in_(agency_ids))
    return {agency_id: capacity for agency_id, capacity in session.execute(stated) if capacity is not None}


def _reasons(file: AgencyFile, service: OfferedService, country: str, cases: int) -> list[Unfit]:
    found = []
    if file.services and service not in file.services:
        found.append(Unfit.SERVICE)
    if file.countries and country not in file.countries:
        found.append(Unfit.COVERAGE)
    if file.capacity is not None and cases > file.capacity:
        found.append(Unfit.CAPACITY)
    return found
