"""What each result code says of an activity: who was reached, whether two sides spoke, and what must stop after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """How far an activity came."""

    #: Nothing was sought with the debtor: a note of the desk.
    DESK = "desk"
    #: It was tried; nobody answered, nothing arrived.
    TRIED = "tried"
    #: A message was left with its addressee, who did not answer.
    DELIVERED = "delivered"
    #: Somebody answered.
    ANSWERED = "answered"


class Stop(StrEnum):
    """Why nobody may go on, as results or flags tell it; the names are those of the rules, where these have one."""

    DECEASED = "deceased"
    INSOLVENCY = "insolvency_admitted"
    IDENTITY_FRAUD = "identity_fraud_claim"
    OPEN_DISPUTE = "open_dispute"
    PAID_IN_FULL = "paid_in_full"
    CHANNEL_REVOKED = "channel_revoked"
    #: No result says these; a flag does.
    LEGAL_HOLD = "legal_hold"
    STOP_CONTACT = "stop_contact"
    COMPLAINT = "open_complaint"
    VULNERABLE = "vulnerable"


#: These end all contact with the person; the others concern one debt, or one channel of the person.
STOPS_THE_PERSON = frozenset({Stop.DECEASED, Stop.INSOLVENCY})

DEBTOR = "debtor"
NOBODY = "nobody"
#: Somebody else, of whom the code does not say who.
THIRD_PARTY = "third_party"
#: What the code says of whoever owes with the debtor, be it a co-debtor or a guarantor: which of them stays open.
CO_DEBTOR = "co_debtor"
#: Somebody who has nothing to do with the debtor.
STRANGER = "other"


@dataclass(frozen=True)
class Meaning:
    """What one result code says by itself."""

    reach: Reach
    #: Who was reached when the agency does not say; None where the code leaves it open.
    counterpart: str | None = NOBODY
    #: Whether two sides spoke: what the Colombian law calls a direct contact.
    is_direct: bool = False
    #: Whether a message about the debt stayed with whoever answered.
    leaves_message: bool = False
    stop: Stop | None = None


def _spoke(stop: Stop | None = None, counterpart: str = DEBTOR) -> Meaning:
    return Meaning(Reach.ANSWERED, counterpart, is_direct=True, stop=stop)


_TRIED, _DELIVERED, _DESK = Meaning(Reach.TRIED), Meaning(Reach.DELIVERED, DEBTOR), Meaning(Reach.DESK)
_THIRD = Meaning(Reach.ANSWERED, THIRD_PARTY)

MEANINGS: dict[str, Meaning] = {
    "paid_in_full": _spoke(Stop.PAID_IN_FULL),
    **dict.fromkeys(
        (
            "paid_in_part",
            "says_paid",
            "agreement",
            "promise",
            "promise_in_part",
            "negotiating",
            "asks_information",
            "asks_callback",
            "cannot_pay",
            "refuses",
            "denies_debt",
            "refers_to_lawyer",
            "channel_authorised",
            "located_confirmed",
        ),
        _spoke(),
    ),
    "disputes": _spoke(Stop.OPEN_DISPUTE),
    "identity_fraud": _spoke(Stop.IDENTITY_FRAUD),
    "insolvency": _spoke(Stop.INSOLVENCY),
    "channel_revoked": _spoke(Stop.CHANNEL_REVOKED),
    "co_debtor": _spoke(counterpart=CO_DEBTOR),
    # Whoever answered hung up: not two sides, and nobody knows who it was.
    "hung_up": Meaning(Reach.ANSWERED, None),
    "third_party_message": Meaning(Reach.ANSWERED, THIRD_PARTY, leaves_message=True),
    **dict.fromkeys(("third_party", "third_party_data", "moved_away", "imprisoned", "abroad"), _THIRD),
    "deceased": Meaning(Reach.ANSWERED, THIRD_PARTY, stop=Stop.DECEASED),
    "wrong_number": Meaning(Reach.TRIED, STRANGER),
    **dict.fromkeys(
        (
            "no_answer",
            "voicemail",
            "busy",
            "switched_off",
            "out_of_service",
            "number_unknown",
            "message_returned",
            "nobody_home",
            "wrong_address",
        ),
        _TRIED,
    ),
    **dict.fromkeys(("message_sent", "message_delivered"), _DELIVERED),
    **dict.fromkeys(
        (
            "located_phone",
            "located_address",
            "located_email",
            "located_employment",
            "located_asset",
            "located_nothing",
            "returned",
            "recalled",
            "paused",
        ),
        _DESK,
    ),
}
