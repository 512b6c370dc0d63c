"""An organisation's own sign-in: its provider and its domains."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from agencies.kernel.errors import msg
from portal.addresses import allows_loopback, is_loopback
from portal.forms.base import PortalForm


class ProviderForm(PortalForm):
    """What the provider calls itself and us, and what its word is good for."""

    issuer = StringField(msg("Issuer"), [DataRequired(), Length(max=300)])
    client_id = StringField(msg("Client id"), [DataRequired(), Length(max=200)])
    client_secret = PasswordField(msg("Client secret"), [Length(max=500)])
    is_required = BooleanField(msg("Our people come in by our own sign-in alone"))
    trusts_factor = BooleanField(msg("A second factor asked for by our sign-in counts here too"))
    vouches_for_emails = BooleanField(msg("Our sign-in knows only confirmed addresses, although it does not say so"))

    def validate_issuer(self, field: StringField) -> None:
        """An address by https, without query or password."""
        parts = urlsplit(field.data or "")
        is_plain = parts.hostname and not (parts.query or parts.fragment or parts.username or parts.password)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and allows_loopback() and is_loopback(parts))
        if not (is_plain and is_safe):
            raise ValidationError(msg("Enter the issuer’s address as your provider shows it, beginning with https://"))

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return {
            "issuer": self.issuer.data or "",
            "client_id": self.client_id.data or "",
            "client_secret": self.client_secret.data or "",
            "required": bool(self.is_required.data),
            "trusts_factor": bool(self.trusts_factor.data),
            "vouches_for_emails": bool(self.vouches_for_emails.data),
        }


class DomainForm(PortalForm):
    """What the addresses of an organisation's people end with."""

    domain = StringField(msg("Domain"), [DataRequired(), Length(max=253)])
