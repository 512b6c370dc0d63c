"""Every column whose values are sealed: whose rows they are, what names a row, and where each value stands.

The rotation of keys goes by this list; `tests/portal/test_rotation.py` holds it against the catalogue of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from agencies.applications import content
from agencies.kernel import letters
from agencies.kernel.sealing import Place
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.providers import secret_place
from agencies.organisations.proving import seed_place
from agencies.standing import accounts, people
from agencies.webhooks.models import secret_place as webhook_place
from assignments.locates.sealed import place_of_finding, place_of_subject
from assignments.subjects import handling, service
from uploads.sealed import place_of_fault, place_of_person, place_of_row, place_of_sample

Placing = Callable[[int, Row[Any]], Place]
_CREDITOR, _AGENCY, _PLATFORM = frozenset({Side.CREDITOR}), frozenset({Side.AGENCY}), frozenset({Side.PLATFORM})
_BOTH = _CREDITOR | _AGENCY
#: What proves who somebody is is read at the door and by no side.
_DOOR = frozenset({Side.DOOR})


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values."""

    table: str
    tenant: str
    key: Mapping[str, str]
    #: None for what nobody seals anew: as long as it is there, it needs the key it was written with.
    place: Placing | None
    #: The sides under whose role such rows are sealed anew.
    sides: frozenset[Side]
    column: str = "sealed"
    #: What the place is made of besides the key: expressions, and what they are joined from.
    also: str = ""
    beside: str = ""
    #: Where the octets stand, if not simply in the column, and which rows have any.
    octets: str = ""
    only: str = "true"

    @property
    def value(self) -> str:
        """The octets, as an expression."""
        return self.octets or f"t.{self.column}"


@dataclass(frozen=True)
class _Table:
    """What the columns of one table have in common."""

    name: str
    tenant: str
    sides: frozenset[Side]
    key: Mapping[str, str] = field(default_factory=lambda: {"id": "bigint"})

    def sealed(self, place: Placing | None, **more: str) -> SealedColumn:
        """One of its sealed columns."""
        return SealedColumn(self.name, self.tenant, self.key, place, self.sides, **more)


def _seed(column: str) -> Placing:
    return lambda tenant, row: seed_place(Actor(side=Side.DOOR, organisation_id=tenant, user_id=row.user_id), column)


def _application(column: str) -> Placing:
    return lambda tenant, row: content.place_of(tenant, column, row.handle)


def _account(column: str) -> Placing:
    return lambda tenant, row: accounts.place_of(tenant, column, row.seal)


def _webhook(column: str) -> Placing:
    return lambda tenant, row: webhook_place(tenant, column, row.seal)


def _of_row(table: str) -> Placing:
    return lambda tenant, row: place_of_row(tenant, table, row.upload_id, row.line)


def _of_person(tenant: int, row: Row[Any]) -> Place:
    return place_of_person(tenant, row.identity)


_LINE = {"upload_id": "bigint", "line": "bigint"}
_FAULT = {**_LINE, "field": "text", "code": "text"}
_PER_AGENCY = {"agency_id": "bigint", "id": "bigint"}
_REQUEST = "join subject_requests r on r.creditor_id = t.creditor_id and r.id = t.request_id"

_DEBTORS = (
    _Table("debtors", "creditor_id", _CREDITOR).sealed(_of_person, also=", t.identity"),
    _Table("contact_points", "creditor_id", _CREDITOR, {"debtor_id": "bigint", "id": "bigint"}).sealed(
        _of_person,
        also=", d.identity",
        beside="join debtors d on d.creditor_id = t.creditor_id and d.id = t.debtor_id",
    ),
    _Table("findings", "creditor_id", _CREDITOR, _PER_AGENCY).sealed(
        lambda tenant, row: place_of_finding(tenant, row.order_id, row.form), also=", t.order_id, t.form"
    ),
    _Table("locate_subjects", "creditor_id", _CREDITOR, {"agency_id": "bigint", "order_id": "bigint"}).sealed(
        lambda tenant, row: place_of_subject(tenant, row.order_id)
    ),
)
_FILES = (
    _Table("uploads", "organisation_id", _BOTH).sealed(
        lambda tenant, row: place_of_sample(tenant, row.sha256), column="sealed_sample", also=", t.sha256"
    ),
    _Table("upload_errors", "organisation_id", _BOTH, _FAULT).sealed(
        lambda tenant, row: place_of_fault(tenant, row.upload_id, row.line, row.field, row.code)
    ),
    _Table("staged_portfolio", "organisation_id", _CREDITOR, _LINE).sealed(_of_person, also=", t.identity"),
    _Table("staged_portfolio_update", "organisation_id", _CREDITOR, _LINE).sealed(_of_row("staged_portfolio_update")),
    _Table("staged_findings", "organisation_id", _AGENCY, _LINE).sealed(_of_row("staged_findings")),
)
_REQUESTS = (
    _Table("subject_requests", "creditor_id", _CREDITOR).sealed(
        lambda tenant, row: service.place_of_person(tenant, row.token), column="person", also=", t.token"
    ),
    _Table("subject_steps", "creditor_id", _CREDITOR, {"request_id": "bigint", "id": "bigint"}).sealed(
        lambda tenant, row: service.place_of_step(tenant, row.kind, row.token),
        also=", t.kind, r.token",
        beside=_REQUEST,
    ),
    _Table("subject_answers", "creditor_id", _CREDITOR, {"request_id": "bigint"}).sealed(
        lambda tenant, row: handling.place_of_answer(tenant, row.token), also=", r.token", beside=_REQUEST
    ),
)
_APPLICATIONS = _Table("applications", "organisation_id", _PLATFORM)
_ACCOUNTS = _Table("bank_accounts", "agency_id", _AGENCY)
_STANDING = (
    *(_APPLICATIONS.sealed(_application(name), column=name, also=", t.handle") for name in ("email", "content")),
    _Table("principals", "agency_id", _AGENCY).sealed(
        lambda tenant, row: people.place_of(tenant, row.seal), column="document", also=", t.seal"
    ),
    *(_ACCOUNTS.sealed(_account(name), column=name, also=", t.seal") for name in ("number", "holder_tax_id")),
    # What waits for a second person is frozen with a hash, number and holder; it is decided, or expires, within days.
    _Table("approvals", "organisation_id", _AGENCY).sealed(
        None,
        column="subject",
        octets="decode(t.subject ->> 'number', 'hex')",
        only="t.kind = 'bank_account' and t.state = 'pending'",
    ),
)
_AUTHENTICATORS = _Table("authenticators", "organisation_id", _DOOR, {"user_id": "bigint"})
_WAYS_IN = (
    *(_AUTHENTICATORS.sealed(_seed(name), column=name) for name in ("seed", "pending_seed")),
    _Table("sign_in_providers", "organisation_id", _DOOR, {"organisation_id": "bigint"}).sealed(
        lambda tenant, _: secret_place(tenant), column="client_secret"
    ),
    _Table("letter_addresses", "organisation_id", _BOTH | _PLATFORM, {"key": "text"}).sealed(
        lambda tenant, row: letters.place_of(tenant, row.key)
    ),
)
_WEBHOOKS = tuple(
    _Table("webhooks", "organisation_id", _BOTH).sealed(_webhook(name), column=name, also=", t.seal")
    for name in ("secret", "former_secret")
)
COLUMNS: tuple[SealedColumn, ...] = (*_DEBTORS, *_FILES, *_REQUESTS, *_STANDING, *_WAYS_IN, *_WEBHOOKS)
