"""Refusals: what the caller may not do, said in words a person can act on."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class Plural(NamedTuple):
    """A message for one of something and for any other number of it."""

    one: str
    many: str


def msg(text: str) -> str:
    """Mark a message for translation without translating it here."""
    return text


def msgs(one: str, many: str) -> Plural:
    """Mark a message that counts something, in both its forms."""
    return Plural(one, many)


class DomainError(Exception):
    """Base of every refusal; `text` is an English template that the portal translates, `params` fill it."""

    text: ClassVar[str] = msg("The request was refused.")

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.text % params if params else self.text)


class NotFound(DomainError):
    """Not there, or not yours: the two give the same answer."""

    text = msg("We could not find what you asked for.")


class Forbidden(DomainError):
    """The actor's role does not allow it."""

    text = msg("Your role does not allow this.")


class Conflict(DomainError):
    """The thing has moved on since it was looked at, or was done before."""

    text = msg("This was changed in the meantime. Reload the page and look again.")


class TooMany(DomainError):
    """More than one person may in a while; `retry_after` says in how many seconds it may go on."""

    text = msg("This was done more often than we allow in a short time. Wait and try again.")

    def __init__(self, *, retry_after: int, **params: Any) -> None:
        self.retry_after = retry_after
        super().__init__(**params)


class Invalid(DomainError):
    """The request contradicts a rule."""

    text = msg("The request contradicts a rule.")
