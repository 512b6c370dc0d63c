"""How columns of amounts and of dates are written: settled over whole columns, and where they differ, by column.

Most files are written in one way, and then that is said once for the file. A file put together from two systems may
have a column with decimal points beside one with decimal commas: each proves its own, and is read by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from uploads.cells import clean
from uploads.dates import settle_numbers
from uploads.evidence import proved_decimals, proved_orders, settle_date_order, settle_decimal
from uploads.options import Options
from uploads.schemas.fields import FieldType, Schema

Cells = Sequence[str]


def settle_columns(columns: Mapping[str, Cells], schema: Schema, own: Options) -> Options:
    """The options that the cells of the mapped fields prove: those of the file, and the fields that are otherwise."""
    amounts = {name: cells for name, cells in columns.items() if schema[name].type is FieldType.AMOUNT}
    dates = {name: cells for name, cells in columns.items() if schema[name].type is FieldType.DATE}
    numbers = {name: kind for name, cells in dates.items() if (kind := settle_numbers(_text(cells)))}
    ordered = {
        name: cells
        for name, cells in columns.items()
        if schema[name].type in {FieldType.DATE, FieldType.INSTANT} and name not in numbers
    }
    decimal, other_decimals = _settled(amounts, proved_decimals, settle_decimal)
    order, other_orders = _settled(ordered, proved_orders, settle_date_order)
    by_field = {
        name: {
            **({"decimal": other_decimals[name]} if name in other_decimals else {}),
            **({"date_order": other_orders[name]} if name in other_orders else {}),
            **({"numbers": numbers[name]} if name in numbers else {}),
        }
        for name in sorted({*other_decimals, *other_orders, *numbers})
    }
    return Options(own.currency, order, decimal, own.time_zone, own.country, own.codes, by_field)


def _settled(
    columns: Mapping[str, Cells],
    proved: Callable[[list[Cells]], set[str]],
    settle: Callable[[list[Cells]], str | None],
) -> tuple[str | None, dict[str, str]]:
    """What holds for the file, None where it must be asked; and what columns prove against each other."""
    one = settle(list(columns.values()))
    if one is not None:
        return one, {}
    by_column = {name: proved([cells]) for name, cells in columns.items()}
    own = {name: next(iter(signs)) for name, signs in by_column.items() if len(signs) == 1}
    if len(set(own.values())) < 2:
        return None, {}
    # What is left to ask concerns the columns that prove nothing, or two things.
    left = [cells for name, cells in columns.items() if name not in own]
    usual = Counter(sorted(own.values())).most_common(1)[0][0]
    is_open = any(settle([cells]) is None for cells in left)
    return (None if is_open else usual), own


def _text(cells: Cells) -> pl.Series:
    return clean(pl.Series(cells, dtype=pl.String))
