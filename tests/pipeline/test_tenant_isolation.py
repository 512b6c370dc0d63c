"""No role of another organisation reads or changes anything, by any route and any statement."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import product

import pytest
from flask import Flask
from psycopg import errors
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from werkzeug.routing import Rule

from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import SIDE_OF, Role
from portal.app import ports_of
from portal.security import UndeclaredAccess
from tests import entering, keys, people
from tests.identities import UNSEEN_BY_AGENCIES
from tests.pipeline.kinds import ASKED, FILES, OF_APPLICANTS, SECRETS, TABLES
from tests.pipeline.neighbours import SENTINEL, Neighbours
from tests.portal.conftest import Browser

PIECE = b"0123456789"
NOBODY = 999_999_999
#: What a side's grants keep from it with or without a wall: sealed bids from creditors; whom else one asks, who may be
#: one person, and what creditors tell of their cases from agencies.
CLOSED = {
    Role.DIRECTOR: {"application_keys", "application_steps", "bids"},
    Role.MANAGER: {
        *UNSEEN_BY_AGENCIES,
        "contact_stops",
        "debtor_matches",
        "erasures",
        "incident_steps",
        "incident_subjects",
        "legal_holds",
        "lot_cases",
        "lots",
        "placement_waves",
        "portfolios",
        "staged_creditor_payments",
        "staged_portfolio_update",
        "staged_recall_list",
        "subject_answers",
        "subject_debtors",
        "subject_steps",
    },
}


def rules(app: Flask) -> list[Rule]:
    """What people call; what systems call with their keys is walked by itself (`test_keys_of_others`)."""
    called = (one for one in app.url_map.iter_rules() if one.endpoint != "static" and not keys.only_open(app, one))
    return sorted(called, key=lambda one: one.rule)


def kinds(rule: Rule) -> dict[str, str]:
    """The arguments of a rule that are references, with their kinds."""
    return {name: getattr(converter, "kind", "") for name, converter in rule._converters.items()}


def methods(rule: Rule) -> list[str]:
    return sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"})


def addresses(app: Flask, rule: Rule, found: dict[str, list[int]]) -> list[str]:
    """The rule's addresses with every combination of ids, by kind."""
    names = kinds(rule)
    with app.test_request_context():
        adapter = app.url_map.bind("127.0.0.1")
        choices = [["x" * 43] if (rule.endpoint, name) in SECRETS else found[kind] for name, kind in names.items()]
        return [
            adapter.build(rule.endpoint, dict(zip(names, values, strict=True)), force_external=False)
            + ASKED.get(rule.endpoint, "")
            for values in product(*choices)
        ]


def sign_in(app: Flask, person: people.Person) -> Browser:
    browser = Browser(entering.signed_in(app, person), person)
    entering.stay_fresh(ports_of(app), person)
    return browser


def smuggled(app: Flask, found: dict[str, list[int]]) -> dict[str, object]:
    """A form that names the first ones' things under every name a field could have, as references and as numbers."""
    encode = ports_of(app).references.encode
    form: dict[str, object] = {"name": "x", "digest": "x", "language": "es", "purpose": "call", "field": "id_number"}
    for kind, numbers in found.items():
        references = [encode(kind, number) for number in numbers]
        form |= {kind: references[0], f"{kind}_id": str(numbers[0]), f"{kind}s": references, f"{kind}_ids": references}
    return form


def read(answer) -> str:
    """What an answer says; a workbook is no text, and is read as well as it can be."""
    return answer.get_data().decode("utf-8", "replace")


def same(body: str) -> str:
    """A page without what differs from request to request."""
    body = re.sub(r"\d{14}##[0-9a-f]+|[a-z2-7]{26}|[A-Za-z0-9_-]{22,}|[0-9a-f]{16}", "*", body)
    return re.sub(r"\s+", " ", body)


def test_every_part_of_every_address_is_a_reference_the_walk_knows(app: Flask):
    unknown = [
        (rule.rule, name)
        for rule in rules(app)
        for name, kind in kinds(rule).items()
        if kind not in TABLES and (rule.endpoint, name) not in SECRETS | FILES
    ]

    assert unknown == []


def test_the_first_ones_have_something_in_every_table(neighbours: Neighbours):
    assert [table for table, (rows, _) in neighbours.digest().items() if rows == 0] == []


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_registered(app: Flask):
    with pytest.raises(UndeclaredAccess):
        app.add_url_rule("/open", "open", lambda: "everything")


