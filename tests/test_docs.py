"""What the documentation says of tests is true: each one it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAMED = re.compile(r"`([a-z_/0-9]+\.py)::(test_[a-z_0-9]+)`")


def test_every_test_that_the_page_on_security_names_is_there():
    named = _NAMED.findall((ROOT / "docs" / "security.md").read_text())
    missing = []
    for file, name in named:
        path = ROOT / "tests" / file
        tests = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
        if name not in tests:
            missing.append(f"{file}::{name}")

    assert missing == []
    assert len(named) > 100


def test_every_statement_has_its_line():
    lines = re.findall(r"^\| (\d+) \| ", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)

    assert [int(one) for one in lines] == list(range(1, 68))
