"""Kind of file -> its schema."""

from __future__ import annotations

from uploads.models import UploadKind
from uploads.schemas.activities import ACTIVITIES
from uploads.schemas.fields import Schema
from uploads.schemas.findings import FINDINGS
from uploads.schemas.payments import PAYMENTS
from uploads.schemas.portfolio import PORTFOLIO

SCHEMAS: dict[UploadKind, Schema] = {
    UploadKind.PORTFOLIO: PORTFOLIO,
    UploadKind.PAYMENTS: PAYMENTS,
    UploadKind.ACTIVITIES: ACTIVITIES,
    UploadKind.FINDINGS: FINDINGS,
}
