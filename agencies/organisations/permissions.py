"""What each role may do, as one table."""

from __future__ import annotations

from enum import StrEnum

from agencies.kernel.tenancy import Side
from agencies.organisations.roles import SIDE_OF, SUPPORT, Role, roles_of

__all__ = ["PERMISSIONS", "SIDE_OF", "SUPPORT", "Permission", "Role", "looking", "roles_of"]


class Permission(StrEnum):
    """One thing that can be allowed, named noun.verb."""

    ORGANISATION_REGISTER = "organisation.register"
    ORGANISATION_SUSPEND = "organisation.suspend"
    ORGANISATION_VIEW = "organisation.view"
    #: What organisations apply with that are not here yet.
    APPLICATION_REVIEW = "application.review"
    USER_INVITE = "user.invite"
    USER_VIEW = "user.view"
    #: The organisation's own sign-in.
    SIGN_IN_MANAGE = "sign_in.manage"
    #: Keys by which the organisation's own systems come in.
    API_KEY_MANAGE = "api_key.manage"
    WEBHOOK_MANAGE = "webhook.manage"
    WORK_VIEW_ALL = "work.view_all"
    AUDIT_VIEW = "audit.view"
    PORTFOLIO_UPLOAD = "portfolio.upload"
    CASE_VIEW = "case.view"
    #: Taking lists of cases with their people away as files.
    CASE_EXPORT = "case.export"
    #: The same with nothing covered, for a purpose.
    CASE_EXPORT_FULL = "case.export_full"
    MANDATE_MAKE = "mandate.make"
    #: Propose terms and sign them for one's side.
    MANDATE_SIGN = "mandate.sign"
    MANDATE_VIEW = "mandate.view"
    PLACEMENT_PLAN = "placement.plan"
    PLACEMENT_VIEW = "placement.view"
    PLACEMENT_ACKNOWLEDGE = "placement.acknowledge"
    MANIFEST_DOWNLOAD = "manifest.download"
    REPORT_SUBMIT = "report.submit"
    REPORT_VIEW = "report.view"
    LEDGER_VIEW = "ledger.view"
    SCORECARD_VIEW = "scorecard.view"
    #: The agency's file: licences, insurance, coverage, services, capacity.
    STANDING_EDIT = "standing.edit"
    STANDING_VIEW = "standing.view"
    ATTESTATION_SIGN = "attestation.sign"
    ATTESTATION_REVIEW = "attestation.review"
    ATTESTATION_VIEW = "attestation.view"
    RECALL_MAKE = "recall.make"
    RECALL_ANSWER = "recall.answer"
    CASE_RETURN = "case.return"
    #: What is known of a person or a debt, and stops work.
    FLAG_RAISE = "flag.raise"
    FLAG_DECIDE = "flag.decide"
    ACTIVITY_RECORD = "activity.record"
    ENQUIRY_ASK = "enquiry.ask"
    ENQUIRY_ANSWER = "enquiry.answer"
    SLA_VIEW = "sla.view"
    LOCATE_ORDER = "locate.order"
    LOCATE_WORK = "locate.work"
    LOCATE_VERIFY = "locate.verify"
    LOCATE_VIEW = "locate.view"
    LOT_OFFER = "lot.offer"
    LOT_AWARD = "lot.award"
    LOT_VIEW = "lot.view"
    BID_SUBMIT = "bid.submit"
    CONDUCT_VIEW = "conduct.view"
    #: One covered field of a debtor in full, for a purpose.
    CONTACT_REVEAL = "contact.reveal"
    INCIDENT_REPORT = "incident.report"
    INCIDENT_VIEW = "incident.view"
    #: Decide whom to tell, tell them, export, close.
    INCIDENT_HANDLE = "incident.handle"
    #: What people ask about their own data.
    REQUEST_FORWARD = "request.forward"
    REQUEST_VIEW = "request.view"
    REQUEST_HANDLE = "request.handle"
    APPROVAL_VIEW = "approval.view"
    #: The operator's looking at a tenant's pages, for a reason and for minutes.
    SUPPORT_ASK = "support.ask"
    SUPPORT_GRANT = "support.grant"
    SUPPORT_VIEW = "support.view"
    AWARD_APPROVE = "award.approve"
    EXPORT_APPROVE = "export.approve"
    #: What may be done by one person alone.
    LIMIT_CHANGE = "limit.change"
    LIMIT_APPROVE = "limit.approve"
    BANK_ACCOUNT_CHANGE = "bank_account.change"
    BANK_ACCOUNT_APPROVE = "bank_account.approve"