@pytest.mark.slow
def test_no_role_of_another_organisation_reads_or_changes_anything_by_any_route(app: Flask, neighbours: Neighbours):
    found = {kind: neighbours.ids(kind) for kind in TABLES}
    nobody = {kind: [NOBODY] for kind in TABLES}
    form, before = smuggled(app, found), neighbours.digest()
    assert all(found.values()), found
    calls, told = 0, []
    for role in neighbours.strangers():
        browser = sign_in(app, neighbours.world.person(role, organisation=1))
        for rule in rules(app):
            if rule.endpoint == "auth.sign_out":
                continue
            unknown = {}
            for method, address in product(methods(rule), addresses(app, rule, found)):
                calls += 1
                case = f"{role} {method} {address} ({rule.rule})"
                answer = call(browser, method, address, form)
                assert answer.status_code < 500, case
                assert SENTINEL not in read(answer), case
                if set(kinds(rule).values()) & set(TABLES):
                    if answer.status_code not in {403, 404}:
                        told.append(f"{case}: {answer.status_code}")
                elif answer.status_code == 303:
                    # What it has to say stands on the next page, and would make that differ from another one.
                    browser.client.get("/", follow_redirects=True)
                if set(kinds(rule).values()) & set(TABLES):
                    if method not in unknown:
                        (other,) = addresses(app, rule, nobody)
                        unknown[method] = call(browser, method, other, form)
                    assert unknown[method].status_code == answer.status_code, case
                    assert same(read(unknown[method])) == same(read(answer)), case
                if method != "GET":
                    assert neighbours.digest() == before, case
        assert neighbours.digest() == before, role
    assert told == []
    assert calls > 200


@pytest.mark.slow
def test_somebody_who_is_not_signed_in_gets_no_further_than_the_door(app: Flask, neighbours: Neighbours):
    found = {kind: neighbours.ids(kind) for kind in TABLES}
    form, before = smuggled(app, found), neighbours.digest()
    for rule in rules(app):
        is_public = app.view_functions[rule.endpoint].access.is_public
        for method, address in product(methods(rule), addresses(app, rule, found)):
            browser = Browser(app.test_client())
            answer = call(browser, method, address, form)
            assert SENTINEL not in read(answer), address
            if not is_public:
                assert answer.status_code in {303, 404}, f"{method} {address}: {answer.status_code}"
                assert answer.status_code == 404 or "/sign-in" in answer.location, address
            assert answer.status_code < 500, address
    assert neighbours.digest() == before


@pytest.mark.slow
def test_the_operator_sees_nothing_of_the_business(app: Flask, neighbours: Neighbours):
    found = {kind: neighbours.ids(kind) for kind in TABLES}
    browser, before = sign_in(app, neighbours.world.person(Role.OPERATOR)), neighbours.digest()
    for rule in rules(app):
        is_own = set(kinds(rule).values()) & {"application", "organisation", "support", "user"}
        for method, address in product(methods(rule), addresses(app, rule, found)):
            if rule.endpoint == "auth.sign_out" or (is_own and method != "GET"):
                continue
            answer = call(browser, method, address, {})
            assert answer.status_code < 500, address
            assert SENTINEL not in read(answer), address
            if kinds(rule) and not is_own:
                assert answer.status_code in {403, 404}, address
    assert neighbours.digest() == before


def test_the_walk_would_see_it_for_somebody_of_the_house_sees_each_page(app: Flask, neighbours: Neighbours):
    found = {kind: neighbours.ids(kind) for kind in TABLES}
    found["counterpart"].append(neighbours.creditor.tenant)  # where an agency prepares what is for it
    pages = {rule.rule: rule for rule in rules(app) if "GET" in methods(rule)}
    opened, told = set(), ""
    for role in [*neighbours.strangers(), Role.OPERATOR]:
        browser = sign_in(app, neighbours.world.person(role))
        for rule in pages.values():
            for address in addresses(app, rule, found):
                answer = browser.get(address)
                told += answer.data.decode(errors="replace")
                if answer.status_code == 200:
                    opened.add(rule.rule)

    # These are for whoever is not inside yet, and the last one waits for a key to be drawn.
    by_letter = {"/email/confirm/<token>", "/email/object/<token>", "/reset/<token>"}
    shut = {*by_letter, *OF_APPLICANTS} | {
        # It wants a purpose, and then stands in the trail of every creditor: `test_full_export` takes it.
        "/cases/in-full.csv",
        "/company-sign-in/back",
        "/invitations/<token>",
        "/sign-in",
        "/second-factor/",
        "/second-factor/set-up/app",
    }
    assert set(pages) - opened == shut
    assert SENTINEL in told


