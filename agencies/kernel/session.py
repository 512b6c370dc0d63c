"""One visible commit per use case, and what may only happen after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from agencies.kernel import audit


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """Commit once when the block ends well, else roll back; then run what was queued by `after_commit`.

    The audit trail is written last, because the head of an organisation's chain stays locked until the commit.
    """
    session.info.pop("after_commit", None)
    audit.forget(session)
    try:
        yield session
        session.flush()
        audit.write_pending(session)
        session.commit()
    except BaseException:
        session.rollback()
        session.info.pop("after_commit", None)
        audit.forget(session)
        raise
    for call in session.info.pop("after_commit", []):
        call()


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Run `call` once the surrounding transaction is durable; forgotten when it rolls back."""
    session.info.setdefault("after_commit", []).append(call)
