"""Files made to do harm are refused in a moment, by a process that costs little, with a reason a clerk can act on."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile
from pathlib import Path

import pytest

from tests.uploads.opened import workbook, zipped
from uploads.faults import FILE_FAULTS, UnusableFile
from uploads.formats import archives
from uploads.formats.children import Opener
from uploads.formats.limits import LIMITS, Limits
from uploads.formats.packages import kind_of
from uploads.formats.signatures import Format, detect

CSV = b"obligacion,saldo\n1,10\n"
MEGABYTE = 1 << 20


def fault(data: bytes, limits: Limits = LIMITS) -> str | None:
    """Why the process that opens files refuses it; None when it does not."""
    taken = io.BytesIO()
    opener = Opener(io.BytesIO(data), {"known": []}, limits, taken.write)
    try:
        while not opener.pump(1):
            pass
        opener.result()
    except UnusableFile as unusable:
        said = FILE_FAULTS[unusable.fault.code] % unusable.fault.params
        return unusable.fault.code if "%(" not in said else said
    finally:
        opener.close()
    return None


def bomb(name: str, size: int = 300 * MEGABYTE) -> bytes:
    """An archive with one file of nothing but zeros, about 1000 to 1."""
    return zipped({name: bytes(size)})


def with_part(name: str, data: bytes) -> bytes:
    """A workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if entry.filename != name:
                target.writestr(entry.filename, source.read(entry))
        target.writestr(name, data)
    return out.getvalue()


def peak_megabytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def measured(data: bytes) -> tuple[str, float, int]:
    """The fault, the seconds it took, and the most memory the process had."""
    opener = Opener(io.BytesIO(data), {"known": []}, LIMITS, lambda _: None)
    begun, most = time.monotonic(), 0
    try:
        while not opener.pump(0.02):
            most = max(most, peak_megabytes(opener.pid))
        opener.result()
    except UnusableFile as unusable:
        return unusable.fault.code, time.monotonic() - begun, most
    finally:
        opener.close()
    raise AssertionError("nothing was refused")


@pytest.mark.parametrize(
    "data",
    [bomb("cartera.csv"), with_part("xl/worksheets/sheet1.xml", b" " * 300 * MEGABYTE)],
    ids=["a text of zeros", "a sheet of blanks"],
)
def test_a_bomb_is_refused_in_a_second_and_100_megabytes(data: bytes):
    # Whatever else the machine does costs time too: the quickest of three attempts tells what refusing costs.
    code, seconds, megabytes = min((measured(data) for _attempt in range(3)), key=lambda one: one[1])
    assert code == "too_large_unpacked"
    assert seconds < 1
    assert megabytes < 100


def forged(data: bytes, name: str, size: int) -> bytes:
    """The archive with another length declared for one entry, in its directory and in front of the entry."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo(name)
    real, said = struct.pack("<I", entry.file_size), struct.pack("<I", size)
    at = entry.header_offset + 22
    assert data[at : at + 4] == real
    changed = data[:at] + said + data[at + 4 :]
    place = changed.index(b"PK\x01\x02")
    while changed[place + 46 : place + 46 + len(name)] != name.encode():
        place = changed.index(b"PK\x01\x02", place + 4)
    return changed[: place + 24] + said + changed[place + 28 :]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED])
def test_forged_lengths_are_found_out_by_counting(compression: int):
    small = Limits(free_bytes=MEGABYTE)
    text = zipped({"cartera.csv": bytes(64 * MEGABYTE)}, compression=compression)
    assert fault(forged(text, "cartera.csv", 1000), small) in {"damaged", "too_large_unpacked"}
    sheet = "xl/worksheets/sheet1.xml"
    book = with_part(sheet, b" " * 64 * MEGABYTE)
    assert fault(forged(book, sheet, 1000), small) == "too_large_unpacked"


def test_a_gzip_of_zeros_is_cut_off_where_it_grows_too_far():
    assert fault(gzip.compress(bytes(100 * MEGABYTE))) == "too_large_unpacked"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "/etc/passwd.csv", "a/../../b.csv", "C:/cartera.csv", "..\\..\\cartera.csv"]
)
def test_entries_that_name_places_outside_are_refused(name: str):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, CSV)
    assert fault(out.getvalue()) == "unsafe_archive"


def test_a_link_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("cartera.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert fault(out.getvalue()) == "unsafe_archive"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped({"a.csv": CSV, "b.csv": CSV}), "several_files"),
        (zipped({"a.zip": zipped({"a.csv": CSV})}), "nested_archive"),
        (zipped({"a.csv.gz": gzip.compress(CSV, mtime=0)}), "nested_archive"),
        (gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), "nested_archive"),
        (zipped({}), "nothing_packed"),
        (zipped({"vacio/": b""}), "nothing_packed"),
        (zipped({"cartera.csv": b""}), "empty"),
        (zipped({"cartera.csv": CSV})[:-30], "damaged"),
        (gzip.compress(CSV, mtime=0)[:-12], "damaged"),
        (workbook()[:2000], "damaged"),
        (zipped({"cartera.xlsx": b"%PDF-1.7 nothing"}), "not_text"),
        (zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"}), "not_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"WordDocument".ljust(4000), "not_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le").ljust(4000), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook\0".encode("utf-16-le").ljust(4000, b"\xff"), "damaged"),
        (b"<html><body><table><tr><td>obligacion</td></tr></table></body></html>", "saved_as_page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "saved_as_page"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "not_text"),
        (b"MZ\x90" + bytes(60) + b"This program cannot be run in DOS mode" + bytes(100), "not_text"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "not_text"),
        (b"Rar!\x1a\x07" + bytes(50), "not_text"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, code: str):
    assert fault(data) == code


def test_what_a_file_is_shows_by_its_content_and_never_by_its_name():
    assert detect(io.BytesIO(CSV)) is Format.TEXT
    assert detect(io.BytesIO(workbook())) is Format.ZIP
    assert kind_of(io.BytesIO(workbook()), LIMITS) is Format.XLSX
    assert kind_of(io.BytesIO(zipped({"cartera.xlsx": CSV})), LIMITS) is Format.ZIP


def test_an_encrypted_entry_is_a_matter_of_its_password():
    data = bytearray(zipped({"cartera.csv": CSV}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert fault(bytes(data)) == "password"


def test_an_archive_of_very_many_entries_is_refused():
    assert fault(zipped({f"{number}.csv": b"" for number in range(LIMITS.entries + 1)})) == "too_large_unpacked"


def test_a_stream_that_ends_early_or_lies_about_its_sum_is_damaged():
    data = bytearray(workbook())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    data[at + 16 : at + 20] = struct.pack("<I", entry.CRC ^ 1)
    with pytest.raises(UnusableFile) as refused:
        archives.count_out(io.BytesIO(data), LIMITS)
    assert refused.value.fault.code == "damaged"


def test_several_gzip_members_are_one_text():
    two = gzip.compress(b"obligacion,saldo\n") + gzip.compress(b"1,10\n") + bytes(512)
    assert b"".join(archives.gunzip(io.BytesIO(two), len(two), LIMITS)) == CSV