def call(browser: Browser, method: str, address: str, form: dict[str, object]):
    if method == "GET":
        return browser.get(address)
    if method == "PUT":
        # A piece of a big file, as the sending page's script puts it.
        digest = base64.b64encode(hashlib.sha256(PIECE).digest()).decode()
        told = {"X-CSRF-Token": token_of(browser), "Upload-Offset": "0", "Content-Digest": f"sha-256=:{digest}:"}
        return browser.client.put(address, data=PIECE, headers=told, content_type="application/octet-stream")
    return browser.client.open(address, method=method, data={"csrf_token": token_of(browser), **form})


def token_of(browser: Browser) -> str:
    """The token of the browser's session, which stays the same as long as the session."""
    if "token_once" not in vars(browser):
        browser.token_once = browser.token()
    return browser.token_once


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_no_statement_of_another_organisation_reaches_a_row(neighbours: Neighbours, superuser: Engine, role: Role):
    stranger, before = neighbours.world.actor(role, organisation=1), neighbours.digest()
    attempts = 0
    for table in [*neighbours.owned, "organisations"]:
        condition, columns = neighbours.where(table), neighbours.owned.get(table, ["id"])
        if table == "organisations":
            # Agencies are listed for creditors to choose among, and an agency knows whom it works for.
            unknown = neighbours.creditor if role is Role.DIRECTOR else neighbours.agency
            condition = f"id = {unknown.tenant}"
        with superuser.connect() as connection:
            row = connection.scalar(text(f"select to_jsonb(t) from {table} t where {condition} limit 1"))
        change = f"update {table} set {columns[0]} = {columns[0]} where {condition} returning 1"
        unread = hidden(neighbours, table, role) if table in neighbours.owned else condition
        for statement in (
            f"select count(*) from {table} where {unread}",
            f"with gone as (delete from {table} where {condition} returning 1) select count(*) from gone",
            f"with changed as ({change}) select count(*) from changed",
        ):
            attempts += 1
            assert reached(neighbours, stranger, statement) == 0, statement
        if row is not None:
            attempts += 1
            assert planted(neighbours, stranger, table, row) == 0, table
    assert neighbours.digest() == before
    assert attempts > 90


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_without_its_wall_a_table_would_be_reached(neighbours: Neighbours, superuser: Engine, role: Role):
    stranger = neighbours.world.actor(role, organisation=1)
    open_without_wall = set()
    for table in neighbours.owned:
        count = f"select count(*) from {table} where {hidden(neighbours, table, role)}"
        with superuser.begin() as connection:
            connection.execute(text(f"alter table {table} disable row level security"))
        if reached(neighbours, stranger, count):
            open_without_wall.add(table)
        with superuser.begin() as connection:
            connection.execute(text(f"alter table {table} enable row level security"))
        assert reached(neighbours, stranger, count) == 0, table

    # So every statement above met the wall, but for what this side may not name at all.
    assert set(neighbours.owned) - open_without_wall == CLOSED[role]


def hidden(neighbours: Neighbours, table: str, role: Role) -> str:
    """The condition of the first ones' rows that a second one, in this role, may not even read."""
    condition = neighbours.where(table)
    if table == "creditor_templates" and SIDE_OF[role] is Side.AGENCY:
        # The second agency is on the first creditor's panel, and reads what that asks of it; drafts it does not.
        return f"{condition} and published_at is null"
    return condition


def reached(neighbours: Neighbours, stranger, statement: str) -> int:
    """Rows a statement reached; a refusal for lack of rights is none, any other error is an error."""
    with neighbours.ports.session(stranger) as session:
        try:
            return session.scalar(text(statement))
        except DBAPIError as refusal:
            if isinstance(refusal.orig, errors.InsufficientPrivilege):
                return 0
            raise


def planted(neighbours: Neighbours, stranger, table: str, row: dict[str, object]) -> int:
    """Rows of the first ones that the stranger could add, made after one they have."""
    statement = text(
        f"with added as (insert into {table} select * from jsonb_populate_record(null::{table}, cast(:row as jsonb))"
        " returning 1) select count(*) from added"
    )
    with neighbours.ports.session(stranger) as session:
        try:
            return session.scalar(statement, {"row": json.dumps(row)})
        except DBAPIError as refusal:
            if isinstance(refusal.orig, errors.InsufficientPrivilege):
                return 0
            raise
