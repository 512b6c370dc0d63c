"""The kinds of files, each with who sends it and what that takes."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from uploads.models import UploadKind


@dataclass(frozen=True)
class Sender:
    """Who sends files of a kind, decides on them and looks into them."""

    side: Side
    permission: Permission


SENDERS: dict[UploadKind, Sender] = {
    UploadKind.PORTFOLIO: Sender(Side.CREDITOR, Permission.PORTFOLIO_UPLOAD),
    UploadKind.PORTFOLIO_UPDATE: Sender(Side.CREDITOR, Permission.PORTFOLIO_UPLOAD),
    UploadKind.CREDITOR_PAYMENTS: Sender(Side.CREDITOR, Permission.PORTFOLIO_UPLOAD),
    UploadKind.RECALL_LIST: Sender(Side.CREDITOR, Permission.RECALL_MAKE),
    UploadKind.PAYMENTS: Sender(Side.AGENCY, Permission.REPORT_SUBMIT),
    UploadKind.ACTIVITIES: Sender(Side.AGENCY, Permission.REPORT_SUBMIT),
    UploadKind.PROMISES: Sender(Side.AGENCY, Permission.REPORT_SUBMIT),
    UploadKind.CLOSURES: Sender(Side.AGENCY, Permission.CASE_RETURN),
    UploadKind.INVENTORY: Sender(Side.AGENCY, Permission.REPORT_SUBMIT),
    UploadKind.FINDINGS: Sender(Side.AGENCY, Permission.LOCATE_WORK),
}
#: What it takes to send, decide on and look into a file of a kind.
SENDERS_PERMISSION = {kind: sender.permission for kind, sender in SENDERS.items()}
