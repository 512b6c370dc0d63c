"""A file that is read piece by piece from a place that only answers "these bytes, please"."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO, cast

#: How much is fetched at a time, and how many such windows are remembered: readers go back by part of a row.
WINDOW_BYTES = 8 << 20
_WINDOWS = 2

#: Offset and length -> the bytes there, fewer only at the end.
Fetch = Callable[[int, int], bytes]


class WindowedFile(io.RawIOBase):
    """A seekable file of known size over ranges; memory stays at two windows, whatever the file's size."""

    def __init__(self, size: int, fetch: Fetch, window: int = WINDOW_BYTES) -> None:
        self._size = size
        self._fetch = fetch
        self._window = window
        self._at = 0
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """It gives bytes."""
        return True

    def seekable(self) -> bool:
        """Any place can be gone to."""
        return True

    def tell(self) -> int:
        """The present place."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, also behind the end, where nothing is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill as much of the buffer as the window of the present place has."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not view:
            return 0
        number, inside = divmod(self._at, self._window)
        part = memoryview(self._held_window(number))[inside : inside + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _held_window(self, number: int) -> bytes:
        if number in self._held:
            self._held.move_to_end(number)
            return self._held[number]
        while len(self._held) >= _WINDOWS:
            self._held.popitem(last=False)
        start = number * self._window
        length = min(self._window, self._size - start)
        data = self._fetch(start, length)
        if len(data) != length:
            raise OSError("the file ended before its end")
        self._held[number] = data
        return data


def windowed(size: int, fetch: Fetch, window: int = WINDOW_BYTES) -> BinaryIO:
    """A file over ranges as readers expect one: a read gives all it was asked for."""
    return cast("BinaryIO", io.BufferedReader(WindowedFile(size, fetch, window)))
