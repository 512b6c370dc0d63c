"""Mandates as the two sides of them see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.mandates.lifecycle import MandateNotInForce, in_force
from agencies.mandates.models import (
    Answer,
    Clause,
    CommissionLine,
    FeeClass,
    LocateFee,
    LocateGrade,
    Mandate,
    MandateState,
    MandateVersion,
    Service,
    SlaClause,
)
from agencies.mandates.schedule import RateLine
from agencies.mandates.settlement import Authority
from agencies.mandates.signatures import MandateAnswer, MandateSignature
from agencies.mandates.signing import Parties, digest_of_version
from agencies.mandates.terms import Fee, Limits, Promise, TermSheet
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class MandateRow:
    """A mandate with the names of its sides and the terms that apply, or will."""

    id: int
    name: str
    creditor_id: int
    creditor_name: str
    #: The creditor's, whose taxes its payments have.
    country: str
    #: In which its amounts are.
    currency: str
    agency_id: int
    agency_name: str
    state: MandateState
    version_id: int
    version: int
    valid_from: date
    commission_bp: int
    report_due_days: int
    service: Service
    #: Everything the version shown says.
    terms: TermSheet
    #: Every version, newest first, also those that nobody accepted.
    versions: tuple[MandateVersion, ...]
    #: By version: what it says, what became of it and who signed it.
    sheets: Mapping[int, TermSheet]
    answers: Mapping[int, MandateAnswer]
    signatures: Mapping[int, Sequence[MandateSignature]]
    created_at: datetime
    ended_at: datetime | None

    def digest(self, version: MandateVersion) -> bytes:
        """What signatures of a version sign."""
        parties = Parties(self.creditor_id, self.agency_id, self.name, self.service)
        return digest_of_version(parties, version, self.sheets[version.id])

    @property
    def is_agreed(self) -> bool:
        """Whether both sides have agreed to any terms."""
        return any(one.answer is Answer.ACCEPTED for one in self.answers.values())

    @property
    def proposal(self) -> MandateVersion | None:
        """The version that waits for an answer."""
        return next((one for one in self.versions if one.id not in self.answers), None)

    @property
    def accepted(self) -> list[MandateVersion]:
        """The versions both sides agreed to, newest first."""
        return [one for one in self.versions if _is_accepted(self.answers.get(one.id))]


def list_mandates(session: Session, actor: Actor, *, on: date | None = None) -> list[MandateRow]:
    """All mandates of the actor's organisation, standing ones first, then by name.

    Each shows the terms in force on the date or, without a date or before the first has begun, the newest.
    """
    require(actor, Permission.MANDATE_VIEW)
    return _rows(session, _mandates(actor), on)


def get_mandate(session: Session, actor: Actor, mandate_id: int, *, on: date | None = None) -> MandateRow:
    """One mandate of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.MANDATE_VIEW)
    rows = _rows(session, _mandates(actor).where(Mandate.id == mandate_id), on)
    if not rows:
        raise NotFound
    return rows[0]


def version_in_force(session: Session, actor: Actor, mandate_id: int, on: date) -> MandateVersion:
    """The terms of a mandate on a date; raises `NotFound`, or `MandateNotInForce` when there are none."""
    mandate = session.scalar(
        select(Mandate).where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id), Mandate.id == mandate_id)
    )
    if mandate is None:
        raise NotFound
    versions = session.scalars(
        select(MandateVersion)
        .join(MandateAnswer, _answered())
        .where(
            owned_by(actor, MandateVersion.creditor_id, MandateVersion.agency_id),
            MandateVersion.mandate_id == mandate_id,
            MandateAnswer.answer == Answer.ACCEPTED,
        )
    )
    found = in_force(versions, on) if mandate.state is MandateState.IN_FORCE else None
    if found is None:
        raise MandateNotInForce(name=mandate.name, on=on)
    return found


def terms_of(session: Session, actor: Actor, version_ids: Collection[int]) -> dict[int, TermSheet]:
    """What each of the actor's mandate versions says; ids that are not its own are left out."""
    versions = session.scalars(
        select(MandateVersion).where(
            owned_by(actor, MandateVersion.creditor_id, MandateVersion.agency_id), MandateVersion.id.in_(version_ids)
        )
    )
    return _sheets(session, list(versions))


def sheet_of(session: Session, version: MandateVersion) -> TermSheet:
    """What one version says."""
    return _sheets(session, [version])[version.id]


def _answered() -> ColumnElement[bool]:
    return and_(
        MandateAnswer.creditor_id == MandateVersion.creditor_id,
        MandateAnswer.agency_id == MandateVersion.agency_id,
        MandateAnswer.mandate_version_id == MandateVersion.id,
    )


def _is_accepted(answer: MandateAnswer | None) -> bool:
    return answer is not None and answer.answer is Answer.ACCEPTED


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def _mandates(actor: Actor) -> Select[Mandate, str, str, str]:
    return (
        select(Mandate, _creditor.name, _creditor.country, _agency.name)
        .join(_creditor, _creditor.id == Mandate.creditor_id)
        .join(_agency, _agency.id == Mandate.agency_id)
        .where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id))
        .order_by(Mandate.ended_at.is_not(None), Mandate.name, Mandate.id)
    )


