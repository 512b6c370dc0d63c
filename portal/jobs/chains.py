"""The daily walk along every audit chain, and the anchor of the day after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import select

from agencies.kernel import audit, chains
from agencies.kernel.chains import ChainCheck
from agencies.kernel.clock import local_date
from agencies.kernel.notices import notify
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Permission
from portal import anchors
from portal.jobs.frame import Advance, Job, Step

log = structlog.get_logger(__name__)
VERIFY = "verify_chains"
#: On this day of the week the chains are walked from their first event on: an old one may have been edited.
_WHOLE = 6


@contextmanager
def verify_chains(job: Job) -> Iterator[Advance]:
    """Walk the chains one after the other, each in a transaction of its own; then keep their heads elsewhere."""
    today = local_date(job.now, job.actor.time_zone)
    anchor, waiting, total = anchors.newest(job.ports), list[int](), 0

    def advance() -> Step | None:
        nonlocal waiting, total
        if not total:
            waiting = list(job.session.scalars(select(Organisation.id).order_by(Organisation.id)))
            total = len(waiting)
        if waiting:
            number = waiting.pop(0)
            found = chains.check(
                job.session,
                number,
                anchor=anchor.heads.get(number) if anchor else None,
                anchored_on=anchor.day if anchor else None,
                is_whole=today.weekday() == _WHOLE,
                now=job.now,
            )
            if found.broken:
                alarm(job, found)
            return Step("verifying", total - len(waiting), total)
        for day, reason in anchors.faults(job.ports):
            log.error("audit.anchor_broken", day=day.isoformat(), reason=reason)
            _tell_operators(job, f"anchor/{day}/{reason}", organisation=None, links=1)
        anchors.keep(job.ports, audit.heads(job.session), today)
        return None

    yield advance


def alarm(job: Job, found: ChainCheck) -> None:
    """Tell whoever's chain it is, and the operators, once a day as long as it does not hold."""
    links = len(found.broken)
    log.error("audit.chain_broken", organisation=found.organisation_id, links=links, first=found.broken[0])
    day = local_date(job.now, job.actor.time_zone)
    key = f"chain/{found.organisation_id}/{day}"
    notify(
        job.session,
        found.organisation_id,
        "audit.chain_broken",
        key=key,
        permission=Permission.AUDIT_VIEW,
        now=job.now,
        links=links,
    )
    if found.organisation_id != job.actor.tenant:
        _tell_operators(job, key, organisation=found.organisation_id, links=links)


def _tell_operators(job: Job, key: str, *, organisation: int | None, links: int) -> None:
    platforms = select(Organisation.id).where(Organisation.kind == OrganisationKind.PLATFORM)
    for number in job.session.scalars(platforms):
        notify(
            job.session,
            number,
            "audit.chain_broken" if organisation is None else "audit.chain_of_house_broken",
            key=key,
            permission=Permission.AUDIT_VIEW,
            now=job.now,
            links=links,
            about=organisation,
        )
