"""How the queue stands as a whole, for the operator and for readiness checks; ids and counts only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from agencies.kernel.tenancy import WORKER
from portal.ports import Ports


@dataclass(frozen=True)
class Standing:
    """Work by state, and the two ages that tell whether somebody works at all."""

    queued: int
    running: int
    failed: int
    #: Seconds since the oldest due work could have begun; 0 when nothing waits.
    oldest_due_seconds: float
    #: Seconds since the oldest unsent message was left; 0 when all were sent.
    oldest_unsent_seconds: float


def standing(ports: Ports) -> Standing:
    """How the queue stands now."""
    with ports.session(WORKER) as session:
        row = session.execute(
            text(
                """
                select count(*) filter (where state = 'queued') as queued,
                       count(*) filter (where state = 'running') as running,
                       count(*) filter (where state = 'failed') as failed,
                       coalesce(extract(epoch from max(clock_timestamp() - next_attempt_at)
                           filter (where state in ('queued', 'running')
                                     and next_attempt_at <= clock_timestamp())), 0)::float as due,
                       coalesce((select extract(epoch from max(clock_timestamp() - created_at))
                                 from outbox where sent_at is null), 0)::float as unsent
                from work where state <> 'done'
                """
            )
        ).one()
    return Standing(row.queued, row.running, row.failed, row.due, row.unsent)
