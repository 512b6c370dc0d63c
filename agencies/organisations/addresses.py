"""E-mail addresses in the one form in which they are compared."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from agencies.organisations.service import EmailUnusable


def normal_address(email: str) -> str:
    """An address as it is kept; raises `EmailUnusable`."""
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as unusable:
        raise EmailUnusable from unusable
