"""A filter over cases as pages take it from an address and say it back."""

from __future__ import annotations

from functools import partial

from assignments.cases.queries import Facets, Selection
from portal.filters import money
from portal.i18n import say
from portal.presenters.cases import Chip, chips
from portal.views import choices


def in_words(selection: Selection, facets: Facets, currency: str) -> list[Chip]:
    """The conditions of a selection, with names for what it knows by id."""
    return chips(selection, choices.named_facets(facets), partial(money, currency=currency), say)
