"""Notices of agencies' files and of panels, in sentences."""

from __future__ import annotations

from agencies.kernel.errors import msg
from portal.presenters.tellings import Telling

_AGENCY = {"agency_id": "agency_id"}
_OTHER = {"other_id": "about"}

OF_STANDING: dict[str, Telling] = {
    "credential.expiring": Telling(
        msg("%(title)s on the file of %(house)s runs out on %(valid_until)s"), "clock", "agency_files.show", _AGENCY
    ),
    "credential.expired": Telling(
        msg("%(title)s on the file of %(house)s ran out on %(valid_until)s"),
        "alert-triangle",
        "agency_files.show",
        _AGENCY,
        is_urgent=True,
    ),
    "account.changed": Telling(
        msg("The bank account of %(house)s is another one now; it ends in %(last_four)s"),
        "building-bank",
        "agency_files.show",
        _AGENCY,
        is_urgent=True,
    ),
    "panel.invited": Telling(
        msg("%(house)s invites you to its panel; it reads your file and decides"), "mail", "panel.show", _OTHER
    ),
    "panel.reviewed": Telling(msg("%(house)s reviews your file"), "search", "panel.show", _OTHER),
    "panel.joined": Telling(msg("%(house)s has put you on its panel"), "circle-check", "panel.show", _OTHER),
    "panel.suspended": Telling(
        msg("%(house)s has suspended you: nothing new is placed; the reason is on its page"),
        "player-pause",
        "panel.show",
        _OTHER,
        is_urgent=True,
    ),
    "panel.removed": Telling(
        msg("%(house)s has removed you from its panel; the reason is on its page"), "circle-x", "panel.show", _OTHER
    ),
    "panel.declined": Telling(msg("%(house)s does not want to be on your panel"), "circle-x", "panel.show", _OTHER),
}
