"""Check digits of national numbers, a column at a time: what python-stdnum says of one number, for a million.

Every rule takes numbers of one shape as a matrix of characters, a row each, and says which of them agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Rule = Callable[[Matrix], Flags]

_ZERO = ord("0")
_NIT_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71)
_RUC_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_CURP_ALPHABET = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"


def agrees(numbers: pl.Series, rule: Rule) -> pl.Series:
    """Whether each number's check digit is right; the numbers are digits and capitals, of any lengths, never null."""
    answer = np.zeros(len(numbers), dtype=bool)
    lengths = numbers.str.len_bytes().to_numpy()
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        chosen = numbers.gather(rows) if len(rows) < len(numbers) else numbers
        matrix = np.frombuffer("".join(chosen.to_list()).encode(), dtype=np.uint8).reshape(-1, length)
        answer[rows] = rule(matrix)
    return pl.Series(answer)


def nit(matrix: Matrix) -> Flags:
    """Colombia: the last digit against the others, weighted by primes from the right."""
    body = matrix[:, :-1][:, ::-1]
    rest = _weighted(body, _NIT_WEIGHTS[: body.shape[1]]) % 11
    return _same(_as(rest, "01987654321"), matrix[:, -1])


def ruc_pe(matrix: Matrix) -> Flags:
    """Peru, taxpayers."""
    return _same((11 - _weighted(matrix, _RUC_WEIGHTS) % 11) % 10, matrix[:, -1].astype(np.int64) - _ZERO)


def dni_pe(matrix: Matrix) -> Flags:
    """Peru, persons: the ninth character, a digit or a letter, where it is written."""
    rest = _weighted(matrix, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return _same(_as(rest, "65432110987"), matrix[:, -1]) | _same(_as(rest, "KJIHGFEDCBA"), matrix[:, -1])


def rut(matrix: Matrix) -> Flags:
    """Chile: the last digit, or K, against the others weighted 9, 8 ... 4 from the right, and again."""
    body = matrix[:, :-1][:, ::-1]
    rest = _weighted(body, [9 - at % 6 for at in range(body.shape[1])]) % 11
    return _same(_as(rest, "0123456789K"), matrix[:, -1])


def cedula_ec(matrix: Matrix) -> Flags:
    """Ecuador, persons: every second digit doubled."""
    digits = matrix[:, :10].astype(np.int64) - _ZERO
    doubled = digits[:, ::2] * 2
    total = np.where(doubled > 9, doubled - 9, doubled).sum(axis=1) + digits[:, 1::2].sum(axis=1)
    return _same(total % 10, np.zeros_like(total))


def ruc_ec(matrix: Matrix) -> Flags:
    """Ecuador, taxpayers: the third digit says whether a person, the state or a company."""
    third = matrix[:, 2].astype(np.int64) - _ZERO
    of_public = _weighted(matrix, (3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    of_company = _weighted(matrix, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    of_person = cedula_ec(matrix)
    is_branch = (matrix[:, -3:] != _ZERO).any(axis=1)
    is_public_branch = (matrix[:, -4:] != _ZERO).any(axis=1)
    public = of_public & is_public_branch
    person, company = of_person & is_branch, of_company & is_branch
    found = ((third < 6) & person) | ((third == 6) & (public | person)) | ((third == 9) & (public | company))
    return np.asarray(found, dtype=np.bool_)


def cuit(matrix: Matrix) -> Flags:
    """Argentina, taxpayers and workers."""
    return _same(_as(_weighted(matrix, _RUC_WEIGHTS) % 11, "09987654321"), matrix[:, -1])


def curp(matrix: Matrix) -> Flags:
    """Mexico, persons: seventeen letters and digits weighted 18 ... 2."""
    value = np.zeros(256, dtype=np.int64)
    for at, letter in enumerate(_CURP_ALPHABET):
        value[ord(letter)] = at
    total = value[matrix[:, :17]] @ np.arange(18, 1, -1)
    return _same((10 - total % 10) % 10, matrix[:, -1].astype(np.int64) - _ZERO)


def _weighted(matrix: Matrix, weights: Sequence[int]) -> Numbers:
    """The weighted sum of the first digits of every number."""
    digits = matrix[:, : len(weights)].astype(np.int64) - _ZERO
    return np.asarray(digits @ np.asarray(weights), dtype=np.int64)


def _as(rest: Numbers, digits: str) -> NDArray[np.uint8]:
    """The character that each remainder stands for."""
    return np.frombuffer(digits.encode(), dtype=np.uint8)[rest]


def _same(one: NDArray[Any], other: NDArray[Any]) -> Flags:
    return np.asarray(one == other, dtype=np.bool_)
