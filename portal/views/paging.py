"""The pages of a list in its address: read where to begin, write where the next one begins."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from agencies.kernel.pages import Page
from portal import cursors
from portal.forms.fields import references

_NAME = "after"


def after(*shape: type) -> Any:
    """Where the page that was asked for begins, in a list with such a sort key; None for the first one."""
    return cursors.read(references(), request.args.get(_NAME), *shape)


def addresses(page: Page[Any]) -> dict[str, str | None]:
    """The addresses of the next and the first page, filters kept."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != _NAME and value}
    kept |= request.view_args or {}
    endpoint = str(request.endpoint)
    begins = cursors.write(references(), page.next_cursor)
    return {
        "next_address": url_for(endpoint, **(kept | {_NAME: begins})) if begins else None,
        "first_address": url_for(endpoint, **kept) if request.args.get(_NAME) else None,
    }
