"""The people of one's own organisation: who they are, invite, disable."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict, Invalid
from agencies.kernel.session import transaction
from agencies.organisations import access, invitations, queries, resets, service
from agencies.organisations.permissions import Permission, Role, roles_of
from agencies.organisations.service import RoleOfAnotherSide, manageable_user
from portal import throttle
from portal.addresses import local_target
from portal.extensions import db, limiter
from portal.forms.organisations import InvitationForm
from portal.forms.refusals import refuse
from portal.identity import current_actor
from portal.presenters.people import people
from portal.security import requires, steps_up

blueprint = Blueprint("users", __name__, url_prefix="/users")


@blueprint.get("/")
@requires(Permission.USER_VIEW)
def index() -> str:
    """Everybody of the actor's organisation."""
    actor = current_actor()
    return render_template("users/index.html", people=people(queries.list_users(db.session, actor), actor))


@blueprint.get("/invite")
@requires(Permission.USER_INVITE)
@steps_up
def invite() -> str:
    """Ask whom to invite."""
    return render_template("users/invite.html", form=InvitationForm().offer(roles_of(current_actor().side)))


@blueprint.post("/invite")
@requires(Permission.USER_INVITE)
@steps_up
def send() -> Response | tuple[str, int]:
    """Invite by letter."""
    form = InvitationForm(request.form).offer(roles_of(current_actor().side))
    invited = try_to_invite(form)
    if invited is not None:
        return say_sent(invited, url_for("users.index"))
    return render_template("users/invite.html", form=form), form.refused_with


@blueprint.post('/<ref("user"):user_id>/invite-again')
@requires(Permission.USER_INVITE)
@steps_up
def invite_again(user_id: int) -> Response:
    """A new letter for somebody who has not come in yet."""
    with transaction(db.session):
        invited = service.invite_again(db.session, current_actor(), user_id, now=utc_now())
        invitations.post(db.session, current_actor(), invited, now=utc_now())
    return say_sent(invited, _back())


@blueprint.post('/<ref("user"):user_id>/reset')
@requires(Permission.USER_INVITE)
@limiter.limit("30 per hour", key_func=throttle.by_person)
def reset(user_id: int) -> Response:
    """Have a link for a new password sent to somebody; who asks for it sees neither the link nor the password."""
    with transaction(db.session):
        resets.start(db.session, current_actor(), user_id, now=utc_now())
    flash(_("A letter with a link to choose a new password is on its way to this person."), "success")
    return redirect(_back(), code=303)


@blueprint.post('/<ref("user"):user_id>/role')
@requires(Permission.USER_INVITE)
@steps_up
def change_role(user_id: int) -> Response:
    """Give somebody another role."""
    chosen = request.form.get("role", "")
    manageable_user(db.session, current_actor(), user_id)
    if chosen not in set(Role):
        raise RoleOfAnotherSide
    with transaction(db.session):
        access.change_role(db.session, current_actor(), user_id, Role(chosen), now=utc_now())
    flash(_("The role has changed; the person signs in again with it."), "success")
    return redirect(_back(), code=303)


@blueprint.post('/<ref("user"):user_id>/disable')
@requires(Permission.USER_INVITE)
def disable(user_id: int) -> Response:
    """Keep somebody out."""
    with transaction(db.session):
        access.disable(db.session, current_actor(), user_id, now=utc_now())
    flash(_("This person can no longer sign in."), "success")
    return redirect(_back(), code=303)


@blueprint.post('/<ref("user"):user_id>/enable')
@requires(Permission.USER_INVITE)
@steps_up
def enable(user_id: int) -> Response:
    """Let somebody in again."""
    with transaction(db.session):
        access.enable(db.session, current_actor(), user_id, now=utc_now())
    flash(_("This person can sign in again."), "success")
    return redirect(_back(), code=303)


def try_to_invite(form: InvitationForm, organisation_id: int | None = None) -> service.Invited | None:
    """Invite whom the form names, or put on the form why not."""
    if not form.validate():
        return None
    try:
        with transaction(db.session):
            invited = service.invite(
                db.session,
                current_actor(),
                email=form.email.data or "",
                name=form.name.data or "",
                role=Role(form.role.data),
                organisation_id=organisation_id,
                now=utc_now(),
            )
            invitations.post(db.session, current_actor(), invited, now=utc_now())
            return invited
    except (Conflict, Invalid) as refused:
        refuse(form, refused)
        return None


def say_sent(invited: service.Invited, back: str) -> Response:
    """Say where the letter with the link went; nobody but its reader sees the link."""
    told = _("An invitation was sent to %(email)s; the link works once, for seven days.", email=invited.user.email)
    flash(told, "success")
    return redirect(back, code=303)


def _back() -> str:
    return local_target(request.form.get("next")) or url_for("users.index")
