"""What it means to carry out an approved act: a port that whoever knows all acts fills with one carrier per kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from agencies.approvals.models import ApprovalKind
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Actor


class SubjectChanged(Conflict):
    """What was asked for is no longer what would be done."""

    text = msg("What this request was about has changed since it was asked. It is void; ask again for what is now.")


class Carrier(Protocol):
    """Does what was approved, in the approving transaction.

    It acts as whoever asked, `asker.approved_by` being the approver, on exactly the frozen subject. It raises
    `SubjectChanged` when that is no longer what is there, and any other refusal of the act goes through it.
    """

    def __call__(
        self, session: Session, asker: Actor, subject: Mapping[str, Any], *, approval_id: int, now: datetime
    ) -> None:
        """Carry the act out."""


Carriers = Mapping[ApprovalKind, Carrier]
