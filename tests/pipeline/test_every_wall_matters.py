"""Each policy of the database is opened once, in turn, and what it kept apart is reached: none stands there for show.

Run with `-s` it prints what each opened policy let through.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, text

from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations.permissions import Role
from tests.pipeline.neighbours import APPLICATIONS, Neighbours
from tests.pipeline.test_tenant_isolation import hidden, planted, reached

#: What these see is everybody's, and on purpose: who is at the door is not known yet, the queue is the installation's,
#: and operators look after organisations and their people. What they may do with it is for grants and services to say.
OPEN_ON_PURPOSE = {
    "app_door": {
        # A key of an application is a hash too; without one of them nothing is reached.
        "application_keys",
        # So is a key of an organisation's system.
        "api_keys",
        "authenticators",
        "email_changes",
        "invitations",
        # It adds one and reads none.
        "letter_addresses",
        # A link's token is kept as its hash; without one of them nothing is reached.
        "mailed_links",
        "organisations",
        "passkeys",
        "recovery_codes",
        # Which provider vouches for an address is asked before anybody is known.
        "sign_in_domains",
        "sign_in_links",
        "sign_in_providers",
        # Whether a session that comes in looks at a tenant's pages.
        "support_accesses",
        "users",
        "web_sessions",
    },
    "app_platform": {
        "audit_events",
        "audit_heads",
        "authenticators",
        # Only whether two agencies have the same.
        "bank_accounts",
        # Every organisation's chain of events is walked, and what was found is kept.
        "chain_checks",
        "invitations",
        "organisations",
        "outbox",
        "passkeys",
        "recovery_codes",
        # An operator lets a domain in, and takes the duty off an organisation whose provider is lost.
        "sign_in_domains",
        "sign_in_providers",
        "users",
        "web_sessions",
        "work",
    },
    # The machinery notes, looks up and counts what the scanner said of anybody's file.
    "app_worker": {"file_verdicts", "organisations", "outbox", "users", "work"},
}
#: The door queues letters for people who are nobody yet: it sees that something waits, by number.
QUEUE = {"work": "kind <> 'send_letter'", "outbox": "topic <> 'work.ring'"}
#: What was applied with is the operator's own, and so is what operators asked to look at.
OF_THE_OPERATOR = {*APPLICATIONS, "support_accesses"}
STRANGERS = {"app_creditor": Role.DIRECTOR, "app_agency": Role.MANAGER, "app_platform": Role.OPERATOR}


class Policy(NamedTuple):
    """One policy of one table for one database role."""

    table: str
    name: str
    role: str
    is_open: bool


def policies(superuser: Engine) -> list[Policy]:
    """Every policy but those of the functions that run as the owner, which have a list of their own."""
    told = text(
        "select tablename::text, policyname::text, roles[1]::text, qual = 'true' from pg_policies"
        " where roles[1] <> 'encargo_owner' order by 3, 1, 2"
    )
    with superuser.connect() as connection:
        return [Policy(*row) for row in connection.execute(told)]


@contextmanager
def opened(superuser: Engine, policy: Policy) -> Iterator[None]:
    """The policy lets everything through for a while."""
    where = f"policyname = '{policy.name}' and tablename = '{policy.table}'"
    with superuser.begin() as connection:
        kept = connection.execute(text(f"select qual, with_check from pg_policies where {where}")).one()
        connection.execute(text(f"alter policy {policy.name} on {policy.table} using (true)"))
        if kept.with_check is not None:
            connection.execute(text(f"alter policy {policy.name} on {policy.table} with check (true)"))
    yield
    with superuser.begin() as connection:
        connection.execute(text(f"alter policy {policy.name} on {policy.table} using ({kept.qual})"))
        if kept.with_check is not None:
            connection.execute(text(f"alter policy {policy.name} on {policy.table} with check ({kept.with_check})"))


def let_through(neighbours: Neighbours, superuser: Engine, stranger: Actor, policy: Policy) -> str:
    """The first thing a stranger can do with the first ones' rows of a table: `read`, `remove`, `add`; or nothing."""
    table, condition = policy.table, neighbours.where(policy.table)
    if table == "organisations":
        # A creditor may see agencies, and each side its partners; of its own side it sees nobody.
        own = neighbours.creditor if policy.role == "app_creditor" else neighbours.agency
        condition = f"id = {own.tenant}"
    unread = condition
    if policy.role == "app_agency" and table in neighbours.owned:
        unread = hidden(neighbours, table, Role.MANAGER)
    if reached(neighbours, stranger, f"select count(*) from {table} where {unread}"):
        return "read"
    removal = f"with gone as (delete from {table} where {condition} returning 1) select count(*) from gone"
    if reached(neighbours, stranger, removal):
        return "remove"
    with superuser.connect() as connection:
        row = connection.scalar(text(f"select to_jsonb(t) from {table} t where {condition} limit 1"))
    return "add" if row is not None and planted(neighbours, stranger, table, row) else ""


def test_what_sees_everything_does_so_on_purpose(superuser: Engine):
    found = {}
    for policy in policies(superuser):
        if policy.is_open:
            found.setdefault(policy.role, set()).add(policy.table)

    assert found == OPEN_ON_PURPOSE


@pytest.mark.parametrize(("table", "hidden_rows"), QUEUE.items())
def test_the_door_sees_that_letters_wait_and_neither_what_nor_anything_else(
    neighbours: Neighbours, table: str, hidden_rows: str
):
    assert reached(neighbours, DOOR, f"select count(*) from {table} where {hidden_rows}") == 0
    for column in ("payload", "sent_at") if table == "outbox" else ("payload", "error"):
        assert reached(neighbours, DOOR, f"select count({column}) from {table}") == 0


@pytest.mark.slow
def test_a_policy_that_is_opened_lets_a_stranger_through(neighbours: Neighbours, superuser: Engine):
    strangers: dict[str, Actor] = {"app_door": DOOR} | {
        name: neighbours.world.actor(role, organisation=0 if role is Role.OPERATOR else 1)
        for name, role in STRANGERS.items()
    }
    for_show, told = [], []
    for policy in policies(superuser):
        if policy.is_open or (policy.role == "app_platform" and policy.table in OF_THE_OPERATOR):
            continue
        if policy.role == "app_door" and policy.table in QUEUE:
            continue
        stranger = strangers[policy.role]
        assert let_through(neighbours, superuser, stranger, policy) == "", policy
        with opened(superuser, policy):
            seen = let_through(neighbours, superuser, stranger, policy)
        told.append(f"{policy.role:14} {policy.table:30} opened: {seen or 'nothing'}\n")
        if not seen:
            for_show.append((policy.role, policy.table))
    sys.stdout.writelines(told)

    assert for_show == []
    assert len(told) > 140