def _rows(session: Session, statement: Select[Mandate, str, str, str], on: date | None) -> list[MandateRow]:
    found = session.execute(statement).all()
    versions: dict[int, list[MandateVersion]] = defaultdict(list)
    for version in session.scalars(
        select(MandateVersion)
        .where(MandateVersion.mandate_id.in_([mandate.id for mandate, *_ in found]))
        .order_by(MandateVersion.version.desc())
    ):
        versions[version.mandate_id].append(version)
    every = [one for of_one in versions.values() for one in of_one]
    known = _Known(_sheets(session, every), _answers(session, every), _signatures(session, every))
    return [_row(mandate, names, versions[mandate.id], known, on) for mandate, *names in found]


@dataclass(frozen=True)
class _Known:
    """What is known of versions, by their ids."""

    sheets: Mapping[int, TermSheet]
    answers: Mapping[int, MandateAnswer]
    signatures: Mapping[int, Sequence[MandateSignature]]


def _answers(session: Session, versions: Sequence[MandateVersion]) -> dict[int, MandateAnswer]:
    ids = [one.id for one in versions]
    found = session.scalars(select(MandateAnswer).where(MandateAnswer.mandate_version_id.in_(ids)))
    return {one.mandate_version_id: one for one in found}


def _signatures(session: Session, versions: Sequence[MandateVersion]) -> dict[int, list[MandateSignature]]:
    ids = [one.id for one in versions]
    made: dict[int, list[MandateSignature]] = defaultdict(list)
    for one in session.scalars(
        select(MandateSignature)
        .where(MandateSignature.mandate_version_id.in_(ids))
        .order_by(MandateSignature.signed_at, MandateSignature.side.desc())
    ):
        made[one.mandate_version_id].append(one)
    return made


def _row(
    mandate: Mandate,
    names: Sequence[str],
    versions: list[MandateVersion],
    known: _Known,
    on: date | None,
) -> MandateRow:
    creditor, country, agency = names
    accepted = [one for one in versions if _is_accepted(known.answers.get(one.id))]
    shown = (in_force(accepted, on) if on else None) or (accepted or versions)[0]
    own = {one.id for one in versions}
    return MandateRow(
        id=mandate.id,
        name=mandate.name,
        creditor_id=mandate.creditor_id,
        creditor_name=creditor,
        country=country,
        currency=shown.currency,
        agency_id=mandate.agency_id,
        agency_name=agency,
        state=mandate.state,
        version_id=shown.id,
        version=shown.version,
        valid_from=shown.valid_from,
        commission_bp=shown.commission_bp,
        report_due_days=shown.report_due_days,
        service=mandate.service,
        terms=known.sheets[shown.id],
        versions=tuple(versions),
        sheets={key: one for key, one in known.sheets.items() if key in own},
        answers={key: one for key, one in known.answers.items() if key in own},
        signatures={key: one for key, one in known.signatures.items() if key in own},
        created_at=mandate.created_at,
        ended_at=mandate.ended_at,
    )


def _sheets(session: Session, versions: Sequence[MandateVersion]) -> dict[int, TermSheet]:
    ids = [one.id for one in versions]
    lines: dict[int, list[RateLine]] = defaultdict(list)
    for line in session.scalars(
        select(CommissionLine).where(CommissionLine.mandate_version_id.in_(ids)).order_by(CommissionLine.position)
    ):
        lines[line.mandate_version_id].append(
            RateLine(
                line.rate_bp,
                line.tier,
                line.age_from,
                line.age_to,
                line.balance_from_minor,
                line.balance_to_minor,
                line.product,
                line.debtor_type,
            )
        )
    fees: dict[int, list[LocateFee]] = defaultdict(list)
    for fee in session.scalars(select(LocateFee).where(LocateFee.mandate_version_id.in_(ids))):
        fees[fee.mandate_version_id].append(fee)
    promises: dict[int, list[Promise]] = defaultdict(list)
    for clause in session.scalars(select(SlaClause).where(SlaClause.mandate_version_id.in_(ids))):
        promises[clause.mandate_version_id].append(Promise(clause.clause, clause.hours, clause.target_bp))
    return {one.id: _sheet(one, lines[one.id], fees[one.id], promises[one.id]) for one in versions}


def _sheet(version: MandateVersion, lines: list[RateLine], fees: list[LocateFee], promises: list[Promise]) -> TermSheet:
    grades, classes, clauses = list(LocateGrade), list(FeeClass), list(Clause)
    in_order = sorted(fees, key=lambda fee: (classes.index(fee.fee_class), grades.index(fee.grade)))
    return TermSheet(
        commission_bp=version.commission_bp,
        report_due_days=version.report_due_days,
        report_frequency=version.report_frequency,
        lines=tuple(lines),
        limits=Limits(
            version.floor_minor,
            version.cap_minor,
            version.direct_bp,
            version.discovery_bp,
            version.recall_free_days,
            version.bonus_from_minor,
            version.bonus_bp,
        ),
        fees=tuple(Fee(one.fee_class, one.grade, one.amount_minor) for one in in_order),
        currency=version.currency,
        promises=tuple(sorted(promises, key=lambda one: clauses.index(one.clause))),
        authority=Authority(
            version.settlement_discount_bp,
            version.longest_plan_months,
            version.smallest_instalment_minor,
            version.approver,
        ),
        tail_days=version.tail_days,
        term_days=version.term_days,
        no_work_days=version.no_work_days,
        no_payment_days=version.no_payment_days,
        plan_tail_days=version.plan_tail_days,
        exclusive_days=version.exclusive_days,
        subcontracting=version.subcontracting,
    )
