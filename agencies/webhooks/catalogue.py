"""The events that are told to systems: each a line of the organisation's own trail, and which of its facts leave.

What is not named here does not leave: no person, no case's data, no free text. A receiver that wants more asks the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agencies.kernel.tenancy import Side

_BOTH = frozenset({Side.CREDITOR, Side.AGENCY})
_CREDITOR, _AGENCY = frozenset({Side.CREDITOR}), frozenset({Side.AGENCY})


@dataclass(frozen=True)
class Event:
    """One kind of event: its public name, the action of the trail it is, and what is told of it."""

    type: str
    action: str
    sides: frozenset[Side] = _BOTH
    #: What it is about: the public name -> the detail that holds its id, and the kind of reference that id becomes.
    about: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    #: Details that are told as they are: counts, amounts in minor units, codes, dates.
    facts: tuple[str, ...] = ()


#: Makes a reference of a kind of thing and its id.
Encode = Callable[[str, int], str]

_FILE = {"file": ("upload_id", "upload")}
_CONSIGNMENT = {"consignment": ("consignment_id", "consignment")}
_RECALL = {"recall": ("recall_id", "recall")}
_CREDITOR_OF = {"creditor": ("creditor_id", "organisation")}
_REPORT = {"report": ("report_id", "report")}
_BATCH = {"order": ("batch_id", "locate_batch")}
_ENQUIRY = {"question": ("enquiry_id", "enquiry")}
_VALUE = ("cases", "placed_minor", "currency")
_TAKEN_BACK = ("cases", "effective_on", "reason")

EVENTS: tuple[Event, ...] = (
    Event("file.checked", "upload.checked", _BOTH, _FILE, ("kind", "read", "rejected")),
    Event("file.refused", "upload.rejected", _BOTH, _FILE, ("kind", "fault")),
    Event("file.applied", "upload.applied", _BOTH, _FILE, ("kind", "applied", "unchanged", "rejected")),
    Event("file.undone", "upload.undone", _BOTH, _FILE, ("kind",)),
    Event("consignment.sent", "consignment.sent", _BOTH, _CONSIGNMENT, _VALUE),
    Event("consignment.acknowledged", "consignment.acknowledged", _BOTH, _CONSIGNMENT, _VALUE),
    Event("consignment.rejected", "consignment.rejected", _BOTH, _CONSIGNMENT, (*_VALUE, "reason")),
    Event("recall.requested", "recall.requested", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.accepted", "recall.accepted", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.objected", "recall.objected", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.decided", "recall.decided", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.withdrawn", "recall.withdrawn", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.executed", "recall.executed", _BOTH, _RECALL, _TAKEN_BACK),
    Event("recall.closed", "recall.closed", _BOTH, _RECALL, _TAKEN_BACK),
    Event("cases.updated", "case.updated", _AGENCY, _CREDITOR_OF, ("cases", "held", "freed")),
    Event("cases.paid_directly", "case.paid_directly", _AGENCY, _CREDITOR_OF, ("cases",)),
    Event("cases.returned", "case.returned", _BOTH, {"agency": ("agency_id", "organisation")}, ("cases", "code")),
    Event("report.completed", "report.completed", _BOTH, _REPORT, ("version", "payments", "activities")),
    Event("report.corrected", "report.corrected", _BOTH, _REPORT, ("version", "payments", "activities")),
    Event("locate.ordered", "locate.ordered", _BOTH, _BATCH, ("orders",)),
    Event("locate.withdrawn", "locate.withdrawn", _BOTH, _BATCH, ("orders",)),
    Event("question.asked", "enquiry.asked", _BOTH, _ENQUIRY),
    Event("question.answered", "enquiry.answered", _BOTH, _ENQUIRY),
    Event("incident.reported", "incident.reported", _BOTH, {"incident": ("incident_id", "incident")}),
)
#: What a person sends to see whether it arrives; it stands in no trail.
TEST = Event("webhook.test", "webhook.test")
_BY_ACTION = {one.action: one for one in (*EVENTS, TEST)}


def offered(side: Side) -> tuple[Event, ...]:
    """The events an organisation of this side can be told."""
    return tuple(one for one in EVENTS if side in one.sides)


def event_of(action: str) -> Event:
    """The event an action of the trail is; raises `KeyError`."""
    return _BY_ACTION[action]


def told(event: Event, details: Mapping[str, Any], encode: Encode) -> dict[str, Any]:
    """What leaves of an event: references instead of ids, and the facts it names; what is not there is left out."""
    about = {
        name: encode(kind, details[source])
        for name, (source, kind) in event.about.items()
        if details.get(source) is not None
    }
    return about | {name: details[name] for name in event.facts if details.get(name) is not None}
