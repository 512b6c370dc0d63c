"""Boxes to tick: one of them is enough, in a browser too."""

from __future__ import annotations

import importlib
import pkgutil
import re

from wtforms import SelectMultipleField
from wtforms.fields.core import UnboundField

import portal.forms
from agencies.organisations.permissions import Role
from portal.forms.fields import TickedField
from tests import loop
from tests.portal.conftest import Browser


def boxes(browser: Browser, page: str, name: str) -> list[str]:
    """The boxes of a group on a page."""
    found = re.findall(rf"<input[^>]*name=\"{name}\"[^>]*>", browser.get(page).text)
    assert len(found) > 1
    return found


def test_a_key_for_one_task_is_not_forced_to_be_let_do_the_others(sign_in):
    for role in (Role.DIRECTOR, Role.MANAGER):
        for box in boxes(sign_in(role), "/api-keys/new", "scopes"):
            assert "required" not in box


def test_cases_can_be_placed_with_one_agency_without_giving_them_to_all(world, sign_in):
    for number in (0, 1):
        loop.add_mandate(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER, organisation=number))
    for box in boxes(sign_in(Role.ANALYST), "/placements/new", "mandates"):
        assert "required" not in box


def test_no_other_kind_of_boxes_is_used_by_a_form():
    seen = 0
    for module in pkgutil.iter_modules(portal.forms.__path__, "portal.forms."):
        for made in vars(importlib.import_module(module.name)).values():
            for field in vars(made).values() if isinstance(made, type) else ():
                if isinstance(field, UnboundField) and issubclass(field.field_class, SelectMultipleField):
                    assert issubclass(field.field_class, TickedField)
                    seen += 1
    assert seen > 5