_P = Permission

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.DIRECTOR: frozenset(
        {
            _P.FLAG_RAISE,
            _P.FLAG_DECIDE,
            _P.SIGN_IN_MANAGE,
            _P.API_KEY_MANAGE,
            _P.WEBHOOK_MANAGE,
            _P.INCIDENT_VIEW,
            _P.INCIDENT_HANDLE,
            _P.REQUEST_VIEW,
            _P.REQUEST_HANDLE,
            _P.ORGANISATION_VIEW,
            _P.USER_INVITE,
            _P.USER_VIEW,
            _P.AUDIT_VIEW,
            _P.PORTFOLIO_UPLOAD,
            _P.CASE_VIEW,
            _P.CASE_EXPORT,
            _P.MANDATE_MAKE,
            _P.MANDATE_SIGN,
            _P.MANDATE_VIEW,
            _P.PLACEMENT_PLAN,
            _P.PLACEMENT_VIEW,
            _P.REPORT_VIEW,
            _P.LEDGER_VIEW,
            _P.SCORECARD_VIEW,
            _P.STANDING_VIEW,
            _P.ATTESTATION_REVIEW,
            _P.ATTESTATION_VIEW,
            _P.RECALL_MAKE,
            _P.ENQUIRY_ANSWER,
            _P.SLA_VIEW,
            _P.LOCATE_ORDER,
            _P.LOCATE_VERIFY,
            _P.LOCATE_VIEW,
            _P.LOT_OFFER,
            _P.LOT_AWARD,
            _P.LOT_VIEW,
            _P.CONDUCT_VIEW,
            _P.APPROVAL_VIEW,
            _P.AWARD_APPROVE,
            _P.EXPORT_APPROVE,
            _P.LIMIT_CHANGE,
            _P.LIMIT_APPROVE,
            _P.BANK_ACCOUNT_CHANGE,
            _P.BANK_ACCOUNT_APPROVE,
            _P.SUPPORT_GRANT,
            _P.SUPPORT_VIEW,
        }
    ),
    Role.ANALYST: frozenset(
        {
            _P.FLAG_RAISE,
            _P.FLAG_DECIDE,
            _P.ORGANISATION_VIEW,
            _P.PORTFOLIO_UPLOAD,
            _P.CASE_VIEW,
            _P.CONTACT_REVEAL,
            _P.CASE_EXPORT,
            _P.CASE_EXPORT_FULL,
            _P.MANDATE_VIEW,
            _P.PLACEMENT_PLAN,
            _P.PLACEMENT_VIEW,
            _P.REPORT_VIEW,
            _P.SCORECARD_VIEW,
            _P.STANDING_VIEW,
            _P.ATTESTATION_VIEW,
            _P.RECALL_MAKE,
            _P.ENQUIRY_ANSWER,
            _P.SLA_VIEW,
            _P.LOCATE_ORDER,
            _P.LOCATE_VERIFY,
            _P.LOCATE_VIEW,
            _P.LOT_OFFER,
            _P.LOT_VIEW,
            _P.CONDUCT_VIEW,
            _P.APPROVAL_VIEW,
        }
    ),
    Role.FINANCE: frozenset(
        {
            _P.ORGANISATION_VIEW,
            _P.MANDATE_VIEW,
            _P.REPORT_VIEW,
            _P.LEDGER_VIEW,
            _P.SCORECARD_VIEW,
            _P.SLA_VIEW,
            _P.LOCATE_VIEW,
            _P.APPROVAL_VIEW,
            _P.AWARD_APPROVE,
            _P.LIMIT_APPROVE,
            _P.BANK_ACCOUNT_CHANGE,
            _P.BANK_ACCOUNT_APPROVE,
        }
    ),
    Role.COMPLIANCE: frozenset(
        {
            _P.FLAG_RAISE,
            _P.FLAG_DECIDE,
            _P.INCIDENT_VIEW,
            _P.INCIDENT_HANDLE,
            _P.REQUEST_VIEW,
            _P.REQUEST_HANDLE,
            _P.ORGANISATION_VIEW,
            _P.USER_VIEW,
            _P.AUDIT_VIEW,
            _P.CASE_VIEW,
            _P.CONTACT_REVEAL,
            _P.CASE_EXPORT,
            _P.CASE_EXPORT_FULL,
            _P.PLACEMENT_VIEW,
            _P.REPORT_VIEW,
            _P.SCORECARD_VIEW,
            _P.STANDING_VIEW,
            _P.ATTESTATION_REVIEW,
            _P.ATTESTATION_VIEW,
            _P.SLA_VIEW,
            _P.LOCATE_VIEW,
            _P.CONDUCT_VIEW,
            _P.APPROVAL_VIEW,
            _P.EXPORT_APPROVE,
            _P.LIMIT_APPROVE,
            _P.SUPPORT_VIEW,
        }
    ),
    Role.MANAGER: frozenset(
        {
            _P.FLAG_RAISE,
            _P.SIGN_IN_MANAGE,
            _P.API_KEY_MANAGE,
            _P.WEBHOOK_MANAGE,
            _P.INCIDENT_REPORT,
            _P.INCIDENT_VIEW,
            _P.REQUEST_FORWARD,
            _P.ORGANISATION_VIEW,
            _P.USER_INVITE,
            _P.USER_VIEW,
            _P.AUDIT_VIEW,
            _P.CASE_VIEW,
            _P.CONTACT_REVEAL,
            _P.CASE_EXPORT,
            _P.CASE_EXPORT_FULL,
            _P.MANDATE_SIGN,
            _P.MANDATE_VIEW,
            _P.PLACEMENT_VIEW,
            _P.PLACEMENT_ACKNOWLEDGE,
            _P.MANIFEST_DOWNLOAD,
            _P.REPORT_SUBMIT,
            _P.REPORT_VIEW,
            _P.LEDGER_VIEW,
            _P.SCORECARD_VIEW,
            _P.STANDING_EDIT,
            _P.STANDING_VIEW,
            _P.ATTESTATION_SIGN,
            _P.ATTESTATION_VIEW,
            _P.RECALL_ANSWER,
            _P.CASE_RETURN,
            _P.ACTIVITY_RECORD,
            _P.ENQUIRY_ASK,
            _P.SLA_VIEW,
            _P.LOCATE_WORK,
            _P.LOCATE_VIEW,
            _P.LOT_VIEW,
            _P.BID_SUBMIT,
            _P.CONDUCT_VIEW,
            _P.APPROVAL_VIEW,
            _P.EXPORT_APPROVE,
            _P.LIMIT_CHANGE,
            _P.LIMIT_APPROVE,
            _P.BANK_ACCOUNT_CHANGE,
            _P.BANK_ACCOUNT_APPROVE,
            _P.SUPPORT_GRANT,
            _P.SUPPORT_VIEW,
        }
    ),
    Role.AGENT: frozenset(
        {
            _P.FLAG_RAISE,
            _P.INCIDENT_REPORT,
            _P.CASE_VIEW,
            _P.CONTACT_REVEAL,
            _P.CASE_EXPORT,
            _P.PLACEMENT_VIEW,
            _P.CASE_RETURN,
            _P.ENQUIRY_ASK,
            _P.ACTIVITY_RECORD,
            _P.APPROVAL_VIEW,
        }
    ),
    Role.INVESTIGATOR: frozenset(
        {
            _P.INCIDENT_REPORT,
            _P.CASE_VIEW,
            _P.CONTACT_REVEAL,
            _P.CASE_EXPORT,
            _P.LOCATE_WORK,
            _P.LOCATE_VIEW,
            _P.APPROVAL_VIEW,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            _P.ORGANISATION_REGISTER,
            _P.ORGANISATION_SUSPEND,
            _P.ORGANISATION_VIEW,
            _P.APPLICATION_REVIEW,
            _P.USER_INVITE,
            _P.USER_VIEW,
            _P.WORK_VIEW_ALL,
            _P.AUDIT_VIEW,
            _P.SUPPORT_ASK,
            _P.SUPPORT_VIEW,
        }
    ),
}


def looking(side: Side) -> frozenset[str]:
    """What somebody may do who looks at all that a side's people look at, and does nothing else."""
    held = {one for role, permissions in PERMISSIONS.items() if SIDE_OF[role] is side for one in permissions}
    return frozenset(one for one in held if one.endswith(".view"))


PERMISSIONS[Role.AUDITOR] = looking(Side.CREDITOR)
