"""Cells whose formula failed: the reader of workbooks gives them as empty, so the part of the sheet itself is asked."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import IO, BinaryIO

from uploads.formats.archives import UNREADABLE

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_MARKS = (b't="e"', b"t='e'")
_FAILED = re.compile(rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_PIECE = 1 << 20
#: Longer than any tag that opens a cell.
_LONGEST_TAG = 4 << 10
#: A list of sheets or relations that is longer is none.
_LONGEST_LIST = 4 << 20


def failed_cells(file: BinaryIO, sheet: str, first_row: int, left: int) -> Counter[int]:
    """How many formulas failed in each column of a sheet, from a row on; columns are counted from `left`.

    For workbooks of XML parts that were unpacked and judged before; where a part cannot be found, nothing is said.
    """
    found: Counter[int] = Counter()
    try:
        with zipfile.ZipFile(file) as archive:
            if part := _part_of(archive, sheet):
                with archive.open(part) as packed:
                    for text in _whole_tags(packed):
                        if any(mark in text for mark in _MARKS):
                            places = _FAILED.findall(text)
                            found.update(_column(letters) - left for letters, row in places if int(row) > first_row)
    except UNREADABLE:
        # The reader of the workbook made something of it all the same.
        return Counter()
    return found


def _whole_tags(packed: IO[bytes]) -> Iterator[bytes]:
    """The text of a part in pieces that cut no tag in two."""
    begun = b""
    while piece := packed.read(_PIECE):
        text = begun + piece
        begins = text.rfind(b"<")
        begun = text[begins:] if begins >= 0 and len(text) - begins < _LONGEST_TAG else b""
        yield text[: len(text) - len(begun)]


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Which part of the workbook holds a sheet."""
    names = archive.NameToInfo
    if any(part not in names or names[part].file_size > _LONGEST_LIST for part in (_WORKBOOK, _RELATIONS)):
        return None
    listed = [_attributes(one) for one in _SHEET.findall(archive.read(_WORKBOOK))]
    number = next((_ending(one, ":id") for one in listed if one.get("name") == sheet), None)
    related = [_attributes(one) for one in _RELATION.findall(archive.read(_RELATIONS))]
    target = next((one.get("Target", "") for one in related if number and one.get("Id") == number), "")
    part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return part if target and part in names else None


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): html.unescape(value.decode(errors="replace")) for name, value in _ATTRIBUTE.findall(tag)}


def _ending(attributes: dict[str, str], name: str) -> str | None:
    """The attribute whose name ends so, whatever the document calls its namespace."""
    return next((value for key, value in attributes.items() if key.endswith(name)), None)


def _column(letters: bytes) -> int:
    """The number of a column, counted from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
