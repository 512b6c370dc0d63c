"""How each kind of approved act is carried out: the one table that whoever approves sends along.

A carrier acts as whoever asked, with the approver named beside them (`Actor.approved_by`), on exactly the subject that
was frozen; it commits nothing and raises `SubjectChanged` where the thing is no longer what was asked about.
"""

from __future__ import annotations

from agencies.approvals.carrying import Carriers
from agencies.approvals.exports import grant
from agencies.approvals.limits import set_limit
from agencies.approvals.models import ApprovalKind
from agencies.standing import changes as accounts
from assignments.marketplace import second_person as award

CARRIERS: Carriers = {
    ApprovalKind.AWARD: award.carry_out,
    ApprovalKind.BANK_ACCOUNT: accounts.put_in_force,
    ApprovalKind.EXPORT: grant,
    ApprovalKind.LIMIT: set_limit,
}
