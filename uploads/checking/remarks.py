"""What is remarked on a row that stays good: values that contradict each other, or that hardly anybody means.

Each remark is a rule over the typed columns of one row. A rule whose columns a file lacks says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import polars as pl

TODAY = pl.col("today")
#: Columns that together are at most the balance.
_PARTS = ("principal", "interest", "late_interest", "fees")
_YOUNGEST, _OLDEST = 18, 110
#: Written where a number is not known.
_NINES = (999, 9999, 99_999, 999_999)
#: Stages that say that nothing is overdue, in the words of senders.
_PAID = (
    r"(?i)^(?:current|paid|paid in full|fully paid|p ?i ?f|al d[ií]a|vigente|pagad[oa]|cancelad[oa]|paz y salvo"
    r"|saldad[oa])$"
)


@dataclass(frozen=True)
class Rule:
    """One remark: the field it is told at, its code, the columns it needs, and when it is made."""

    field: str
    code: str
    when: pl.Expr
    needs: tuple[str, ...] = ()


def _before(years: int) -> pl.Expr:
    """The day that lies so many years before today: whoever was born on it is as old."""
    return TODAY.dt.offset_by(f"-{years}y")


_SUM_OF_PARTS = reduce(add, (pl.col(name).fill_null(0) for name in _PARTS))

#: Kind of file -> what is remarked on its rows.
RULES: dict[str, tuple[Rule, ...]] = {
    "portfolio": (
        Rule("birth_date", "too_young", pl.col("birth_date") > _before(_YOUNGEST)),
        Rule("birth_date", "too_old", pl.col("birth_date") <= _before(_OLDEST + 1)),
        Rule("due_date", "due_after_charge_off", pl.col("due_date") > pl.col("charge_off_date"), ("charge_off_date",)),
        Rule("charge_off_date", "not_yet", pl.col("charge_off_date") > TODAY),
        Rule("last_payment_date", "not_yet", pl.col("last_payment_date") > TODAY),
        Rule("balance_total", "parts_exceed_balance", pl.col("balance_total") < _SUM_OF_PARTS),
        Rule("balance_total", "not_delinquent", pl.col("balance_total") == 0),
        Rule("days_past_due", "not_delinquent", pl.col("days_past_due") == 0),
        Rule("days_past_due", "placeholder", pl.col("days_past_due").is_in(_NINES)),
        Rule("stage", "not_delinquent", pl.col("stage").str.contains(_PAID)),
    )
}


def remarks(kind: str, columns: Mapping[str, pl.Series], today: date) -> list[tuple[str, str, pl.Series]]:
    """Field, code and the cells of every rule that holds for some row; `today` is the day the file came."""
    rules = [rule for rule in RULES.get(kind, ()) if {rule.field, *rule.needs} <= columns.keys()]
    frame = pl.DataFrame(dict(columns)).with_columns(
        pl.lit(today).alias("today"), *(pl.lit(0).alias(name) for name in _PARTS if name not in columns)
    )
    flags = frame.select(rule.when.fill_null(value=False).alias(str(at)) for at, rule in enumerate(rules))
    return [(rule.field, rule.code, flags[str(at)]) for at, rule in enumerate(rules) if flags[str(at)].any()]
