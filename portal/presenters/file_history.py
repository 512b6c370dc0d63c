"""What happened to one file in sentences, each with when it was and the rows it concerned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import Plural, msg, msgs
from portal.filters import number
from uploads.history import Moment

Say = Callable[..., str]

_SENTENCES = {
    "upload.received": msg("Sent"),
    "upload.opened": msg("Opened"),
    "upload.confirmed": msg("Columns confirmed"),
    "upload.reopened": msg("To be read differently"),
    "upload.codes_explained": msg("Values explained"),
    "upload.checked": msg("Checked"),
    "upload.apply_requested": msg("Decision to take it over"),
    "upload.sent_back": msg("Sent back: rows had turned bad"),
    "upload.applied": msg("Applied"),
    "upload.undo_requested": msg("Undoing asked for"),
    "upload.undone": msg("Undone"),
    "upload.rejected": msg("Turned away"),
    "upload.downloaded": msg("Downloaded as it was sent"),
    "upload.text_downloaded": msg("Downloaded as the text that was read"),
}
_COUNTS: dict[str, str | Plural] = {
    "read": msg("%(n)s rows read"),
    "rejected": msg("%(n)s rejected"),
    "applied": msg("%(n)s rows taken over"),
    "unchanged": msg("%(n)s known before"),
    "cases": msgs("undone for %(n)s case", "undone for %(n)s cases"),
    "debtors": msgs("%(n)s debtor with it", "%(n)s debtors with them"),
}
#: Who acts when the portal acts by itself in somebody's name, which is no news to that person.
_BY_ITSELF = {"upload.checked", "upload.applied", "upload.opened", "upload.sent_back"}
#: Where the number of rejected rows is news.
_COUNTED = {"upload.checked", "upload.sent_back", "upload.applied"}


@dataclass(frozen=True)
class Happening:
    """One moment of a file's way."""

    at: datetime
    what: str
    facts: str
    #: Whose doing it was; empty where the portal went on by itself.
    user_id: int | None


def happenings(moments: Iterable[Moment], say: Say) -> list[Happening]:
    """The moments that have a sentence, in their order."""
    return [
        Happening(
            one.at,
            say(_SENTENCES[one.action]),
            " · ".join(
                say(text, {"n": number(one.details[name])}, count=one.details[name])
                for name, text in _COUNTS.items()
                if (name != "rejected" or one.action in _COUNTED)
                and isinstance(one.details.get(name), int)
                and one.details[name]
            ),
            None if one.action in _BY_ITSELF else one.user_id,
        )
        for one in moments
        if one.action in _SENTENCES
    ]
