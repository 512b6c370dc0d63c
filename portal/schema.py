"""Imports every module of tables once, so that the metadata is whole for migrations, tests and commands."""

from agencies.kernel import audit, notices, outbox, schedules, work
from agencies.kernel.base import Base
from agencies.mandates import models as mandates
from agencies.organisations import models as organisations
from agencies.scorecards import models as scorecards
from agencies.standing import models as standing
from assignments.cases import models as cases
from assignments.contacts import models as contacts
from assignments.ledger import models as ledger
from assignments.placements import models as placements
from assignments.reports import models as reports
from uploads import models as uploads
from uploads import staging

metadata = Base.metadata

__all__ = [
    "audit",
    "cases",
    "contacts",
    "ledger",
    "mandates",
    "metadata",
    "notices",
    "organisations",
    "outbox",
    "placements",
    "reports",
    "schedules",
    "scorecards",
    "staging",
    "standing",
    "uploads",
    "work",
]
