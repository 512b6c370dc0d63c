"""Hundreds of header names that senders really use, each with the field it must be taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.uploads.test_mapping import OWN
from uploads.mapping.proposals import propose
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

#: The share of names that must be taken for the right field at once.
LEAST = 0.97


def table() -> list[tuple[UploadKind, str | None, str]]:
    """Kind, field and header name, from the list beside this file."""
    rows = []
    for line in (Path(__file__).parent / "header_names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        told, _, names = line.partition(":")
        kind, field = told.split()
        rows += [(UploadKind(kind), None if field == "-" else field, name.strip()) for name in names.split("|")]
    return rows


def guessed(kind: UploadKind, name: str) -> str | None:
    return propose([name], [], SCHEMAS[kind], None, own=OWN).columns[0].field


def test_the_names_of_real_files_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    names = table()
    wrong = [
        f"{kind}: {name} is {field}, taken for {found}"
        for kind, field, name in names
        if (found := guessed(kind, name)) != field
    ]
    right = len(names) - len(wrong)
    with capsys.disabled():
        told = f"\nheader names: {right} of {len(names)} right at once ({right / len(names):.1%})"
        print(told, *wrong, sep="\n  ")  # noqa: T201 - the share is what one runs this for
    assert len(names) >= 150
    assert right / len(names) >= LEAST


@pytest.mark.parametrize("name", ["cuenta", "valor", "fecha", "estado", "cliente", "documento", "monto", "codigo"])
def test_a_word_of_many_meanings_is_never_taken_without_asking(name: str) -> None:
    for schema in SCHEMAS.values():
        [column] = propose([name], [], schema, None, own=OWN).columns
        assert column.field is None or column.is_danger, (schema.kind, column)


#: Between them the values decide.
SHARED = {"fuente"}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=lambda schema: schema.kind)
def test_no_name_is_claimed_by_two_fields_of_a_kind(schema) -> None:
    claimed: dict[str, list[str]] = {}
    for field in schema.fields:
        for name in dict.fromkeys(one.replace(" ", "") for one in field.synonyms):
            claimed.setdefault(name, []).append(field.name)
    assert {name: fields for name, fields in claimed.items() if len(fields) > 1 and name not in SHARED} == {}
