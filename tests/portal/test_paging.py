"""Cursors in addresses: each list takes its own and no other, whoever wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest

from agencies.kernel.errors import NotFound
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection, list_cases
from assignments.placements.queries import list_consignments
from portal import cursors
from tests import files, loop

#: The sort key of every list that comes in pages.
LISTS: dict[str, tuple[Role, tuple[type, ...]]] = {
    "/cases/": (Role.DIRECTOR, (int,)),
    "/cases/{case}": (Role.DIRECTOR, (datetime, int)),
    "/ledger/": (Role.FINANCE, (int,)),
    "/placements/": (Role.DIRECTOR, (int,)),
    "/placements/?state=sent": (Role.DIRECTOR, (int,)),
    "/placements/consignments/{consignment}": (Role.DIRECTOR, (int, int, int)),
    "/reports/": (Role.ANALYST, (date, int)),
    "/uploads/": (Role.ANALYST, (datetime, int)),
    "/uploads/{upload}/errors": (Role.ANALYST, (int, str, str)),
    "/work/": (Role.OPERATOR, (int, int)),
}
EXAMPLES = {int: 7, date: date(2026, 1, 1), datetime: datetime(2026, 1, 1, tzinfo=UTC), str: "balance_total"}
SHAPES = sorted({shape for _, shape in LISTS.values()} | {(date,), (datetime,), (str,), (int, date)}, key=repr)


@pytest.fixture
def places(world) -> dict[str, str]:
    """A case, a consignment and a file, by their references."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000)])
    upload = files.send(world.ports, world.actor(Role.ANALYST), b"a;b\n1;2\n").upload
    with world.ports.session(creditor) as session:
        [case] = list_cases(session, creditor, Selection()).rows
        [consignment] = list_consignments(session, creditor).rows
    encode = world.ports.references.encode
    return {
        "case": encode("case", case.id),
        "consignment": encode("consignment", consignment.id),
        "upload": encode("upload", upload.id),
    }


@pytest.mark.parametrize("address", LISTS)
def test_a_list_takes_its_own_cursors_and_no_other(world, places, sign_in, address) -> None:
    role, own = LISTS[address]
    browser, path = sign_in(role), address.format(**places)
    for shape in SHAPES:
        cursor = tuple(EXAMPLES[kind] for kind in shape)
        after = cursors.write(world.ports.references, cursor)
        answer = browser.get(f"{path}{'&' if '?' in path else '?'}after={quote(after)}")
        assert answer.status_code == (200 if shape == own else 404), shape


def test_a_forged_cursor_is_not_found(world, places, sign_in) -> None:
    browsers = {role: sign_in(role) for role in {role for role, _ in LISTS.values()}}
    for address, (role, _) in LISTS.items():
        path = address.format(**places).partition("?")[0]
        for forged in ("x", "~", "i", "iabc", "d2026-13-01", "t2026-01-01", "i" + "a" * 26, "i" + "a" * 26 + "~d1"):
            assert browsers[role].get(f"{path}?after={forged}").status_code == 404, (address, forged)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_written_is_read_again(ports, shape) -> None:
    cursor = tuple(EXAMPLES[kind] for kind in shape)
    text = cursors.write(ports.references, cursor)
    assert cursors.read(ports.references, text, *shape) == (cursor if len(cursor) > 1 else cursor[0])


def test_a_naive_time_and_hidden_letters_are_refused(ports) -> None:
    for text, kind in (("t2026-01-01T00:00:00", datetime), ("sa\x00b", str)):
        with pytest.raises(NotFound):
            cursors.read(ports.references, text, kind)
