"""What leaves of an event, and that the documentation says the same."""

from __future__ import annotations

import re

from agencies.kernel.tenancy import Side
from agencies.webhooks.catalogue import EVENTS, event_of, offered, told
from portal.presenters.audit import SENTENCES
from portal.presenters.webhooks import EVENT_NAMES
from tests.receiver import SAMPLE


def test_every_event_is_an_action_of_the_trail_and_has_a_name():
    assert {one.action for one in EVENTS} <= set(SENTENCES)
    assert {one.type for one in EVENTS} | {"webhook.test"} == set(EVENT_NAMES)
    assert len({one.type for one in EVENTS}) == len({one.action for one in EVENTS}) == len(EVENTS)


def test_nothing_leaves_but_what_an_event_names():
    details = {"consignment_id": 7, "cases": 2, "currency": None, "name": "Ana Pérez", "user_id": 3, "seed": 9}
    leaves = told(event_of("consignment.sent"), details, lambda kind, number: f"{kind}-{number}")
    assert leaves == {"consignment": "consignment-7", "cases": 2}


def test_a_system_is_offered_what_its_side_can_know():
    assert "cases.updated" in {one.type for one in offered(Side.AGENCY)}
    assert "cases.updated" not in {one.type for one in offered(Side.CREDITOR)}
    assert offered(Side.PLATFORM) == ()


def test_the_documentation_lists_each_event_with_its_fields():
    listed = {
        (kind, side, tuple(re.findall(r"`(\w+)`", fields)))
        for kind, side, fields in re.findall(r"^\| `([\w.]+)` \| (\w+) \| (.*) \|$", SAMPLE.read_text(), re.MULTILINE)
    }
    assert listed == {
        (one.type, "both" if len(one.sides) == 2 else next(iter(one.sides)).value, (*one.about, *one.facts))
        for one in EVENTS
    }
