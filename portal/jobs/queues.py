"""The one queue of an installation, and how a piece of work is rung on it."""

from __future__ import annotations

import re
from functools import lru_cache

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import make_url

from config import Settings

#: What a worker process runs; a path, because the ringing side need not import the tasks.
TASK = "portal.jobs.worker.perform_rung"
#: A backstop against a hung process only: the lease says who may work, not the clock of the queue.
TIMEOUT_SECONDS = 12 * 3600
#: An orphan may end after its heir, and RQ then looks for the job it shared with it.
RESULT_SECONDS = 60
#: Long enough to look at why a process died; nothing is ever read back from Redis.
FAILURE_SECONDS = 3600
#: A person may be waiting behind the ring, and the sweep rings again anyway.
_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 2}


def queue_name(settings: Settings) -> str:
    """The queue carries the database's name, so that one Redis may serve several installations."""
    name = make_url(settings.database_url).database or "encargo"
    return "work-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def doorbell_queue(settings: Settings) -> Queue:
    """The queue for ringing: gives up quickly when Redis does not answer."""
    return _queue(queue_name(settings), _connection(settings.redis_url))


def listening_queue(settings: Settings) -> Queue:
    """The queue for a worker, which sets its own patience on the connection."""
    return _queue(queue_name(settings), Redis.from_url(settings.redis_url))


def ring(queue: Queue, work_id: int) -> bool:
    """Put a piece of work on the queue unless it is waiting there already; says whether it was put."""
    job_id = f"{queue.name}-{work_id}"
    if queue.get_job_position(job_id) is not None:
        return False
    queue.enqueue_call(
        TASK,
        args=[work_id],
        job_id=job_id,
        timeout=TIMEOUT_SECONDS,
        result_ttl=RESULT_SECONDS,
        failure_ttl=FAILURE_SECONDS,
        description=f"work {work_id}",
    )
    return True


def _queue(name: str, connection: Redis) -> Queue:
    # Never pickle: whoever can write to Redis could otherwise run code here.
    return Queue(name, connection=connection, serializer=JSONSerializer)


@lru_cache(maxsize=8)
def _connection(url: str) -> Redis:
    return Redis.from_url(url, **_PATIENCE)
