"""Logs say what happened and where, and nothing of what people typed or who they are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
import structlog
from sqlalchemy import text

from portal import logs
from portal.ports import Ports
from tests.tenants import Tenants, add_tenants

SECRET = "CENTINELA-1-0-9-8"


@pytest.fixture
def lines(capsys):
    """What was logged, as JSON lines."""
    logs.configure("INFO")
    said: list[str] = []

    def read() -> list[dict]:
        said.extend(capsys.readouterr().err.splitlines())
        return [json.loads(line) for line in said]

    yield read
    structlog.reset_defaults()


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def log_what_goes_wrong(failing: Callable[[], object]) -> str:
    """Log the exception as the edge of a request or job does; returns its own words."""
    try:
        failing()
    except Exception as failure:  # noqa: BLE001 - the edge catches everything
        structlog.get_logger().exception("bug", work=7)
        return str(failure)
    return ""


def test_an_exception_is_logged_by_class_and_place_without_values(lines):
    assert SECRET in log_what_goes_wrong(lambda: int(SECRET))

    (line,) = lines()
    assert (line["event"], line["work"], line["level"]) == ("bug", 7, "error")
    (told,) = line["exception"]
    assert told["exc_type"] == "ValueError"
    assert told["frames"][0]["name"] == "log_what_goes_wrong"
    assert SECRET not in json.dumps(line)


def test_a_refused_statement_tells_nothing_of_what_it_was_given(ports: Ports, tenants: Tenants, lines):
    with ports.session(tenants.creditor) as session:
        words = log_what_goes_wrong(lambda: session.execute(text("select cast(:who as bigint)"), {"who": SECRET}))
        session.rollback()
        hidden = log_what_goes_wrong(lambda: session.execute(text("select no_column, :who"), {"who": SECRET}))

    assert SECRET in words, "the server itself quotes the value"
    assert SECRET not in hidden, "and we do not add to it"
    assert [line["exception"][0]["exc_type"] for line in lines()] == ["DataError", "ProgrammingError"]
    assert SECRET not in json.dumps(lines())


def test_what_is_below_the_level_is_not_logged(lines):
    logs.configure("WARNING")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in lines()] == ["loud"]
    assert logging.getLevelNamesMapping()["WARNING"] == logging.WARNING
