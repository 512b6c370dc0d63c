"""What a sender's own codes stand for: proposed by likeness, said once, applied by itself from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from rapidfuzz import fuzz, process

from agencies.kernel.errors import Invalid, msg
from uploads.cells.reader import clean, plain
from uploads.models import Upload
from uploads.schemas.fields import Field, FieldType, Schema

#: Different unknown values that are kept for one field.
MOST = 100
#: A value cut off in the listing of faults cannot be told from its like.
_CUT = 80
_ALIKE = 84
_SHORTEST = 4
#: What is short and usual in the trade; proposed only, because a sender may mean something else by it.
_USUAL = {
    "channel": {"tel": "call", "cel": "call", "wa": "whatsapp", "wsp": "whatsapp", "vis": "visit"},
    "result": {"nc": "no_answer", "pp": "promise", "bv": "voicemail", "ne": "wrong_number"},
    "counterpart": {"tit": "debtor", "ter": "other", "fam": "relative", "cod": "co_debtor"},
    "state": {"vig": "pending", "pen": "pending", "cum": "kept", "inc": "broken", "anu": "cancelled"},
    "code": {"iloc": "untraceable", "fall": "deceased", "presc": "time_barred"},
    "received_by": {"cta bco": "creditor", "bco": "creditor", "age": "agency"},
    "kind": {"tel": "phone", "dir": "address", "cel": "phone"},
}


class CodesImpossible(Invalid):
    """A code is explained by something that is none."""

    text = msg("Choose what each value of %(field)s means from the list.")


@dataclass(frozen=True)
class UnknownValue:
    """A value that stands for no code of its field, how often it was seen, and the code it may be."""

    field: str
    written: str
    count: int
    likely: str | None


def unknown_values(
    mapping: Mapping[int, str],
    values: Sequence[Sequence[str]],
    schema: Schema,
    codes: Mapping[str, Mapping[str, str | None]],
) -> list[UnknownValue]:
    """What stands in a sample for no code of its field, the most frequent first."""
    found: list[UnknownValue] = []
    for position, name in sorted(mapping.items()):
        if schema[name].type is not FieldType.CHOICE:
            continue
        text = clean(pl.Series(values[position], dtype=pl.String)).drop_nulls().to_list()
        known = {*spoken(schema[name]), *codes.get(name, {})}
        counts = Counter(one for one in text if plain(one) not in known and len(one) < _CUT)
        found += described(schema[name], counts)
    return found


def described(field: Field, counts: Mapping[str, int]) -> list[UnknownValue]:
    """Unknown values with the code each may be; two spellings of one value are one."""
    merged: dict[str, tuple[str, int]] = {}
    for written, count in counts.items():
        first, before = merged.get(plain(written), (written, 0))
        merged[plain(written)] = (first, before + count)
    ordered = sorted(merged.values(), key=lambda one: (-one[1], one[0]))[:MOST]
    return [UnknownValue(field.name, written, count, likely_code(field, written)) for written, count in ordered]


def spoken(field: Field) -> dict[str, str]:
    """Every known spelling of a field's codes, as it is compared -> the code."""
    return {plain(one): code for code, spellings in field.choices.items() for one in (code, *spellings)}


def likely_code(field: Field, written: str) -> str | None:
    """The code a value resembles, if it resembles one."""
    known, text = spoken(field), plain(written)
    usual = _USUAL.get(field.name, {}).get(text.rstrip("."))
    if usual in field.choices:
        return usual
    if len(text) < _SHORTEST:
        return None
    long_enough = [one for one in known if len(one) >= _SHORTEST]
    alike = process.extract(text, long_enough, scorer=fuzz.token_set_ratio, score_cutoff=_ALIKE, limit=None)
    # Of several inside one value the longest says most.
    best = max(alike, key=lambda one: (one[1], len(one[0])), default=None)
    return known[best[0]] if best else None


def compared(codes: Mapping[str, Mapping[str, str | None]]) -> dict[str, dict[str, str | None]]:
    """The same with every value in the one form in which it is compared."""
    return {name: {plain(one): code for one, code in meanings.items()} for name, meanings in codes.items()}


def check_codes(schema: Schema, codes: Mapping[str, Mapping[str, str | None]]) -> None:
    """Raise `CodesImpossible` unless every meaning is a code of its field, or nothing where the field may be empty."""
    fields = {one.name: one for one in schema.fields if one.choices}
    for name, meanings in codes.items():
        field = fields.get(name)
        if field is None:
            raise CodesImpossible(field=name)
        allowed = {*field.choices, None, *([] if field.required else [""])}
        if not set(meanings.values()) <= allowed:
            raise CodesImpossible(field=[field.label])


def count_unknown(upload: Upload, errors: pl.DataFrame) -> None:
    """Add a block's values that stand for no code; of a field with very many, the frequent ones."""
    of_codes = errors.filter((pl.col("code") == "unknown_choice") & (pl.col("value").str.len_chars() < _CUT))
    if not len(of_codes):
        return
    kept = {name: Counter(values) for name, values in upload.unknown_values.items()}
    for name, value, count in of_codes.group_by("field", "value").len().sort("field", "value").iter_rows():
        kept.setdefault(name, Counter())[value] += count
    upload.unknown_values = {name: dict(values.most_common(MOST)) for name, values in kept.items()}
