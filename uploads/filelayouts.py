"""Layouts of fixed width that an organisation has described, kept by name; a change is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, PrimaryKeyConstraint, UniqueConstraint, func, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import audit
from agencies.kernel.base import Base
from agencies.kernel.errors import Forbidden, Invalid, msg
from agencies.kernel.tenancy import Actor
from uploads.formats import fixedwidth
from uploads.formats.fixedwidth import Column, Layout
from uploads.kinds import SENDERS

#: Before the name of an organisation's own layout where layouts are chosen among.
_OWN = "own:"
_MOST, _LONGEST_NAME, _MOST_COLUMNS = 100, 80, 500


class LayoutUnusable(Invalid):
    """The columns make no layout."""

    text = msg("%(reason)s")


class FileLayout(Base):
    """One version of one layout of one organisation."""

    __tablename__ = "file_layouts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "name", "version"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    version: Mapped[int]
    #: A list of name, start and length, the first character being 1.
    columns: Mapped[list[Any]]
    #: What the lines that are records begin with; all are records where nothing is said.
    begins_with: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]


#: Why columns make no layout, for whoever wrote them down.
PROBLEMS = {
    "too_few": msg("Describe two columns at least."),
    "no_place": msg("Every column begins at 1 or later and has a length of 1 or more."),
    "too_wide": msg("The columns reach farther than a line may be long."),
    "repeated": msg("Two columns have the same name. Give each column its own name."),
    "too_many": msg("That is more than we keep. Use a layout that is there already, or fewer columns."),
    "no_name": msg("Give the layout a name, and every column one."),
}


def add_layout(
    session: Session, actor: Actor, *, name: str, columns: Sequence[Column], begins_with: str, now: datetime
) -> FileLayout:
    """Keep a layout, or the next version of one of that name; raises `LayoutUnusable`."""
    _require_sender(actor)
    name = " ".join(name.split())
    problem = _problem(session, actor, name, columns)
    if problem is not None:
        raise LayoutUnusable(reason=[PROBLEMS[problem]])
    before = session.scalar(
        select(func.max(FileLayout.version)).where(FileLayout.organisation_id == actor.tenant, FileLayout.name == name)
    )
    layout = FileLayout(
        organisation_id=actor.tenant,
        name=name,
        version=(before or 0) + 1,
        columns=[{"name": one.name, "start": one.start, "length": one.length} for one in columns],
        begins_with=begins_with[:_LONGEST_NAME],
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(layout)
    session.flush()
    audit.record(session, actor, "layout.added", now=now, layout=name, version=layout.version, columns=len(columns))
    return layout


def list_layouts(session: Session, actor: Actor) -> list[FileLayout]:
    """The latest version of every layout of the actor's organisation, by name."""
    latest = (
        select(FileLayout.name, func.max(FileLayout.version))
        .where(FileLayout.organisation_id == actor.tenant)
        .group_by(FileLayout.name)
    )
    kept = (
        select(FileLayout)
        .where(FileLayout.organisation_id == actor.tenant, tuple_(FileLayout.name, FileLayout.version).in_(latest))
        .order_by(FileLayout.name)
    )
    return list(session.scalars(kept))


def offered(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Code and name of every layout that a file can be read by: the product's and the organisation's own."""
    shipped = [(layout.code, layout.name) for layout in fixedwidth.shipped().values()]
    return shipped + [(_OWN + one.name, one.name) for one in list_layouts(session, actor)]


def layout_by_code(session: Session, actor: Actor, code: str) -> dict[str, Any] | None:
    """A layout as the process that opens files is given it; None when there is none of that code."""
    shipped = fixedwidth.shipped().get(code)
    if shipped is not None:
        return asdict(shipped)
    own = {_OWN + one.name: one for one in list_layouts(session, actor)}.get(code)
    if own is None:
        return None
    columns = tuple(Column(**column) for column in own.columns)
    record = fixedwidth.beginning_with(own.begins_with)
    return asdict(Layout(code, own.name, columns, record=record, is_selective=bool(own.begins_with)))


def _problem(session: Session, actor: Actor, name: str, columns: Sequence[Column]) -> str | None:
    if not name or len(name) > _LONGEST_NAME or not all(one.name.strip() for one in columns):
        return "no_name"
    others = [one for one in list_layouts(session, actor) if one.name != name]
    if len(others) >= _MOST or len(columns) > _MOST_COLUMNS:
        return "too_many"
    return fixedwidth.problem(columns)


def _require_sender(actor: Actor) -> None:
    """Whoever sends files of any kind may say how they are laid out."""
    if not any(sender.side is actor.side and actor.may(sender.permission) for sender in SENDERS.values()):
        raise Forbidden
