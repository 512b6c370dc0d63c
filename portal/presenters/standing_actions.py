"""What the trail calls the steps of applications, of agencies' files and of panels."""

from __future__ import annotations

from agencies.kernel.errors import msg

OF_STANDING: dict[str, str] = {
    "panel.invited": msg("%(who)s invited an agency to the panel"),
    "panel.reviewed": msg("%(who)s began to review an agency"),
    "panel.suspended": msg("%(who)s suspended an agency on the panel"),
    "panel.removed": msg("%(who)s removed an agency from the panel"),
    "panel.declined": msg("%(who)s declined to be on a panel"),
    "application.confirmed": msg("Somebody confirmed an address and began an application"),
    "application.submitted": msg("An applicant handed an application in"),
    "application.withdrawn": msg("An applicant took an application back"),
    "application.expired": msg("An application expired and what it said was removed"),
    "application.taken_up": msg("%(who)s took up an application"),
    "application.more_asked": msg("%(who)s asked an applicant for more"),
    "application.approved": msg("%(who)s approved an application"),
    "application.declined": msg("%(who)s declined an application"),
    "application.file_downloaded": msg("%(who)s downloaded a file of an application"),
    "application.taken_over": msg("The agency's file was filled from its application"),
    "standing.disclosed": msg("%(who)s changed registers and disclosures on the agency's file"),
    "principal.added": msg("%(who)s added a principal to the agency's file"),
    "principal.removed": msg("%(who)s took a principal off the agency's file"),
    "document.added": msg("%(who)s added a document to the agency's file"),
    "document.removed": msg("%(who)s took a document off the agency's file"),
    "document.downloaded": msg("%(who)s downloaded a document of an agency"),
    "account.changed": msg("The bank account of the agency was changed"),
}
