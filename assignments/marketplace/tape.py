"""The masked tape: what a bidder may know of a lot's cases, so that nobody in them can be singled out.

Every figure belongs to a part of the lot with at least `LEAST_DEBTORS` debtors, none of whom owes more than half of it.
A part that does not stand alone is joined with the next smallest until it does, so that a subtraction leads to a joined
part again and never to one debtor (complementary suppression). There are no tables of two dimensions that could be
set against each other. Values are rounded, so that the difference of two lots tells no single balance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

#: Fewer people than this can be told apart (scorecard reference, 2.5, suppresses under ten).
LEAST_DEBTORS = 10
#: Days past due from which each age band begins, after the first that begins at 0.
AGE_STARTS = (91, 181, 361, 721)
SAMPLES = 5
BALANCE_BANDS = 5
_DIGITS = 3


class Dimension(StrEnum):
    """By what the tape divides a lot."""

    AGE = "age"
    BALANCE = "balance"
    PRODUCT = "product"
    REGION = "region"
    CONTACT = "contact"
    IDENTITY = "identity"
    EARLIER = "earlier"
    LAST_PAYMENT = "last_payment"


#: What a masked sample row says; two rows that say the same belong to at least `LEAST_DEBTORS` debtors.
SAMPLED = (Dimension.AGE, Dimension.BALANCE, Dimension.PRODUCT, Dimension.CONTACT)


@dataclass(frozen=True)
class Labels:
    """One dimension over the cases: for each the position of its label."""

    codes: Integers
    labels: tuple[str, ...]


@dataclass(frozen=True)
class LotCases:
    """The cases of a lot as arrays of one length, names and numbers of nobody among them."""

    debtors: Integers
    balances: Integers
    ages: Integers
    dimensions: Mapping[Dimension, Labels]


@dataclass(frozen=True)
class Cell:
    """One part of a distribution; several small parts joined have no label."""

    label: str | None
    cases: int
    #: Rounded to three digits.
    value_minor: int


@dataclass(frozen=True)
class Distribution:
    """The lot by one dimension."""

    dimension: Dimension
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Tape:
    """Everything a bidder is shown of a lot's cases."""

    currency: str
    cases: int
    debtors: int
    value_minor: int
    distributions: tuple[Distribution, ...]
    #: What some typical cases look like: dimension -> label, nothing where it was joined.
    samples: tuple[dict[str, str | None], ...]

    def to_dict(self) -> dict[str, Any]:
        """As it is stored with a lot and its offers."""
        return asdict(self)


def tape_of(stored: dict[str, Any]) -> Tape:
    """A stored tape."""
    return Tape(
        currency=stored["currency"],
        cases=stored["cases"],
        debtors=stored["debtors"],
        value_minor=stored["value_minor"],
        distributions=tuple(
            Distribution(Dimension(one["dimension"]), tuple(Cell(**cell) for cell in one["cells"]))
            for one in stored["distributions"]
        ),
        samples=tuple(stored["samples"]),
    )


def masked_tape(cases: LotCases, currency: str) -> Tape:
    """The tape of a lot."""
    # Debtors as small numbers, so that what each owes can be added up in an array.
    dense = np.unique(cases.debtors, return_inverse=True)[1].astype(np.int64)
    cases = replace(cases, debtors=dense)
    joined = {name: _join(cases, labels) for name, labels in cases.dimensions.items()}
    return Tape(
        currency=currency,
        cases=len(cases.debtors),
        debtors=int(dense.max(initial=-1)) + 1,
        value_minor=rounded(int(cases.balances.sum())),
        distributions=tuple(
            Distribution(name, _cells(cases, parts)) for name, parts in joined.items() if parts is not None
        ),
        samples=_samples(cases, joined),
    )


