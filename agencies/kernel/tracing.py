"""Which request a session answers: what is written down in it carries that id, under which the log has the rest."""

from __future__ import annotations

from sqlalchemy.orm import Session


def answers(session: Session, request_id: str) -> None:
    """Say which request this session answers."""
    session.info["request_id"] = request_id


def request_of(session: Session) -> str | None:
    """The id of the request the session answers; none in jobs and commands."""
    found: str | None = session.info.get("request_id")
    return found
