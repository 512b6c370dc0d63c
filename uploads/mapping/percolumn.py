"""How columns of amounts and of dates are written: settled over whole columns, and where they differ, by column.

Most files are written in one way, and then that is said once for the file. A file put together from two systems may
have a column with decimal points beside one with decimal commas: each proves its own, and is read by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from uploads.cells.dates import settle_numbers
from uploads.cells.reader import clean
from uploads.mapping.evidence import Weight, weigh_decimals, weigh_orders
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
    decimal = _settled({name: weigh_decimals(cells) for name, cells in amounts.items()}, ".")
    order = _settled({name: weigh_orders(cells) for name, cells in ordered.items()}, "ymd")
    by_field = {
        name: {
            **({"decimal": decimal.otherwise[name]} if name in decimal.otherwise else {}),
            **({"date_order": order.otherwise[name]} if name in order.otherwise else {}),
            **({"numbers": numbers[name]} if name in numbers else {}),
        }
        for name in sorted({*decimal.otherwise, *order.otherwise, *numbers})
    }
    assumed = {"date_order": order.is_assumed, "decimal": decimal.is_assumed}
    return replace(
        own,
        date_order=order.value,
        decimal=decimal.value,
        by_field=by_field,
        assumed=(*own.assumed, *(name for name, is_so in assumed.items() if is_so)),
    )


@dataclass(frozen=True)
class _Settled:
    """What holds for the file, None where it must be asked; and what columns prove against each other."""

    value: str | None
    otherwise: Mapping[str, str] = field(default_factory=dict)
    #: No cell needs it, so nothing was proved.
    is_assumed: bool = False


def _settled(columns: Mapping[str, Weight], default: str) -> _Settled:
    whole = sum(columns.values(), Weight({}, 0))
    if not whole.needing:
        return _Settled(default, is_assumed=True)
    if len(whole.proofs) < 2:
        return _Settled(next(iter(whole.proofs)) if whole.is_enough else None)
    own = {name: found for name, weight in columns.items() if (found := weight.differs_by_itself)}
    if len(set(own.values())) < 2:
        return _Settled(None)
    # What is left to ask concerns the columns that prove nothing, two things, or one by too few cells.
    is_open = any(weight.needing for name, weight in columns.items() if name not in own)
    usual = Counter(sorted(own.values())).most_common(1)[0][0]
    return _Settled(None if is_open else usual, own)


def _text(cells: Cells) -> pl.Series:
    return clean(pl.Series(cells, dtype=pl.String))
