"""Takes back what an applied file made, as long as nothing has come of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side, require_side
from assignments.cases.changes import BalanceAdjustment, CaseUpdate
from assignments.cases.models import Case, LotCase, Portfolio
from assignments.locates.models import LocateOrder
from assignments.matches.models import DebtorMatch
from assignments.placements.models import Placement
from assignments.reports.creditor_payments import CreditorPayment
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload, UploadKind

#: The work in whose steps a file is undone.
UNDO = "undo_upload"

_USED = msg("something has come of its cases since")
_MERGED = msg("debtors of it were found to be one person with others")
#: What was taken back stands in the history too: a case about which something was said does not vanish.
_TOLD = msg("later files told payments or changes of its cases, and that stays on record even when they were undone")
#: What would be left without its case, the most frequent first.
_DEPENDENTS: tuple[tuple[InstrumentedAttribute[int], InstrumentedAttribute[int], str], ...] = (
    (Placement.creditor_id, Placement.case_id, msg("cases of it were placed with an agency")),
    (LotCase.creditor_id, LotCase.case_id, msg("cases of it were listed in a lot")),
    (LocateOrder.creditor_id, LocateOrder.case_id, msg("people of it were ordered to be found")),
    (CreditorPayment.creditor_id, CreditorPayment.case_id, _TOLD),
    (BalanceAdjustment.creditor_id, BalanceAdjustment.case_id, _TOLD),
    (CaseUpdate.creditor_id, CaseUpdate.case_id, _TOLD),
)
#: Kinds that are history from the moment they are applied.
KEPT = {
    UploadKind.PAYMENTS: msg("payments are in the ledger; what was wrong is put right by a correction of the report"),
    UploadKind.ACTIVITIES: msg("activities are history, and deadlines were counted by them"),
    UploadKind.CLOSURES: msg("cases that went back are the creditor's; ask the creditor to place them with you anew"),
    UploadKind.FINDINGS: msg("the creditor may have seen the findings; its verification desk grades what was wrong"),
}
NOT_TAKEN_BACK = msg("files of this kind are not taken back")


def refuse_used_portfolio(session: Session, actor: Actor, upload: Upload) -> None:
    """Raise `CannotBeUndone` with its reason when something stands on the cases a file made."""
    creditor_id = require_side(actor, Side.CREDITOR)
    opened = select(Portfolio.id).where(Portfolio.creditor_id == creditor_id, Portfolio.upload_id == upload.id)
    made = select(Case.id).where(Case.creditor_id == creditor_id, Case.portfolio_id.in_(opened))
    for owner, case_id, reason in _DEPENDENTS:
        if session.scalar(select(exists().where(owner == creditor_id, case_id.in_(made)))):
            raise CannotBeUndone(reason)
    people = select(Case.debtor_id).where(Case.creditor_id == creditor_id, Case.portfolio_id.in_(opened))
    merged = (
        DebtorMatch.creditor_id == creditor_id,
        DebtorMatch.kept_id.in_(people),
        DebtorMatch.decided_at >= upload.applied_at,
    )
    if session.scalar(select(exists().where(*merged))):
        raise CannotBeUndone(_MERGED)


def undo_portfolio(session: Session, actor: Actor, upload: Upload, _now: datetime) -> dict[str, int]:
    """Delete the cases of a file, the debtors that came with it alone, and its portfolio; says how many."""
    refuse_used_portfolio(session, actor, upload)
    statement = text("select cases_gone, debtors_gone from undo_portfolio(:creditor, :file)")
    try:
        with session.begin_nested():
            gone = session.execute(statement, {"creditor": upload.organisation_id, "file": upload.id}).one()
    except IntegrityError as used:
        raise CannotBeUndone(_USED) from used
    session.expire_all()
    return {"cases": gone.cases_gone, "debtors": gone.debtors_gone}
