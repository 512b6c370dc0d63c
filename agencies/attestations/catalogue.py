"""Everything a creditor asks to be attested: the common templates of its country, and its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.models import CreditorTemplate
from agencies.attestations.templates import (
    Template,
    in_force,
    template_as_signed,
    template_of,
    templates,
)
from agencies.kernel.errors import NotFound

#: How long before a version is in force it can be signed, so that nothing stops on the day.
LEAD = timedelta(days=60)
#: What the codes of a creditor's own templates begin with.
OWN = "EX-"

#: Creditor -> its own templates as they are written down, every published version.
Own = Mapping[int, list[CreditorTemplate]]


def own_templates(session: Session, creditor_ids: Collection[int]) -> Own:
    """The published templates of creditors, in one query whatever their number."""
    found: dict[int, list[CreditorTemplate]] = defaultdict(list)
    for row in session.scalars(
        select(CreditorTemplate)
        .where(CreditorTemplate.creditor_id.in_(creditor_ids), CreditorTemplate.published_at.is_not(None))
        .order_by(CreditorTemplate.code, CreditorTemplate.version)
    ):
        found[row.creditor_id].append(row)
    return found


def asked(own: Own, creditor_id: int, country: str, on: date) -> tuple[Template, ...]:
    """All templates of a creditor as they read on a date, in order of their codes."""
    told = [_told(row) for row in own.get(creditor_id, ()) if row.retired_on is None or on < row.retired_on]
    return (*templates(country, on), *in_force(told, country, on))


def catalogue(session: Session, creditor_id: int, country: str, on: date) -> tuple[Template, ...]:
    """All templates of one creditor as they read on a date."""
    return asked(own_templates(session, [creditor_id]), creditor_id, country, on)


def to_sign(session: Session, creditor_id: int, code: str, country: str, today: date) -> Template:
    """A template in the version a signature of today is for: the next one, once it is near. Raises `NotFound`."""
    found = {one.code: one for on in (today, today + LEAD) for one in catalogue(session, creditor_id, country, on)}
    if code not in found:
        raise NotFound
    return found[code]


def as_signed(session: Session, creditor_id: int, code: str, country: str, version: int) -> Template:
    """A template in a version that may have been replaced or retired since; raises `NotFound`."""
    if not code.startswith(OWN):
        return template_as_signed(code, country, version)
    for row in own_templates(session, [creditor_id]).get(creditor_id, ()):
        if (row.code, row.version) == (code, version):
            return template_of(_told(row), country)
    raise NotFound


def preview(row: CreditorTemplate, country: str) -> Template:
    """One version of a creditor's own template, also a draft."""
    return template_of(_told(row), country)


def _told(row: CreditorTemplate) -> dict[str, Any]:
    valid_from = (row.valid_from or date.max).isoformat()
    return {**row.body, "code": row.code, "version": row.version, "valid_from": valid_from}
