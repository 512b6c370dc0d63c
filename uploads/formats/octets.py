"""What the bytes of a block prove of all its cells at once, so that nobody has to look into each of them."""

from __future__ import annotations

import re

import numpy as np

_LF, _CR, _SPACE, _APOSTROPHE = b"\n\r '"
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
#: How the spaces of Unicode begin that are neither ASCII nor control characters.
_WIDE_SPACES = (b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80")


def is_plain(data: bytes, delimiter: str) -> bool:
    """Whether no cell can hold a line break, a tab or a control character."""
    if b'"' in data or b"\x7f" in data or (b"\xc2" in data and _C1.search(data)):
        return False
    octets = np.frombuffer(data, np.uint8)
    controls = octets[octets < _SPACE].tobytes()
    return not controls.translate(None, b"\r\n\t" if delimiter == "\t" else b"\r\n")


def is_clean(data: bytes, delimiter: str) -> bool:
    """Whether no cell of a plain block can begin or end with a space or an apostrophe, so that all read as they stand.

    Nothing is claimed of a block whose last line has no end: behind each byte that is looked for another one stands.
    """
    # Looking for one byte is much faster than for two, and most files hold none of these.
    if not data.endswith((b"\n", b"\r")) or any(space[:1] in data and space in data for space in _WIDE_SPACES):
        return False
    octets = np.frombuffer(data, np.uint8)
    is_border = np.isin(np.arange(256), (ord(delimiter), _LF, _CR))
    for mark in (_SPACE, _APOSTROPHE):
        at = np.flatnonzero(octets == mark)
        # Before the first byte stands the last one here, which is a border as well.
        if is_border[octets[at - 1]].any() or is_border[octets[at + 1]].any():
            return False
    return True
