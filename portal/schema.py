"""Imports every module of tables once, so that the metadata is whole for migrations, tests and commands."""

from agencies.applications import models as applications
from agencies.approvals import models as approvals
from agencies.attestations import models as attestations
from agencies.attestations import subprocessors
from agencies.kernel import audit, chains, letters, notices, outbox, schedules, work
from agencies.kernel.base import Base
from agencies.mandates import models as mandates
from agencies.mandates import signatures
from agencies.organisations import api_answers, api_keys, emails, factors, links, providers, support_accesses
from agencies.organisations import models as organisations
from agencies.scorecards import models as scorecards
from agencies.standing import models as standing
from agencies.webhooks import models as webhooks
from assignments.cases import changes
from assignments.cases import models as cases
from assignments.conduct import models as conduct
from assignments.contacts import models as contacts
from assignments.flags import models as flags
from assignments.incidents import models as incidents
from assignments.inventories import models as inventories
from assignments.ledger import models as ledger
from assignments.locates import models as locates
from assignments.marketplace import models as marketplace
from assignments.matches import models as matches
from assignments.placements import history, rejections
from assignments.placements import models as placements
from assignments.promises import models as promises
from assignments.reads import models as reads
from assignments.reports import creditor_payments
from assignments.reports import models as reports
from assignments.segments import models as segments
from assignments.sla import models as sla
from assignments.subjects import models as subjects
from uploads import filelayouts, transfers
from uploads import models as uploads
from uploads.checking import staging

metadata = Base.metadata

__all__ = [
    "api_answers",
    "api_keys",
    "applications",
    "approvals",
    "attestations",
    "audit",
    "cases",
    "chains",
    "changes",
    "conduct",
    "contacts",
    "creditor_payments",
    "emails",
    "factors",
    "filelayouts",
    "flags",
    "history",
    "incidents",
    "inventories",
    "ledger",
    "letters",
    "links",
    "locates",
    "mandates",
    "marketplace",
    "matches",
    "metadata",
    "notices",
    "organisations",
    "outbox",
    "placements",
    "promises",
    "providers",
    "reads",
    "rejections",
    "reports",
    "schedules",
    "scorecards",
    "segments",
    "signatures",
    "sla",
    "staging",
    "standing",
    "subjects",
    "subprocessors",
    "support_accesses",
    "transfers",
    "uploads",
    "webhooks",
    "work",
]
