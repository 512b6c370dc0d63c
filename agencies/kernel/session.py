"""One visible commit per use case, and what may only happen after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from agencies.kernel import audit


class NestedTransaction(RuntimeError):
    """A use case was begun inside another one; the inner commit would make half of the outer one durable."""


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """Commit once when the block ends well, else roll back; then run what was queued by `after_commit`.

    The audit trail is written last, because the head of an organisation's chain stays locked until the commit.
    """
    if session.info.get("in_transaction"):
        raise NestedTransaction
    session.info["in_transaction"] = True
    _forget(session)
    try:
        yield session
        session.flush()
        audit.write_pending(session)
        session.commit()
    except BaseException:
        session.rollback()
        _forget(session)
        raise
    finally:
        del session.info["in_transaction"]
    for call in session.info.pop("after_commit", []):
        call()


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Run `call` once the surrounding transaction is durable; forgotten when it rolls back."""
    calls = session.info.setdefault("after_commit", [])
    if call not in calls:
        calls.append(call)


def _forget(session: Session) -> None:
    session.info.pop("after_commit", None)
    audit.forget(session)
