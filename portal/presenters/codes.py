"""The platform's codes in words, wherever a file may hold them."""

from __future__ import annotations

from collections.abc import Mapping

from agencies.kernel.errors import msg
from portal.presenters import activities, cases, locates, promises, recalls
from uploads.schemas.fields import Field

YES_OR_NO = {"yes": msg("Yes"), "no": msg("No")}
RECEIVERS = {"agency": msg("The agency"), "creditor": msg("The creditor")}
FINDINGS = {**{code.value: text for code, text in locates.KINDS.items()}, "none": msg("Nothing was found")}
#: Name of a field -> words for its codes; a code that several lists could hold means the same in all.
_WORDS: dict[str, Mapping[str, str]] = {
    "channel": activities.CHANNELS,
    "result": activities.RESULTS,
    "counterpart": activities.COUNTERPARTS,
    "direction": activities.DIRECTIONS,
    "person_type": cases.PERSON_TYPES,
    "received_by": RECEIVERS,
    "kind": FINDINGS,
    "source_class": {code.value: text for code, text in locates.SOURCES.items()},
    "confidence": {code.value: text for code, text in locates.CONFIDENCES.items()},
    "code": {code.value: text for code, text in recalls.CODES.items()},
    "state": {code.value: text for code, text in promises.STATED.items()},
    "reason": {code.value: text for code, text in recalls.REASONS.items()},
}


def words_of(field: Field) -> dict[str, str]:
    """Every code of a field with its words, to be translated."""
    known = _WORDS.get(field.name, YES_OR_NO)
    return {code: known[code] for code in field.choices}
