"""What only a folder can get wrong: a power cut between writing, naming and remembering the name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from uploads.storage import LocalStorage


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What reaches the disk and what is renamed, in order; everything really happens."""
    happened: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)
        happened.append(f"flush {path.parts[0]}" if path.parts[:1] == ("incoming",) else f"flush {path}")
        sync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        happened.append(f"rename to {target.relative_to(tmp_path)}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    return happened


def test_bytes_reach_the_disk_before_their_name_does_and_the_name_is_flushed_too(journal, tmp_path):
    incoming = LocalStorage(tmp_path).incoming()
    incoming.write(b"bytes")
    incoming.keep("1/portfolio/x")

    file, *folders, renamed, name = journal
    assert file == "flush incoming"
    # Every folder that is new stands, flushed, in the one above it.
    assert folders == ["flush .", "flush kept", "flush kept/1"]
    assert renamed == "rename to kept/1/portfolio/x"
    assert name == "flush kept/1/portfolio"


def test_a_machine_that_stops_before_the_name_leaves_no_file_under_the_key(monkeypatch, tmp_path):
    storage = LocalStorage(tmp_path)
    incoming = storage.incoming()
    incoming.write(b"bytes")

    def stops(_self: Path, _target: Path) -> Path:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stops)
        with pytest.raises(OSError, match="power"):
            incoming.keep("1/x")

    with pytest.raises(FileNotFoundError):
        storage.open("1/x")
    incoming.discard()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_reader_of_a_file_that_is_replaced_reads_the_one_it_opened(tmp_path):
    storage = LocalStorage(tmp_path)
    for content in (b"first", b"other"):
        incoming = storage.incoming()
        incoming.write(content)
        if content == b"first":
            incoming.keep("1/x")
            file = storage.open("1/x")
        else:
            incoming.keep("1/x")
    with file:
        assert file.read() == b"first"
