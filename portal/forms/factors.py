"""What proves who somebody is."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm


class CodeForm(PortalForm):
    """A code of the app, or a recovery code, and where to go afterwards."""

    code = StringField(msg("Code"), [DataRequired(), Length(max=60)])
    next = HiddenField()


class PasswordForm(PortalForm):
    """The password once more."""

    password = PasswordField(msg("Password"), [DataRequired(), Length(max=1024)])
    next = HiddenField()


class PasskeyForm(PortalForm):
    """What a device has answered, what its owner calls it, and where to go afterwards."""

    response = HiddenField()
    name = StringField(msg("What you call it"), [Length(max=60)])
    next = HiddenField()
