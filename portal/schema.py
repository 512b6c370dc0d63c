"""Imports every module of tables once, so that the metadata is whole for migrations, tests and commands."""

from agencies.attestations import models as attestations
from agencies.kernel import audit, notices, outbox, schedules, work
from agencies.kernel.base import Base
from agencies.mandates import models as mandates
from agencies.organisations import models as organisations
from agencies.scorecards import models as scorecards
from agencies.standing import models as standing
from assignments.cases import models as cases
from assignments.conduct import models as conduct
from assignments.contacts import models as contacts
from assignments.ledger import models as ledger
from assignments.locates import models as locates
from assignments.marketplace import models as marketplace
from assignments.placements import models as placements
from assignments.reports import models as reports
from assignments.sla import models as sla
from uploads import models as uploads
from uploads import staging

metadata = Base.metadata

__all__ = [
    "attestations",
    "audit",
    "cases",
    "conduct",
    "contacts",
    "ledger",
    "locates",
    "mandates",
    "marketplace",
    "metadata",
    "notices",
    "organisations",
    "outbox",
    "placements",
    "reports",
    "schedules",
    "scorecards",
    "sla",
    "staging",
    "standing",
    "uploads",
    "work",
]
