"""The canonical text of a subject, and the limits above which it is asked at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.approvals import limits, rules
from agencies.approvals.limits import LimitUnchanged, LimitUnusable, NoSuchLimit
from agencies.approvals.models import ApprovalKind
from agencies.kernel.errors import Forbidden
from agencies.organisations.permissions import PERMISSIONS, Role
from tests.approving import approve, ask_for_limit, limit_of

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
subjects = st.dictionaries(st.text(max_size=5), st.recursive(leaves, st.lists, max_leaves=5), max_size=5)


@given(subjects)
def test_the_same_subject_has_one_text_in_whatever_order_it_was_written(subject):
    turned = dict(reversed(subject.items()))

    assert rules.canonical(subject) == rules.canonical(turned)
    assert rules.digest(subject) == rules.digest(turned)


@given(subjects, subjects)
def test_another_subject_has_another_text(one, other):
    # In JSON a truth value is no number, though Python thinks them equal.
    assert (rules.canonical(one) == rules.canonical(other)) == (
        repr(sorted(one.items())) == repr(sorted(other.items()))
    )


@pytest.mark.parametrize("value", [1.5, b"x", {1: "x"}, [2.5], {"a": {"b": object()}}, Role.AGENT])
def test_what_has_no_one_text_is_no_subject(value):
    with pytest.raises(rules.NotCanonical):
        rules.canonical({"value": value})


def test_every_kind_says_who_asks_and_who_approves():
    assert set(rules.ASKS) == set(rules.APPROVES) == set(ApprovalKind)
    held = {permission for permissions in PERMISSIONS.values() for permission in permissions}
    assert set(rules.ASKS.values()) | set(rules.APPROVES.values()) <= held


def test_until_somebody_settles_it_the_portal_sets_the_limits(ports, world):
    director = world.actor(Role.DIRECTOR)
    with ports.session(director) as session:
        needs = lambda *what: limits.needs_second(session, director, *what)  # noqa: E731
        assert not needs(ApprovalKind.AWARD, 50_000_000_000, "COP")
        assert needs(ApprovalKind.AWARD, 50_000_000_001, "COP")
        # Another currency is never reckoned in pesos.
        assert needs(ApprovalKind.AWARD, 1, "USD")
        assert not needs(ApprovalKind.EXPORT, 500)
        assert needs(ApprovalKind.EXPORT, 501)


def test_a_limit_of_one_currency_or_organisation_is_none_of_another(ports, world, now):
    director, other = world.actor(Role.DIRECTOR), world.actor(Role.DIRECTOR, organisation=1)
    asked = ask_for_limit(ports, director, 900, kind=ApprovalKind.AWARD, currency="USD", now=now)
    approve(ports, world.actor(Role.FINANCE), asked, now=now)

    assert limit_of(ports, director, ApprovalKind.AWARD, "USD") == 900
    assert limit_of(ports, director, ApprovalKind.AWARD, "COP") == 50_000_000_000
    assert limit_of(ports, other, ApprovalKind.AWARD, "USD") is None


@pytest.mark.parametrize(
    ("role", "kind", "currency", "value", "refusal"),
    [
        (Role.DIRECTOR, ApprovalKind.AWARD, "XXX", 5, NoSuchLimit),
        (Role.DIRECTOR, ApprovalKind.LIMIT, "", 5, NoSuchLimit),
        (Role.DIRECTOR, ApprovalKind.EXPORT, "COP", 5, NoSuchLimit),
        (Role.MANAGER, ApprovalKind.AWARD, "COP", 5, NoSuchLimit),
        (Role.DIRECTOR, ApprovalKind.EXPORT, "", -1, LimitUnusable),
        (Role.DIRECTOR, ApprovalKind.EXPORT, "", 10**18, LimitUnusable),
        (Role.DIRECTOR, ApprovalKind.EXPORT, "", 500, LimitUnchanged),
        (Role.ANALYST, ApprovalKind.EXPORT, "", 5, Forbidden),
        (Role.FINANCE, ApprovalKind.EXPORT, "", 5, Forbidden),
    ],
)
def test_what_is_no_limit_is_not_asked(ports, world, now, role, kind, currency, value, refusal):
    with pytest.raises(refusal):
        ask_for_limit(ports, world.actor(role), value, kind=kind, currency=currency, now=now)
