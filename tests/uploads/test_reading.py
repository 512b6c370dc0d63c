"""What a file looks like before anything is known of it, or why it cannot be used."""

from __future__ import annotations

import io

import pytest

from uploads.faults import FILE_FAULTS, UnusableFile
from uploads.reading import Dialect, sniff

ROWS = "".join(f"A{number};Peña Muñoz Íñigo José Ángel Nariño {number};{number},50\n" for number in range(60))
TEXT = "obligación;nombre;saldo\n" + ROWS


def look(data: bytes) -> Dialect:
    return sniff(io.BytesIO(data))


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("cp1252", "cp1252"),
        # Windows' own table has every character that a Spanish Latin-1 file can hold.
        ("latin-1", "cp1252"),
        ("cp850", "cp850"),
        ("mac-roman", "mac-roman"),
    ],
)
def test_the_encoding_is_found(written: str, named: str) -> None:
    found = look(TEXT.encode(written))
    assert (found.encoding, found.header[0], found.sample[0][1]) == (
        named,
        "obligación",
        "Peña Muñoz Íñigo José Ángel Nariño 0",
    )


def test_one_late_character_decides_about_the_whole_file() -> None:
    plain = ("id;nombre;saldo\n" + "".join(f"A{number};Ana;1\n" for number in range(300_000))).encode()
    found = look(plain + "A;Peña Ñandú José;1\n".encode("cp1252"))
    assert found.encoding != "utf-8"
    assert (look(plain).encoding, look(plain + "A;Peña;1\n".encode()).encoding) == ("utf-8", "utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    text = "id;nombre;saldo\nA1;Ana, hija de Luis;1\nA2;Eva;2\n"
    found = look(text.replace(";", delimiter).replace("Ana,", '"Ana,"' if delimiter == "," else "Ana,").encode())
    assert (found.delimiter, found.header) == (delimiter, ("id", "nombre", "saldo"))


def test_the_rows_begin_behind_the_header() -> None:
    data = b'id;"nombre\ncompleto";saldo\r\nA1;Ana;1\r\n'
    found = look(data)
    assert data[found.data_offset :] == b"A1;Ana;1\r\n"
    assert (found.data_line, found.header[1]) == (1, "nombre completo")


def test_a_separator_line_and_blank_lines_above_the_header_are_passed_over() -> None:
    data = b"sep=;\r\n\r\nid;saldo\r\nA,1;2\r\n"
    found = look(data)
    assert (found.delimiter, found.header, data[found.data_offset :]) == (";", ("id", "saldo"), b"A,1;2\r\n")
    assert found.data_line == 2


def test_rows_that_end_in_a_separator_the_header_lacks_are_as_wide_as_they_are() -> None:
    assert look(b"id;saldo\nA1;1;\nA2;2;\n").header == ("id", "saldo", "")


def test_the_sample_comes_from_all_over_the_file() -> None:
    rows = "".join(f"A{number};{'25' if number > 50_000 else '01'}/01/2024\n" for number in range(100_000))
    found = look(("id;fecha\n" + rows).encode())
    assert len(found.sample) > 100
    assert {row[1] for row in found.sample} == {"01/01/2024", "25/01/2024"}
    assert all(len(row) == 2 for row in found.sample)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n  \r\n", "empty"),
        (b"id;saldo\nA\x00;1\n", "not_text"),
        (b"\xff\xfei\x00d\x00;\x00\x00\xd8", "unreadable_encoding"),
        (b"obligacion\nA1\n", "no_separator"),
        (b"A001;Juan Perez;1500.00;2024-01-01\nA002;Ana;10.00;2024-01-02\n", "no_header"),
        (b"1;2;3\n4;5;6\n", "no_header"),
        (b"juan@correo.example,3001234567\nana@correo.example,3007654321\n", "no_header"),
        (b"id;saldo\n", "header_only"),
        (b"id;saldo\n\n;;\n", "header_only"),
        (b'"id;saldo\nA1;1\n', "header_unclosed"),
    ],
)
def test_a_file_without_usable_rows_says_why(data: bytes, code: str) -> None:
    with pytest.raises(UnusableFile) as refused:
        look(data)
    fault = refused.value.fault
    assert fault.code == code
    assert "%(" not in FILE_FAULTS[code] % fault.params
