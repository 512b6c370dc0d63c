"""A file somebody attached: where its bytes are kept, and what it was found to be by looking at them.

What a sender says about a file is not believed: its kind is read from its content and must agree with its name, and
anything a reader could run is refused. A file leaves the product as an attachment only.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from agencies.kernel.errors import Invalid, msg

LARGEST = 20 * 1024 * 1024
LONGEST_NAME = 150
_PDF_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)(?![A-Za-z0-9])")
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|script|svg|body|iframe|\?xml|\?php)", re.IGNORECASE)
_OFFICE_ACTIVE = ("vbaproject", "activex", "embeddings/", "oleobject", "externallink")
#: An office file of evidence never unpacks to more than this.
_MOST_UNPACKED = 200 * 1024 * 1024


class FileTooLarge(Invalid):
    """Evidence is a document, not an archive."""

    text = msg("The file is too large. Up to 20 MB are accepted.")


class FileEmpty(Invalid):
    """A file of no bytes proves nothing."""

    text = msg("The file is empty.")


class FileKindRefused(Invalid):
    """Only kinds of documents that can be kept and read safely."""

    text = msg("Only PDF, PNG, JPG, DOCX, XLSX, CSV and TXT files are accepted.")


class FileNotWhatItSays(Invalid):
    """The content contradicts the name."""

    text = msg("The content of the file is not what its name says. Save it again in its own format.")


class FileIsActive(Invalid):
    """Scripts, macros and embedded programs."""

    text = msg("The file holds a script, a macro or another file. Send it without them, for example as a scan.")


@dataclass(frozen=True)
class StoredFile:
    """An attached file as it was kept."""

    key: str
    name: str
    media_type: str
    size: int
    sha256: bytes


def media_type_of(name: str, size: int, file: BinaryIO) -> str:
    """What the file is, by its content; raises what is wrong with it."""
    if size > LARGEST:
        raise FileTooLarge
    if not size:
        raise FileEmpty
    ending = PurePath(name).suffix.lower()
    if ending not in _KINDS:
        raise FileKindRefused
    media_type, check = _KINDS[ending]
    file.seek(0)
    check(file)
    return media_type


def plain_name(name: str) -> str:
    """The last part of a file's name without control characters, short enough to be shown."""
    last = re.split(r"[\\/]", name)[-1]
    clean = "".join(letter for letter in last if letter.isprintable() and letter not in '"<>|:*?').strip(" .")
    path = PurePath(clean or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix


def _pdf(file: BinaryIO) -> None:
    content = file.read()
    if not content.startswith(b"%PDF-"):
        raise FileNotWhatItSays
    # Names may be written with #xx for a letter, which is how a script is hidden from this look.
    if _PDF_ACTIVE.search(re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), content)):
        raise FileIsActive


def _png(file: BinaryIO) -> None:
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise FileNotWhatItSays


def _jpeg(file: BinaryIO) -> None:
    if file.read(3) != b"\xff\xd8\xff":
        raise FileNotWhatItSays


def _text(file: BinaryIO) -> None:
    content = file.read()
    if b"\0" in content or content.startswith((b"%PDF", b"PK\x03\x04", b"MZ", b"\x7fELF", b"#!")):
        raise FileNotWhatItSays
    if _MARKUP.search(content[:4096]):
        raise FileIsActive


def _office(folder: str) -> Callable[[BinaryIO], None]:
    def check(file: BinaryIO) -> None:
        try:
            with zipfile.ZipFile(file) as package:
                members = package.infolist()
                names = [one.filename.lower() for one in members]
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as broken:
            raise FileNotWhatItSays from broken
        if "[content_types].xml" not in names or not any(name.startswith(f"{folder}/") for name in names):
            raise FileNotWhatItSays
        if sum(one.file_size for one in members) > _MOST_UNPACKED:
            raise FileTooLarge
        if any(part in name for name in names for part in _OFFICE_ACTIVE):
            raise FileIsActive

    return check


_KINDS: dict[str, tuple[str, Callable[[BinaryIO], None]]] = {
    ".pdf": ("application/pdf", _pdf),
    ".png": ("image/png", _png),
    ".jpg": ("image/jpeg", _jpeg),
    ".jpeg": ("image/jpeg", _jpeg),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _office("word")),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _office("xl")),
    ".csv": ("text/csv", _text),
    ".txt": ("text/plain", _text),
}
#: What a file field on a page offers.
ACCEPTED = ",".join(_KINDS)
