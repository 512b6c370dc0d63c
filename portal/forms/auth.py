"""Signing in and accepting an invitation."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from agencies.kernel.errors import msg
from portal.forms.base import PortalForm


class SignInForm(PortalForm):
    """E-mail and password, and where to go afterwards."""

    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)])
    password = PasswordField(msg("Password"), [InputRequired(), Length(max=1024)])
    next = HiddenField()


class CompanyForm(PortalForm):
    """Whose sign-in it shall be, and where to go afterwards."""

    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)])
    next = HiddenField()


class ForgottenForm(PortalForm):
    """Where the link should go."""

    email = StringField(msg("E-mail"), [DataRequired(), Length(max=254)])


class NewPasswordForm(PortalForm):
    """A new password, twice."""

    password = PasswordField(msg("New password"), [InputRequired()])
    repeated = PasswordField(
        msg("The password again"), [InputRequired(), EqualTo("password", msg("The two passwords differ."))]
    )


class OwnPasswordForm(NewPasswordForm):
    """A new password of one's own, by who knows the present one."""

    present = PasswordField(msg("Present password"), [InputRequired(), Length(max=1024)])


class OwnEmailForm(PortalForm):
    """The address one wants to sign in with."""

    email = StringField(msg("New e-mail"), [DataRequired(), Length(max=254)])


class AcceptForm(PortalForm):
    """What an invited person sets."""

    name = StringField(msg("Your name"), [DataRequired(), Length(max=120)])
    password = PasswordField(msg("Password"), [InputRequired()])
    repeated = PasswordField(
        msg("The password again"), [InputRequired(), EqualTo("password", msg("The two passwords differ."))]
    )