def rounded(minor: int) -> int:
    """An amount to three digits, half away from zero."""
    step: int = 10 ** max(0, len(str(abs(minor))) - _DIGITS)
    return (minor + step // 2) // step * step


def age_mix(cases: LotCases) -> list[list[int]]:
    """Exactly, for the creditor: from which day each age band begins, its cases and its value; unknown ages first."""
    at = np.searchsorted(np.array(AGE_STARTS), cases.ages, side="right")
    starts = (0, *AGE_STARTS)
    return [[starts[n], int((at == n).sum()), int(cases.balances[at == n].sum())] for n in range(len(starts))]


def by_age(ages: Integers) -> Labels:
    """Age bands, the last label being for ages that nobody knows."""
    codes = np.searchsorted(np.array(AGE_STARTS), ages, side="right").astype(np.int64)
    labels = ("0", *(str(start) for start in AGE_STARTS), "")
    return Labels(np.where(ages < 0, len(labels) - 1, codes), labels)


def by_balance(balances: Integers) -> Labels:
    """Balance bands with about as many cases each, at rounded limits: an exact one would be somebody's balance."""
    if not len(balances):
        return Labels(np.empty(0, dtype=np.int64), ())
    ranks = np.sort(balances)[[len(balances) * n // BALANCE_BANDS for n in range(1, BALANCE_BANDS)]]
    limits = sorted({_two_digits(int(one)) for one in ranks})
    codes = np.searchsorted(np.array(limits), balances, side="right").astype(np.int64)
    ends = ["", *(str(one) for one in limits), ""]
    return Labels(codes, tuple(f"{low}-{high}" for low, high in pairwise(ends)))


def by_text(values: Sequence[str | None]) -> Labels:
    """Whatever the texts are, the empty one for those without."""
    known: dict[str, int] = {}
    codes = np.fromiter((known.setdefault(one or "", len(known)) for one in values), dtype=np.int64, count=len(values))
    return Labels(codes, tuple(known))


def _two_digits(minor: int) -> int:
    step: int = 10 ** max(0, len(str(minor)) - 2)
    return max(step, minor // step * step)


#: The parts of one dimension: per case the number of its part, and the label of each part.
_Parts: TypeAlias = tuple[Integers, tuple[str | None, ...]]


def _join(cases: LotCases, labels: Labels) -> _Parts | None:
    """The parts of a dimension, none too small; nothing where only the whole would be left and is too small itself."""
    sizes = _sizes(cases, labels.codes)
    small = [code for code, (_, stands) in sizes.items() if not stands]
    others = sorted((code for code in sizes if code not in small), key=lambda code: (sizes[code][0], code))
    joined = np.isin(labels.codes, small)
    while small and others and not (len(small) > 1 and _stands_alone(cases, joined)):
        small.append(others.pop(0))
        joined = np.isin(labels.codes, small)
    if small and not _stands_alone(cases, joined):
        return None
    shown = sorted(others)
    place = np.full(len(labels.labels), len(shown), dtype=np.int64)
    place[shown] = np.arange(len(shown))
    parts = place[labels.codes]
    named: list[str | None] = [labels.labels[code] for code in shown]
    return parts, tuple([*named, None] if small else named)


def _sizes(cases: LotCases, codes: Integers) -> dict[int, tuple[int, bool]]:
    """Per label that occurs: how many debtors it has, and whether it may stand alone."""
    span = int(cases.debtors.max(initial=0)) + 1
    keys = codes * span + cases.debtors
    order = np.argsort(keys, kind="stable")
    keys, begins = np.unique(keys[order], return_index=True)
    owed = np.add.reduceat(cases.balances[order], begins)
    found, firsts, counts = np.unique(keys // span, return_index=True, return_counts=True)
    largest, total = np.maximum.reduceat(owed, firsts), np.add.reduceat(owed, firsts)
    stands = (counts >= LEAST_DEBTORS) & (2 * largest <= total)
    return {int(code): (int(n), bool(one)) for code, n, one in zip(found, counts, stands, strict=True)}


def _stands_alone(cases: LotCases, mask: NDArray[np.bool_]) -> bool:
    owed = np.zeros(int(cases.debtors.max(initial=0)) + 1, dtype=np.int64)
    np.add.at(owed, cases.debtors[mask], cases.balances[mask])
    debtors = int((np.bincount(cases.debtors[mask]) > 0).sum())
    return debtors >= LEAST_DEBTORS and 2 * int(owed.max()) <= int(owed.sum())


def _cells(cases: LotCases, parts: _Parts) -> tuple[Cell, ...]:
    codes, labels = parts
    counts, values = np.bincount(codes, minlength=len(labels)), np.zeros(len(labels), dtype=np.int64)
    np.add.at(values, codes, cases.balances)
    return tuple(
        Cell(label, int(count), rounded(int(value))) for label, count, value in zip(labels, counts, values, strict=True)
    )


def _samples(cases: LotCases, joined: Mapping[Dimension, _Parts | None]) -> tuple[dict[str, str | None], ...]:
    told = [(name, parts) for name in SAMPLED if (parts := joined.get(name)) is not None]
    if not told:
        return ()
    shape = tuple(len(parts[1]) for _, parts in told)
    kinds = np.ravel_multi_index([parts[0] for _, parts in told], shape)
    span = int(cases.debtors.max(initial=0)) + 1
    found, debtors = np.unique(np.unique(kinds * span + cases.debtors) // span, return_counts=True)
    frequent = [int(kind) for kind in np.argsort(-debtors, kind="stable") if debtors[kind] >= LEAST_DEBTORS]
    rows = (np.unravel_index(int(found[kind]), shape) for kind in frequent[:SAMPLES])
    return tuple(
        {name.value: parts[1][int(code)] for (name, parts), code in zip(told, row, strict=True)} for row in rows
    )
