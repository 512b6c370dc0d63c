"""One visible commit per use case, and what may only happen after it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from agencies.kernel import work
from agencies.kernel.session import NestedTransaction, after_commit, transaction
from portal.ports import Ports
from tests.tenants import Tenants


def requested(ports: Ports, actor) -> int:
    with ports.session(actor) as session:
        return session.scalar(text("select count(*) from work"))


def ask(session, actor, now, key="a"):
    return work.request(session, actor, "test", key, {}, now=now)


def test_work_is_durable_after_the_block_and_not_before(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session:
        with transaction(session):
            ask(session, tenants.creditor, now)
            assert requested(ports, tenants.creditor) == 0
        assert requested(ports, tenants.creditor) == 1


def test_an_exception_rolls_back_and_goes_on_its_way(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session:
        with pytest.raises(KeyError), transaction(session):
            ask(session, tenants.creditor, now)
            raise KeyError
        assert requested(ports, tenants.creditor) == 0


def test_leaving_without_the_block_keeps_nothing(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session:
        ask(session, tenants.creditor, now)

    assert requested(ports, tenants.creditor) == 0


def test_calls_run_once_after_the_commit_and_see_it(ports: Ports, tenants: Tenants, now):
    seen = []

    def call():
        seen.append(requested(ports, tenants.creditor))

    with ports.session(tenants.creditor) as session:
        with transaction(session):
            after_commit(session, call)
            after_commit(session, call)
            ask(session, tenants.creditor, now)
            assert seen == []
        with transaction(session):
            ask(session, tenants.creditor, now, key="b")

    assert seen == [1]


def test_calls_are_forgotten_with_the_transaction_they_belong_to(ports: Ports, tenants: Tenants, now):
    seen = []
    with ports.session(tenants.creditor) as session:
        with pytest.raises(KeyError), transaction(session):
            after_commit(session, lambda: seen.append(1))
            raise KeyError
        with transaction(session):
            ask(session, tenants.creditor, now)

    assert seen == []


def test_a_use_case_inside_another_is_refused_and_neither_is_kept(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session:
        with pytest.raises(NestedTransaction), transaction(session):
            ask(session, tenants.creditor, now)
            with transaction(session):
                pass
        assert requested(ports, tenants.creditor) == 0
        with transaction(session):
            ask(session, tenants.creditor, now)
    assert requested(ports, tenants.creditor) == 1
