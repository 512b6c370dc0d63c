"""Kind of file -> its schema."""

from __future__ import annotations

from uploads.models import UploadKind
from uploads.schemas.activities import ACTIVITIES
from uploads.schemas.closures import CLOSURES
from uploads.schemas.creditor_payments import CREDITOR_PAYMENTS
from uploads.schemas.fields import Schema
from uploads.schemas.findings import FINDINGS
from uploads.schemas.inventory import INVENTORY
from uploads.schemas.payments import PAYMENTS
from uploads.schemas.portfolio import PORTFOLIO
from uploads.schemas.portfolio_update import PORTFOLIO_UPDATE
from uploads.schemas.promises import PROMISES
from uploads.schemas.recall_list import RECALL_LIST

SCHEMAS: dict[UploadKind, Schema] = {
    UploadKind.PORTFOLIO: PORTFOLIO,
    UploadKind.PORTFOLIO_UPDATE: PORTFOLIO_UPDATE,
    UploadKind.CREDITOR_PAYMENTS: CREDITOR_PAYMENTS,
    UploadKind.RECALL_LIST: RECALL_LIST,
    UploadKind.PAYMENTS: PAYMENTS,
    UploadKind.ACTIVITIES: ACTIVITIES,
    UploadKind.PROMISES: PROMISES,
    UploadKind.CLOSURES: CLOSURES,
    UploadKind.INVENTORY: INVENTORY,
    UploadKind.FINDINGS: FINDINGS,
}
