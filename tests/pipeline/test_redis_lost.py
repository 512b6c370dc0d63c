"""Redis may forget everything, or be away: the import ends all the same, for PostgreSQL remembers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from portal.invariants import violations
from portal.jobs import doorbell, queues
from portal.jobs.sweep import Sweep
from portal.ports import Ports
from tests.pipeline.files import apply, drive, look, portfolio, send
from tests.pipeline.market_day import Day
from tests.pipeline.product import running, until
from tests.receiver import Obedient
from tests.tenants import Tenants
from uploads.models import UploadState

ROWS = 20_000


@pytest.fixture
def own_redis(hasty_ports: Ports) -> Ports:
    """The instance with a database of Redis that no other test uses, so that it can be emptied."""
    address = hasty_ports.settings.redis_url.partition("?")[0]
    ports = replace(hasty_ports, settings=replace(hasty_ports.settings, redis_url=f"{address}?db=15"))
    flush(ports)
    return ports


def flush(ports: Ports) -> None:
    """Empty Redis, and see in the same transaction that it is: the product may write again the moment after."""
    with Redis.from_url(ports.settings.redis_url) as connection, connection.pipeline(transaction=True) as transaction:
        _, left = transaction.flushdb().dbsize().execute()
    assert left == 0


@pytest.mark.faults
@pytest.mark.slow
def test_an_import_ends_though_redis_forgets_everything_at_every_stage(own_redis: Ports, tenants: Tenants, tmp_path):
    actor, sheet = tenants.creditor, portfolio(7, ROWS)
    upload_id = send(own_redis, actor, sheet)
    assert doorbell.ring(own_redis) == 1
    flush(own_redis)

    with running(own_redis.settings, tmp_path / "logs", workers=1) as product:
        until(lambda: look(own_redis, actor, upload_id).rows_read > 0, seconds=60, product=product, every=0.02)
        assert look(own_redis, actor, upload_id).state is UploadState.CHECKING
        flush(own_redis)
        until(lambda: look(own_redis, actor, upload_id).state is UploadState.CHECKED, seconds=60, product=product)
        apply(own_redis, actor, upload_id)
        doorbell.ring(own_redis)
        flush(own_redis)
        until(lambda: drive(own_redis, actor, upload_id), seconds=60, product=product)

    upload = look(own_redis, actor, upload_id)
    assert (upload.rows_read, upload.rows_applied) == (sheet.rows, sheet.good)
    assert list(violations(own_redis)) == []


@pytest.mark.faults
@pytest.mark.slow
def test_a_day_of_every_other_work_ends_though_redis_forgets_each_of_it(
    own_redis: Ports, tenants: Tenants, ear: Obedient, tmp_path
):
    day = Day(own_redis, tenants, rows=20, ear=ear)
    with running(own_redis.settings, tmp_path / "logs", workers=1) as product:
        for _ in day.steps():
            doorbell.ring(own_redis)
            flush(own_redis)
            until(day.is_done, seconds=60, product=product)

    assert day.outcome() == day.expected()
    assert list(violations(own_redis)) == []


def test_what_was_asked_for_while_redis_was_away_is_done_when_it_is_back(
    hasty_ports: Ports, tenants: Tenants, tmp_path
):
    away = replace(hasty_ports, settings=replace(hasty_ports.settings, redis_url=f"unix://{tmp_path}/nobody.sock"))
    actor, sheet = tenants.creditor, portfolio(8, 200)

    upload_id = send(away, actor, sheet)
    assert doorbell.ring(away) == 0
    assert look(hasty_ports, actor, upload_id).state is UploadState.CHECKING

    assert Sweep(hasty_ports).drain_outbox(hasty_ports.now()) == 1
    assert queues.doorbell_queue(hasty_ports.settings).count == 1
