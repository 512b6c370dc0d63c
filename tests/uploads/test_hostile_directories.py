"""What an archive says of itself costs whoever takes files in nothing, and no damage to one is more than a reason."""

from __future__ import annotations

import gzip
import io
import random
import struct
import time
import zipfile

import pytest

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import look, opened, sent, workbook, zipped
from tests.uploads.test_hostile_archives import CSV, MEGABYTE, fault, measured, with_part
from uploads.faults import UnusableFile
from uploads.formats import archives
from uploads.formats.formulaerrors import failed_cells
from uploads.formats.limits import LIMITS
from uploads.formats.packages import kind_of
from uploads.formats.signatures import Format, detect
from uploads.models import UploadState

MUTATIONS = 300
DIRECTORY, END = b"PK\x01\x02", b"PK\x05\x06"


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def of_very_many_entries(count: int) -> bytes:
    """An archive whose directory names the same empty file again and again, 47 bytes each time."""
    small = zipped({"a": b""}, compression=zipfile.ZIP_STORED)
    begins, ends = small.index(DIRECTORY), small.index(END)
    listed = small[begins:ends] * count
    sums = struct.pack("<QQQQ", count, count, len(listed), begins)
    long_end = struct.pack("<4sQHHII", b"PK\x06\x06", 44, 45, 45, 0, 0) + sums
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, begins + len(listed), 1)
    end = struct.pack("<4sHHHHIIH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return small[:begins] + listed + long_end + locator + end


def test_a_directory_of_a_million_entries_costs_whoever_receives_it_nothing(ports: Ports, tenants: Tenants):
    data = of_very_many_entries(1_000_000)
    begun = time.process_time()
    assert detect(io.BytesIO(data)) is Format.ZIP
    assert time.process_time() - begun < 0.1
    upload = sent(ports, tenants.creditor, data, "cartera.zip")
    # Hashed and stored, which its bytes are worth, and not read: that alone took 17 seconds.
    assert time.process_time() - begun < 4
    assert look(ports, tenants.creditor, upload.id).state is UploadState.OPENING


def test_nor_does_it_cost_the_process_that_opens_it():
    code, _, megabytes = measured(of_very_many_entries(1_000_000))
    assert code == "too_large_unpacked"
    assert megabytes < 100


def test_a_directory_within_the_limit_of_bytes_is_still_one_of_too_many_entries():
    assert fault(of_very_many_entries(LIMITS.entries + 1)) == "too_large_unpacked"


def marked_encrypted(data: bytes) -> bytes:
    """The archive with its first entry marked in the directory as one that a password opens."""
    changed = bytearray(data)
    changed[changed.index(DIRECTORY) + 8] |= 1
    return bytes(changed)


def test_a_workbook_whose_first_part_is_marked_encrypted_is_a_matter_of_its_password(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, marked_encrypted(workbook()))
    assert (upload.state, upload.fault) == (UploadState.REJECTED, "password")


def look_at(data: bytes) -> str:
    """Everything of ours that reads an archive, one after the other: the fault, or nothing."""
    file = io.BytesIO(data)
    try:
        shape = detect(file)
        if shape is Format.GZIP:
            sum(map(len, archives.gunzip(file, len(data), LIMITS)))
        elif shape is Format.ZIP and kind_of(file, LIMITS) is Format.ZIP:
            sum(map(len, archives.unpack(file, archives.only_file(file, LIMITS), LIMITS)))
        elif shape is Format.ZIP:
            failed_cells(file, "Cartera", 1, 0)
            archives.count_out(file, LIMITS)
    except UnusableFile as unusable:
        return unusable.fault.code
    return ""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes of it changed, most of them where an archive describes itself; sometimes it is cut short."""
    changed = bytearray(data)
    described = [at for mark in (DIRECTORY, END, b"PK\x03\x04") if (at := data.find(mark)) >= 0]
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(changed))
        if described and chance.random() < 0.7:
            place = min(chance.choice(described) + chance.randrange(4, 46), len(changed) - 1)
        changed[place] = chance.choice((0, 1, 8, 9, 12, 14, 64, 99, 255, chance.randrange(256)))
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


@pytest.mark.parametrize(
    "data",
    [
        workbook(),
        zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}),
        zipped({"cartera.csv": CSV * 50}),
        zipped({"cartera.csv": CSV * 50}, compression=zipfile.ZIP_BZIP2),
        zipped({"cartera.csv": CSV * 50}, compression=zipfile.ZIP_LZMA),
        gzip.compress(CSV * 50, mtime=0),
    ],
    ids=["xlsx", "ods", "deflate", "bzip2", "lzma", "gzip"],
)
def test_no_damage_to_an_archive_is_more_than_a_reason_for_its_sender(data: bytes):
    chance = random.Random(4)
    told = [look_at(mutated(data, chance)) for _ in range(MUTATIONS)]
    assert "damaged" in told


@pytest.mark.parametrize("method", [9, 12, 14, 20, 97, 99])
def test_a_way_of_packing_that_the_bytes_were_not_packed_in_is_damage(method: int):
    data = bytearray(zipped({"cartera.csv": CSV * 50}))
    for mark, at in ((b"PK\x03\x04", 8), (DIRECTORY, 10)):
        data[data.index(mark) + at] = method
    assert fault(bytes(data)) == "damaged"


def test_very_many_empty_gzip_members_end_soon():
    data = gzip.compress(b"", mtime=0) * (4 * MEGABYTE // 20)
    begun = time.process_time()
    with pytest.raises(UnusableFile) as refused:
        list(archives.gunzip(io.BytesIO(data), len(data), LIMITS))
    assert refused.value.fault.code == "too_large_unpacked"
    assert time.process_time() - begun < 3


def test_members_behind_much_padding_belong_to_the_text():
    padded = gzip.compress(b"obligacion,saldo\n") + bytes(3 * MEGABYTE) + gzip.compress(b"1,10\n")
    assert b"".join(archives.gunzip(io.BytesIO(padded), len(padded), LIMITS)) == CSV


@pytest.mark.parametrize("before", [0, 5_000, MEGABYTE - 16, MEGABYTE + 1, 3 * MEGABYTE - 10])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_document_type_is_found_behind_any_length_of_blanks(before: int, encoding: str):
    blanks = " " * (before // len(" ".encode(encoding)))
    text = f'{blanks}<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet/>'
    assert fault(with_part("xl/worksheets/sheet1.xml", text.encode(encoding))) == "unsafe_archive"
