"""What other systems are told: references instead of ids, amounts in minor units, instants in UTC, no personal data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from agencies.kernel.pages import Page
from agencies.kernel.references import References
from agencies.organisations.api_keys import KeyHolder
from assignments.cases.models import Portfolio
from assignments.placements.queries import ConsignmentRow, PlacementRow
from uploads.models import Upload

Row = TypeVar("Row")


def listed(
    page: Page[Row], tell: Callable[[Row], dict[str, Any]], cursor: Callable[[Any], str] | None = None
) -> dict[str, Any]:
    """A page of a list; `next` is what `after` is given for the following one, or null on the last."""
    following = cursor(page.next_cursor) if cursor and page.next_cursor is not None else None
    return {"data": [tell(one) for one in page.rows], "next": following}


def holder(key: KeyHolder, codec: References) -> dict[str, Any]:
    """The organisation a key belongs to, and what the key may do."""
    home = key.organisation
    return {
        "organisation": {
            "id": codec.encode("organisation", home.id),
            "kind": home.kind.value,
            "name": home.name,
            "country": home.country,
            "currency": home.currency,
            "time_zone": home.time_zone,
        },
        "key": {"name": key.name, "scopes": sorted(key.actor.permissions), "expires_at": instant(key.expires_at)},
    }


def portfolio(one: Portfolio, codec: References) -> dict[str, Any]:
    """A portfolio and its totals."""
    return {
        "id": codec.encode("portfolio", one.id),
        "file": codec.encode("upload", one.upload_id),
        "name": one.name,
        "cases": one.cases,
        "placed_minor": one.placed_minor,
        "currency": one.currency,
        "created_at": instant(one.created_at),
    }


def consignment(one: ConsignmentRow, codec: References) -> dict[str, Any]:
    """What one agency received in one go."""
    return {
        "id": codec.encode("consignment", one.id),
        "name": one.name,
        "creditor": {"id": codec.encode("organisation", one.creditor_id), "name": one.creditor_name},
        "agency": {"id": codec.encode("organisation", one.agency_id), "name": one.agency_name},
        "mandate": one.mandate_name,
        "state": one.state.value if one.state else "draft",
        "cases": one.cases,
        "placed_minor": one.placed_minor,
        "currency": one.currency,
        "sent_at": instant(one.sent_at),
        "acknowledged_at": instant(one.acknowledged_at),
    }


def placement(one: PlacementRow, codec: References) -> dict[str, Any]:
    """One case with one agency; of its person nothing."""
    return {
        "id": codec.encode("placement", one.id),
        "case": codec.encode("case", one.case_id),
        "account_ref": one.account_ref,
        "state": one.state.value,
        "placed_minor": one.placed_minor,
        "currency": one.currency,
        "commission_bp": one.commission_bp,
        "placed_at": instant(one.placed_at),
        "ended_at": instant(one.ended_at),
        "end_code": one.end_code,
        "tail_until": day(one.tail_until),
    }


def file(one: Upload, codec: References) -> dict[str, Any]:
    """A file at its stage."""
    return {
        "id": codec.encode("upload", one.id),
        "kind": one.kind.value,
        "filename": one.filename,
        "size_bytes": one.size_bytes,
        "sha256": one.sha256.hex(),
        "creditor": codec.encode("organisation", one.creditor_id) if one.creditor_id else None,
        "state": one.state.value,
        "fault": one.fault,
        "rows": {
            "read": one.rows_read,
            "good": one.rows_good,
            "rejected": one.rows_rejected,
            "applied": one.rows_applied,
            "unchanged": one.rows_unchanged,
        },
        "totals_minor": dict(one.totals or {}),
        "created_at": instant(one.created_at),
        "checked_at": instant(one.checked_at),
    }


def instant(value: datetime | None) -> str | None:
    """In UTC, as RFC 3339 writes it."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(value: date | None) -> str | None:
    """A local date."""
    return None if value is None else value.isoformat()
