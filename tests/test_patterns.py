"""Patterns that meet what people send take a time in proportion to its length, whatever is sent."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agencies", "uploads", "assignments", "portal")
#: What makes a pattern that goes back and forth do so: long runs of one thing, and an end that fits nothing.
RUNS = ("a", "1", " ", "-", ".", ",", '"', "'", "<", "/", "\\", "\t", "a1", "a ", "1,", "a.", "-1", "é", "\n", "=a")
LENGTH = 20_000
#: Seconds for both lengths together: a linear pattern takes milliseconds, one that squares takes minutes.
PATIENCE = 2.0


def patterns() -> Iterator[tuple[str, str, int]]:
    """Every pattern written down in the product: where, the pattern, and its flags."""
    for path in sorted(ROOT.joinpath(one) for one in PACKAGES):
        # What only reads files of our own is not asked.
        for file in sorted(one for one in path.rglob("*.py") if "stack" not in one.parts):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                    told = node.args[0]
                    if isinstance(told, ast.Constant) and isinstance(told.value, str):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", told.value, _flags(node)


def _flags(node: ast.Call) -> int:
    told = " ".join(ast.unparse(one) for one in (*node.args[1:], *(word.value for word in node.keywords)))
    return sum(int(getattr(re, name)) for name in set(re.findall(r"re\.([A-Z]+)", told)))


FOUND = sorted(set(patterns()))


def test_the_patterns_of_the_product_are_found():
    assert len(FOUND) > 30


@pytest.mark.parametrize(("where", "pattern", "flags"), FOUND, ids=[one[0] for one in FOUND])
def test_a_pattern_is_linear_in_what_it_is_given(where: str, pattern: str, flags: int):
    compiled = re.compile(pattern, flags)
    began = time.process_time()
    for run in RUNS:
        for end in ("", "!", "\x00", "\n"):
            hostile = run * (LENGTH // len(run)) + end
            compiled.match(hostile)
            compiled.fullmatch(hostile)
            assert time.process_time() - began < PATIENCE, f"{where} on {run!r}"


def test_a_pattern_that_squares_would_be_found():
    began = time.process_time()
    re.compile(r"\s+\s+x").match(" " * LENGTH)

    assert time.process_time() - began > PATIENCE / 10
