"""What the investigator finds about a person, and what the creditor makes of it: drawn, the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from agencies.mandates.models import LocateGrade
from assignments.contacts.models import Authorisation
from assignments.locates.investigating import NewFinding
from assignments.locates.models import Confidence, Finding, FindingKind, SourceClass, VerificationMethod
from portal.demo.people import SURNAMES, TRADES
from portal.demo.portfolio import Debt

#: Of a hundred people so many are found.
FOUND = 0.72
_SOURCES = (
    (SourceClass.CREDIT_BUREAU, "Central de información, consulta {0}"),
    (SourceClass.PUBLIC_REGISTER, "RUES, matrícula {0}"),
    (SourceClass.DATA_PROVIDER, "Proveedor de datos contratado, consulta {0}"),
    (SourceClass.DIRECTORY, "Directorio telefónico, página {0}"),
    (SourceClass.FIELD, "Visita a la última dirección, acta {0}"),
)
_EVIDENCE = "Coinciden nombre, documento y ciudad."
#: Grade, method, share; the rest was known before or is proved wrong.
_GRADES = (
    (LocateGrade.VERIFIED_WITH_DEBTOR, VerificationMethod.CALL, 0.46),
    (LocateGrade.VERIFIED_THIRD_SOURCE, VerificationMethod.SECOND_SOURCE, 0.20),
    (LocateGrade.MATCHED_UNVERIFIED, VerificationMethod.COMPARISON, 0.14),
    (LocateGrade.STALE, VerificationMethod.DOCUMENT, 0.08),
    (LocateGrade.NEGATIVE, VerificationMethod.CALL, 0.12),
)
_USABLE = 0.75


@dataclass(frozen=True)
class Verdict:
    """What the creditor says of a finding, on both axes."""

    grade: LocateGrade
    method: VerificationMethod
    authorisation: Authorisation
    note: str | None


def draw_findings(debt: Debt, *, on: date) -> list[NewFinding]:
    """What is found about the debtor by a day; nothing at all for some."""
    rng = np.random.default_rng([29, *debt.account.encode()])
    luck, known, more, rare = rng.random(4).tolist()
    if luck >= FOUND:
        return []
    mobile = f"316000{int(rng.integers(0, 10_000)):04d}"
    if known < 0.08 and debt.debtor.mobile:
        mobile = debt.debtor.mobile
    found = [_finding(rng, FindingKind.PHONE, mobile, on)]
    if more < 0.4:
        road, first, second, third = rng.integers([1, 1, 1, 10], [90, 120, 99, 98]).tolist()
        address = f"{'Calle' if road % 2 else 'Carrera'} {first} # {second}-{third}"
        found.append(_finding(rng, FindingKind.ADDRESS, address, on))
    if rare < 0.1:
        name = f"{TRADES[int(rng.integers(len(TRADES)))]} {SURNAMES[int(rng.integers(len(SURNAMES)))]} S.A.S."
        found.append(_finding(rng, FindingKind.EMPLOYER, name, on))
    return found


def draw_verdict(finding: Finding) -> Verdict:
    """How the creditor's check of a finding turns out."""
    rng = np.random.default_rng([31, *finding.value.encode()])
    luck, usable = rng.random(2).tolist()
    if finding.is_known:
        return Verdict(LocateGrade.DUPLICATE_OF_KNOWN, VerificationMethod.COMPARISON, Authorisation.UNKNOWN, None)
    for grade, method, share in _GRADES:
        if luck < share:
            return Verdict(grade, method, *_may_be_used(grade, usable))
        luck -= share
    return Verdict(LocateGrade.NEGATIVE, VerificationMethod.CALL, Authorisation.UNKNOWN, None)


def _may_be_used(grade: LocateGrade, usable: float) -> tuple[Authorisation, str | None]:
    if grade is LocateGrade.VERIFIED_WITH_DEBTOR and usable < _USABLE:
        return Authorisation.AUTHORISED, "El titular autorizó el canal en la llamada."
    if grade is LocateGrade.VERIFIED_WITH_DEBTOR:
        return Authorisation.NOT_AUTHORISED, "El titular no autoriza este canal."
    if grade is LocateGrade.VERIFIED_THIRD_SOURCE and usable < _USABLE:
        return Authorisation.AUTHORISED, "El canal consta en la autorización del contrato."
    return Authorisation.UNKNOWN, None


def _finding(rng: np.random.Generator, kind: FindingKind, raw: str, on: date) -> NewFinding:
    source, wording = _SOURCES[int(rng.integers(len(_SOURCES)))]
    return NewFinding(
        kind=kind,
        raw=raw,
        source_class=source,
        source_ref=wording.format(int(rng.integers(10_000, 99_999))),
        found_on=on - timedelta(days=int(rng.integers(0, 20))),
        evidence=_EVIDENCE,
        confidence=(Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)[int(rng.integers(3))],
    )
