"""Files in pieces: taken once, in order, by whoever began and nobody else; poured together without filling memory."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests.people import World
from uploads import transfers
from uploads.checking.control import Control
from uploads.models import Upload, UploadKind
from uploads.receiving import Received
from uploads.transfers import Transfer

PIECE = 1000
LARGEST = 1 << 40
#: The random word of a page.
PAGE = "0f6a1c1e-5d6b-4c39-9a2e-1f0f6b6f2a11"
DATA = b"obligacion;saldo\n" + b"".join(b"A%06d;%d,00\n" % (number, number) for number in range(200))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uploads.transfers.CHUNK_BYTES", PIECE)


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def begin(ports: Ports, actor: Actor, **about) -> Transfer:
    told = {"kind": UploadKind.PORTFOLIO, "filename": "cartera.csv", "size_bytes": len(DATA), "largest": LARGEST}
    with ports.session(actor) as session, transaction(session):
        return transfers.begin(session, actor, **{**told, "now": utc_now(), **about})


def take(ports: Ports, actor: Actor, number: int, offset: int, piece: bytes | None = None, **about) -> Transfer:
    data = DATA[offset : offset + PIECE] if piece is None else piece
    incoming = ports.storage.incoming()
    incoming.write(data)
    told = {"offset": offset, "digest": hashlib.sha256(data).digest(), "now": utc_now(), **about}
    try:
        with ports.session(actor) as session, transaction(session):
            return transfers.take(session, actor, number, incoming, **told)
    finally:
        incoming.discard()


def finish(ports: Ports, actor: Actor, number: int) -> Received:
    with ports.session(actor) as session, transaction(session):
        pieces = transfers.pieces_of(session, actor, number)
    whole = ports.storage.incoming()
    transfers.pour(ports.storage, pieces, whole)
    try:
        with ports.session(actor) as session, transaction(session):
            return transfers.finish(session, actor, number, ports.storage, whole, now=utc_now())
    finally:
        whole.discard()


def send_all(ports: Ports, actor: Actor) -> Transfer:
    transfer = begin(ports, actor)
    for offset in range(0, len(DATA), PIECE):
        transfer = take(ports, actor, transfer.id, offset)
    return transfer


def test_pieces_become_the_file_that_was_cut(ports: Ports, analyst: Actor) -> None:
    transfer = send_all(ports, analyst)
    upload = finish(ports, analyst, transfer.id).upload
    assert (upload.filename, upload.size_bytes, upload.sha256) == (
        "cartera.csv",
        len(DATA),
        hashlib.sha256(DATA).digest(),
    )
    with ports.storage.open(upload.storage_key) as kept:
        assert kept.read() == DATA
    with pytest.raises(FileNotFoundError):
        ports.storage.open(transfers.key_of(transfer, 0))


def test_finishing_twice_gives_the_same_upload(ports: Ports, analyst: Actor) -> None:
    transfer = send_all(ports, analyst)
    first, second = finish(ports, analyst, transfer.id), finish(ports, analyst, transfer.id)
    assert first.upload.id == second.upload.id
    with ports.session(analyst) as session:
        assert len(session.scalars(select(Upload)).all()) == 1


def test_two_who_finish_at_once_get_the_same_upload(ports: Ports, analyst: Actor) -> None:
    transfer = send_all(ports, analyst)
    gate, found = threading.Barrier(2), []

    def press() -> None:
        gate.wait()
        found.append(finish(ports, analyst, transfer.id).upload.id)

    pressed = [threading.Thread(target=press) for _ in range(2)]
    for one in pressed:
        one.start()
    for one in pressed:
        one.join()
    assert len(found) == 2
    assert len(set(found)) == 1


def test_the_same_piece_again_changes_nothing(ports: Ports, analyst: Actor) -> None:
    transfer = begin(ports, analyst)
    take(ports, analyst, transfer.id, 0)
    take(ports, analyst, transfer.id, PIECE)
    again = take(ports, analyst, transfer.id, 0)
    assert (again.received_bytes, again.chunks) == (2 * PIECE, 2)


def test_another_piece_in_a_place_that_is_taken_is_refused(ports: Ports, analyst: Actor) -> None:
    transfer = begin(ports, analyst)
    take(ports, analyst, transfer.id, 0)
    with pytest.raises(transfers.PieceOutOfOrder):
        take(ports, analyst, transfer.id, 0, b"x" * PIECE)
    with ports.storage.open(transfers.key_of(transfer, 0)) as kept:
        assert kept.read() == DATA[:PIECE]


@pytest.mark.parametrize("offset", [2 * PIECE, 1, PIECE - 1, 10 * len(DATA)])
def test_a_piece_out_of_order_is_told_where_to_go_on(ports: Ports, analyst: Actor, offset: int) -> None:
    transfer = begin(ports, analyst)
    take(ports, analyst, transfer.id, 0)
    with pytest.raises(transfers.PieceOutOfOrder) as refused:
        take(ports, analyst, transfer.id, offset, DATA[:PIECE])
    assert refused.value.received == PIECE


def test_a_damaged_piece_is_not_kept(ports: Ports, analyst: Actor) -> None:
    transfer = begin(ports, analyst)
    with pytest.raises(transfers.PieceDamaged):
        take(ports, analyst, transfer.id, 0, digest=hashlib.sha256(b"another").digest())
    with pytest.raises(transfers.PieceDamaged):
        take(ports, analyst, transfer.id, 0, DATA[: PIECE - 1])
    with pytest.raises(FileNotFoundError):
        ports.storage.open(transfers.key_of(transfer, 0))


def test_an_unfinished_file_is_not_received(ports: Ports, analyst: Actor) -> None:
    transfer = begin(ports, analyst)
    take(ports, analyst, transfer.id, 0)
    with pytest.raises(transfers.TransferIncomplete):
        finish(ports, analyst, transfer.id)


def test_a_file_that_is_too_large_is_refused_before_its_first_byte(ports: Ports, analyst: Actor) -> None:
    with pytest.raises(transfers.FileTooLarge):
        begin(ports, analyst, largest=len(DATA) - 1)
    with pytest.raises(transfers.NothingToSend):
        begin(ports, analyst, size_bytes=0)


def test_an_organisation_sends_so_many_at_a_time(ports: Ports, analyst: Actor) -> None:
    for number in range(transfers.MOST_OPEN):
        begin(ports, analyst, filename=f"{number}.csv")
    with pytest.raises(transfers.TooManyTransfers):
        begin(ports, analyst, filename="one more.csv")


def test_an_organisation_sends_so_many_bytes_at_a_time(ports: Ports, analyst: Actor) -> None:
    for number in range(4):
        begin(ports, analyst, filename=f"{number}.csv", largest=len(DATA))
    with pytest.raises(transfers.TooManyTransfers):
        begin(ports, analyst, filename="one more.csv", largest=len(DATA))


def test_the_time_for_a_file_runs_out_and_makes_room(ports: Ports, analyst: Actor) -> None:
    made = [begin(ports, analyst, filename=f"{number}.csv") for number in range(transfers.MOST_OPEN)]
    later = utc_now() + transfers.KEPT + timedelta(minutes=1)
    with pytest.raises(transfers.TransferOver):
        take(ports, analyst, made[0].id, 0, now=later)
    assert begin(ports, analyst, filename="one more.csv", now=later).id


def test_a_page_that_begins_again_has_its_transfer(ports: Ports, analyst: Actor) -> None:
    first = begin(ports, analyst, sender=PAGE)
    assert begin(ports, analyst, sender=PAGE).id == first.id
    assert begin(ports, analyst, sender=PAGE, control=Control(7)).id != first.id


def test_files_of_one_name_and_size_from_two_pages_are_never_put_together(
    ports: Ports, world: World, analyst: Actor
) -> None:
    first, second = begin(ports, analyst, sender=PAGE), begin(ports, analyst, sender=PAGE[::-1])
    unnamed = [begin(ports, analyst) for _ in range(2)]
    stranger = begin(ports, world.actor(Role.DIRECTOR), sender=PAGE)
    assert len({one.id for one in (first, second, stranger, *unnamed)}) == 5
    other = DATA[::-1]
    for offset in range(0, len(DATA), PIECE):
        take(ports, analyst, first.id, offset)
        take(ports, analyst, second.id, offset, other[offset : offset + PIECE])
    for transfer, data in ((first, DATA), (second, other)):
        assert finish(ports, analyst, transfer.id).upload.sha256 == hashlib.sha256(data).digest()


def test_what_has_arrived_is_known_by_the_hash_of_its_pieces(ports: Ports, analyst: Actor) -> None:
    mine, other = begin(ports, analyst), begin(ports, analyst)
    assert transfers.proof_of(mine) == transfers.proof_of(other) == hashlib.sha256(b"").digest()
    mine, other = take(ports, analyst, mine.id, 0), take(ports, analyst, other.id, 0, b"x" * PIECE)
    # The second pieces are the same: by the last one alone two files would be taken for one.
    mine, other = take(ports, analyst, mine.id, PIECE), take(ports, analyst, other.id, PIECE)
    hashes = [hashlib.sha256(DATA[at : at + PIECE]).digest() for at in (0, PIECE)]
    assert transfers.proof_of(mine) == hashlib.sha256(b"".join(hashes)).digest() != transfers.proof_of(other)


def test_a_transfer_is_over_when_its_time_has_run_out_or_the_file_is_in(ports: Ports, analyst: Actor) -> None:
    transfer = send_all(ports, analyst)
    assert not transfer.is_over(transfer.expires_at - timedelta(seconds=1))
    assert transfer.is_over(transfer.expires_at)
    finish(ports, analyst, transfer.id)
    with ports.session(analyst) as session:
        assert transfers.get_transfer(session, analyst, transfer.id).is_over(utc_now())


def test_a_cancelled_transfer_leaves_nothing(ports: Ports, analyst: Actor) -> None:
    transfer = begin(ports, analyst)
    take(ports, analyst, transfer.id, 0)
    with ports.session(analyst) as session, transaction(session):
        transfers.cancel(session, analyst, transfer.id, ports.storage, now=utc_now())
    with pytest.raises(FileNotFoundError):
        ports.storage.open(transfers.key_of(transfer, 0))
    with pytest.raises(NotFound):
        take(ports, analyst, transfer.id, PIECE)


@pytest.mark.parametrize(
    "who", [(Role.ANALYST, 1), (Role.DIRECTOR, 0), (Role.DIRECTOR, 1)], ids=["neighbour", "colleague", "stranger"]
)
def test_nobody_else_goes_on_with_a_transfer(ports: Ports, world: World, analyst: Actor, who: tuple[Role, int]) -> None:
    transfer = begin(ports, analyst)
    other = world.actor(who[0], organisation=who[1])
    with pytest.raises(NotFound):
        take(ports, other, transfer.id, 0)
    with pytest.raises(NotFound):
        finish(ports, other, transfer.id)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AGENT, Role.OPERATOR, Role.MANAGER])
def test_who_may_not_send_such_a_file_may_not_begin_one(ports: Ports, world: World, role: Role) -> None:
    with pytest.raises(Forbidden):
        begin(ports, world.actor(role))


def test_an_agency_begins_for_creditors_it_serves_only(ports: Ports, world: World) -> None:
    with pytest.raises(NotFound):
        begin(ports, world.actor(Role.MANAGER), kind=UploadKind.PAYMENTS, creditor_id=world.creditors[0].id)


def test_pouring_needs_no_more_memory_than_a_part_of_the_file(
    ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = 4 << 20
    monkeypatch.setattr("uploads.transfers.CHUNK_BYTES", piece)
    transfer = begin(ports, analyst, size_bytes=5 * piece)
    data = b"x" * piece
    for number in range(5):
        take(ports, analyst, transfer.id, number * piece, data)
    with ports.session(analyst) as session:
        pieces = transfers.pieces_of(session, analyst, transfer.id)
    whole = ports.storage.incoming()
    tracemalloc.start()
    transfers.pour(ports.storage, pieces, whole)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole.discard()
    assert whole.size == 5 * piece
    assert most < piece
