"""What happened to one file, in the order in which it happened, as the audit trail tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from agencies.kernel.audit import AuditEvent
from agencies.kernel.tenancy import Actor
from uploads.queries import get_upload

#: More than anybody does with one file.
_MOST = 200


@dataclass(frozen=True)
class Moment:
    """One thing that was done with a file."""

    at: datetime
    action: str
    #: Empty for what the portal did by itself.
    user_id: int | None
    details: dict[str, Any]


def history(session: Session, actor: Actor, upload_id: int) -> list[Moment]:
    """Everything that was done with a file, the first thing first; raises `NotFound`."""
    upload = get_upload(session, actor, upload_id)
    told = cast(AuditEvent.body, JSONB)["details"]["upload_id"].as_integer()
    events = session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.organisation_id == actor.tenant,
            AuditEvent.at >= upload.created_at,
            AuditEvent.action.startswith("upload."),
            told == upload.id,
        )
        .order_by(AuditEvent.seq)
        .limit(_MOST)
    )
    return [Moment(one.at, one.action, one.actor_user_id, json.loads(one.body)["details"]) for one in events]
