"""A filter over cases as pages take it from an address and say it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from werkzeug.datastructures import MultiDict

from agencies.organisations.queries import home_currency
from assignments.cases.queries import Facets, Selection, facets
from assignments.segments.queries import get_part
from portal.extensions import db
from portal.filters import money
from portal.forms.cases import CaseFilterForm
from portal.forms.fields import references
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters.cases import Chip, chips
from portal.presenters.selections import arguments
from portal.views import choices


def offer(form: CaseFilterForm) -> Facets:
    """Set what can be chosen, and the micro-segment that the address names; raises `NotFound` for another's."""
    actor = current_actor()
    found = facets(db.session, actor)
    form.offer(found)
    rule_id = form.rule_id
    form.part = get_part(db.session, actor, rule_id) if rule_id is not None else None
    return found


def in_words(selection: Selection, found: Facets, currency: str) -> list[Chip]:
    """The conditions of a selection, with names for what it knows by id."""
    return chips(selection, choices.named_facets(found), partial(money, currency=currency), say)


def all_in_words(selections: Iterable[Selection]) -> list[list[Chip]]:
    """The conditions of each of several selections."""
    actor = current_actor()
    found, currency = facets(db.session, actor), home_currency(db.session, actor)
    return [in_words(one, found, currency) for one in selections]


def addressed(selection: Selection) -> dict[str, Any]:
    """A selection as the arguments of the address that filters by it."""
    return arguments(selection, home_currency(db.session, current_actor()), references().encode)


def as_typed(values: Mapping[str, list[str]]) -> MultiDict[str, str]:
    """Values as if a form had sent them, so that they are read the same way."""
    return MultiDict([(name, one) for name, several in values.items() for one in several])
