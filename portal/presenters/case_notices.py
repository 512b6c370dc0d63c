"""Notices of cases and of what is known of their people, in sentences."""

from __future__ import annotations

from agencies.kernel.errors import msg, msgs
from portal.presenters.tellings import Telling

OF_CASES: dict[str, Telling] = {
    "debtors.matched": Telling(
        msg("%(pairs)s pairs of debtors may be one person each; look at them"), "users", "matches.index"
    ),
    "case.updated": Telling(
        msg("%(house)s sent news of %(cases)s of your cases: balances, arrears or ways to reach people"),
        "refresh",
        "cases.index",
    ),
    "case.held": Telling(
        msgs(
            "%(house)s puts %(cases)s of your cases on hold; do not work it until it is set free",
            "%(house)s puts %(cases)s of your cases on hold; do not work them until they are set free",
        ),
        "alert-triangle",
        "cases.index",
        is_urgent=True,
    ),
    "case.unheld": Telling(
        msg("%(house)s sets %(cases)s of your cases free; work goes on"),
        "check",
        "cases.index",
    ),
    "case.paid_directly": Telling(
        msgs(
            "%(house)s received payments on %(cases)s of your cases itself; its balance has changed",
            "%(house)s received payments on %(cases)s of your cases itself; their balances have changed",
        ),
        "coins",
        "cases.index",
    ),
    "case.returned": Telling(
        msgs(
            "%(house)s gave %(cases)s case back",
            "%(house)s gave %(cases)s cases back",
        ),
        "arrow-left",
        "returns.index",
    ),
    "flag.raised": Telling(
        msgs(
            "%(house)s flags %(cases)s case: it is not to be worked",
            "%(house)s flags %(cases)s cases: they are not to be worked",
        ),
        "alert-triangle",
        "flags.index",
        is_urgent=True,
    ),
    "flag.lifted": Telling(
        msgs(
            "%(house)s took a flag down; it concerns %(cases)s of your cases",
            "%(house)s took a flag down; it concerns %(cases)s of your cases",
        ),
        "check",
        "cases.index",
    ),
}
