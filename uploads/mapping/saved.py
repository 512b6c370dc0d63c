"""What an organisation confirmed of its files before, their columns and what its codes stand for: listed, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.tenancy import Actor, require
from uploads.cells.reader import plain
from uploads.formats.headers import header_hash
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping.remembered import Remembered, nearest
from uploads.models import HeaderMapping, Upload, UploadKind, ValueMap
from uploads.options import Options

#: Sets of columns among which the nearest is looked for, the latest used first.
_LOOKED_THROUGH = 50


def find_remembered(session: Session, actor: Actor, kind: UploadKind, header: Sequence[str]) -> Remembered | None:
    """The mapping confirmed for these columns, else for nearly these, else None."""
    exact = session.get(HeaderMapping, (actor.tenant, kind, header_hash(header)))
    if exact is not None:
        return _remembered(exact)
    latest = session.scalars(
        select(HeaderMapping)
        .where(HeaderMapping.organisation_id == actor.tenant, HeaderMapping.kind == kind)
        .order_by(HeaderMapping.last_used_at.desc())
        .limit(_LOOKED_THROUGH)
    )
    return nearest(header, [_remembered(one) for one in latest])


def remember(session: Session, actor: Actor, upload: Upload, mapping: Mapping[int, str], *, now: datetime) -> None:
    """Keep a confirmed mapping for the next file with these columns; the latest word stands."""
    header = upload.header or []
    # The codes are kept by themselves, for every set of columns.
    options = {**(upload.options or {}), "codes": {}}
    row = {
        "mapping": {header[position]: field for position, field in mapping.items()},
        "options": options,
        "header": header,
        "confirmed_at": now,
        "confirmed_by": actor.user_id,
        "last_used_at": now,
    }
    session.execute(
        insert(HeaderMapping)
        .values(organisation_id=actor.tenant, kind=upload.kind, header_hash=header_hash(header), times_used=1, **row)
        .on_conflict_do_update(
            index_elements=["organisation_id", "kind", "header_hash"],
            set_={**row, "times_used": HeaderMapping.times_used + 1},
        )
    )


def count_use(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> None:
    """A file was read by what is saved for its columns."""
    session.execute(
        update(HeaderMapping)
        .where(
            HeaderMapping.organisation_id == actor.tenant,
            HeaderMapping.kind == upload.kind,
            HeaderMapping.header_hash == header_hash(upload.header or []),
        )
        .values(times_used=HeaderMapping.times_used + 1, last_used_at=now)
    )


def codes_of(session: Session, actor: Actor, kind: UploadKind) -> dict[str, dict[str, str | None]]:
    """What the organisation's codes stand for: field -> spelling -> code."""
    rows = session.execute(
        select(ValueMap.field, ValueMap.spelling, ValueMap.code)
        .where(ValueMap.organisation_id == actor.tenant, ValueMap.kind == kind)
        .order_by(ValueMap.field, ValueMap.spelling)
    )
    codes: dict[str, dict[str, str | None]] = {}
    for field, spelling, code in rows:
        codes.setdefault(field, {})[spelling] = code
    return codes


def remember_codes(
    session: Session,
    actor: Actor,
    kind: UploadKind,
    codes: Mapping[str, Mapping[str, str | None]],
    *,
    now: datetime,
) -> None:
    """Keep what codes stand for; the latest word stands."""
    for field, meanings in codes.items():
        for written, code in meanings.items():
            said = {"code": code, "written": written, "confirmed_at": now, "confirmed_by": actor.user_id}
            key = {"organisation_id": actor.tenant, "kind": kind, "field": field, "spelling": plain(written)}
            session.execute(
                insert(ValueMap)
                .values(**key, **said)
                # Who only confirms what stood there before did not say it anew.
                .on_conflict_do_update(index_elements=list(key), set_=said, where=ValueMap.code.is_distinct_from(code))
            )


def list_saved(session: Session, actor: Actor) -> list[HeaderMapping]:
    """The saved sets of columns of the kinds the actor sends, the latest used first."""
    return list(
        session.scalars(
            select(HeaderMapping)
            .where(HeaderMapping.organisation_id == actor.tenant, HeaderMapping.kind.in_(_kinds(actor)))
            .order_by(HeaderMapping.last_used_at.desc(), HeaderMapping.id.desc())
        )
    )


def list_codes(session: Session, actor: Actor) -> list[ValueMap]:
    """The explained codes of the kinds the actor sends, by kind, field and spelling."""
    return list(
        session.scalars(
            select(ValueMap)
            .where(ValueMap.organisation_id == actor.tenant, ValueMap.kind.in_(_kinds(actor)))
            .order_by(ValueMap.kind, ValueMap.field, ValueMap.spelling)
        )
    )


def forget_columns(session: Session, actor: Actor, mapping_id: int, *, now: datetime) -> None:
    """Ask again for the next file with these columns; raises `NotFound`."""
    saved = session.scalar(
        select(HeaderMapping).where(HeaderMapping.organisation_id == actor.tenant, HeaderMapping.id == mapping_id)
    )
    if saved is None:
        raise NotFound
    require(actor, SENDERS_PERMISSION[saved.kind])
    kind, columns = saved.kind.value, len(saved.mapping)
    session.execute(
        delete(HeaderMapping).where(HeaderMapping.organisation_id == actor.tenant, HeaderMapping.id == mapping_id)
    )
    audit.record(session, actor, "columns.forgotten", now=now, kind=kind, columns=columns)


def forget_code(session: Session, actor: Actor, map_id: int, *, now: datetime) -> None:
    """Ask again what a code stands for; raises `NotFound`."""
    said = session.scalar(select(ValueMap).where(ValueMap.organisation_id == actor.tenant, ValueMap.id == map_id))
    if said is None:
        raise NotFound
    require(actor, SENDERS_PERMISSION[said.kind])
    kind, field = said.kind.value, said.field
    session.execute(delete(ValueMap).where(ValueMap.organisation_id == actor.tenant, ValueMap.id == map_id))
    audit.record(session, actor, "code.forgotten", now=now, kind=kind, field=field)


def _remembered(row: HeaderMapping) -> Remembered:
    return Remembered(
        row.mapping,
        Options.from_dict(row.options),
        tuple(row.header or ()),
        row.confirmed_at,
        row.confirmed_by,
        row.id,
    )


def _kinds(actor: Actor) -> list[UploadKind]:
    kinds = [kind for kind, permission in SENDERS_PERMISSION.items() if actor.may(permission)]
    if not kinds:
        raise Forbidden
    return kinds
