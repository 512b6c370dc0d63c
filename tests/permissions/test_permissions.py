"""Who may do what is written down apart from the code, and no check can be taken away without somebody noticing."""

from __future__ import annotations

import pytest

from tests.permissions import lists, mutations

#: What a service finds out only after it has looked something up: the permission depends on the kind of the file, or
#: the rows it may see stand in the middle of a question. Tests with a database prove these.
NEEDS_A_DATABASE = frozenset(
    {
        "agencies/approvals/service.py",
        "agencies/attestations/register.py",
        "agencies/mandates/queries.py",
        "agencies/organisations/service.py",
        "agencies/standing/changes.py",
        "assignments/cases/selecting.py",
        "assignments/comparison.py",
        "assignments/sla/idle.py",
        "assignments/contacts/exporting.py",
        "assignments/contacts/queries.py",
        "assignments/incidents/service.py",
        "assignments/intake.py",
        "assignments/performance.py",
        "assignments/promises/queries.py",
        "assignments/reads/revealing.py",
        "assignments/reads/taking.py",
        "assignments/reports/obligations.py",
        "uploads/checking/preview.py",
        "uploads/confirming.py",
        "uploads/mapping/saved.py",
        "uploads/opening.py",
        "uploads/queries.py",
        "uploads/receiving.py",
        "uploads/service.py",
    }
)
#: Asked a second time by what is called next, with the same refusal.
ASKED_TWICE = frozenset({"agencies/organisations/service.py require"})


@pytest.mark.parametrize("name", lists.LISTS)
def test_the_code_asks_what_was_agreed(name: str):
    found, agreed = lists.LISTS[name](), lists.agreed(name)

    assert found == agreed, "read the difference; if it is meant: python -m tests.permissions.lists"


def test_a_check_that_is_taken_away_is_noticed():
    unreached, unnoticed = set(), set()
    for site, noticed in mutations.checks_taken_away():
        if noticed == "unreached":
            unreached.add(site.file)
        elif noticed == "unnoticed":
            unnoticed.add(f"{site.file} {site.check}")

    assert unreached == NEEDS_A_DATABASE
    assert unnoticed == ASKED_TWICE


def test_a_route_that_asks_for_nothing_is_noticed(tmp_path):
    seen = dict(mutations.declarations_taken_away(mutations.unconnected_app(tmp_path)))

    assert [route for route, is_noticed in seen.items() if not is_noticed] == []
    assert len(seen) > 100
