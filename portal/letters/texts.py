"""What each kind of letter says.

A text may name `%(organisation)s`, `%(at)s` (when it happened, on the organisation's clock), `%(until)s` (how long the
link works), `%(email)s` (the person's address now) and the letter's own details. It names nothing that somebody outside
the organisation could have written, for a letter of ours would carry it into people's postboxes.
"""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg

_NOT_YOU = msg(
    "If this was not you, choose a new password at once with “Forgot your password?” on the sign-in page, and tell "
    "whoever administers Encargo in your organisation."
)
_IGNORE = msg("If it was not you, ignore this letter: nothing changes as long as nobody uses the link.")


@dataclass(frozen=True)
class Letter:
    """A kind of letter: subject, paragraphs, and the label of its link if it has one."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str | None = None
    #: What follows the link.
    afterwards: tuple[str, ...] = ()
    #: Why the reader is written to, where it is not because of access they have.
    why: str | None = None


def _notice(subject: str, what: str) -> Letter:
    return Letter(subject, (what, _NOT_YOU))


def _on_people(subject: str, what: str) -> Letter:
    """Two persons have to agree on what matters most; so whoever manages the people knows who they are."""
    return Letter(
        subject,
        (
            what,
            msg(
                "Look at the people of your organisation in Encargo. If you do not know this person, or the role is "
                "not right, disable the access at once and ask who gave it."
            ),
        ),
    )


def _on_keys(subject: str, what: str) -> Letter:
    """A key is a way in without anybody: whoever manages the organisation knows of each."""
    look = msg(
        "Look at it in Encargo, under “API keys”. If nobody can say what a key is for, revoke it and ask who made it."
    )
    return Letter(subject, (what, look))


_APPLIED = msg(
    "%(organisation)s writes to you because this address was given in an application. We never ask for a password or "
    "a code, neither by e-mail nor by telephone."
)

LETTERS: dict[str, Letter] = {
    "application.link": Letter(
        msg("Your application to work on Encargo"),
        (
            msg("Somebody, probably you, asked on %(at)s to apply with this address, or to go on with an application."),
            msg("This link confirms the address and opens the application. It works once, until %(until)s."),
        ),
        msg("Open the application"),
        (_IGNORE,),
        why=_APPLIED,
    ),
    "application.submitted": Letter(
        msg("Your application has arrived"),
        (msg("The application was handed in on %(at)s. The operator looks at it and writes to you."),),
        why=_APPLIED,
    ),
    "application.more_asked": Letter(
        msg("Your application: something more is asked for"),
        (
            msg("The operator has looked at your application and asks for more; what it is stands on its page."),
            msg("This link opens the application. It works once, until %(until)s."),
        ),
        msg("Open the application"),
        why=_APPLIED,
    ),
    "application.declined": Letter(
        msg("Your application was declined"),
        (
            msg("The operator has declined your application on %(at)s; the reason stands on its page."),
            msg("This link opens it. It works once, until %(until)s."),
        ),
        msg("Open the application"),
        why=_APPLIED,
    ),
    "bank_account.changed": _notice(
        msg("The bank account of %(organisation)s was changed"),
        msg(
            "On %(at)s another bank account of %(organisation)s came into force: two persons of it asked and agreed. "
            "Look at it on the page of your file; if nobody there knows of it, tell the operator at once."
        ),
    ),
    "invitation": Letter(
        msg("%(organisation)s invites you to Encargo"),
        (
            msg("%(organisation)s has prepared access to Encargo for you: the portal between creditors and agencies."),
            msg("Set your name and your password with this link. It works once, until %(until)s."),
        ),
        msg("Accept the invitation"),
        (msg("If you do not expect this invitation, ignore this letter: without you nothing happens."),),
    ),
    "colleague.invited": _on_people(
        msg("A colleague was invited into %(organisation)s"),
        msg("On %(at)s somebody who manages %(organisation)s in Encargo, as you do, invited a colleague."),
    ),
    "colleague.role_changed": _on_people(
        msg("A colleague in %(organisation)s was given another role"),
        msg("On %(at)s somebody who manages %(organisation)s in Encargo, as you do, gave a colleague another role."),
    ),
    "key.made": _on_keys(
        msg("An API key was made for %(organisation)s"),
        msg("On %(at)s somebody who manages %(organisation)s in Encargo, as you do, made an API key."),
    ),
    "key.made_by_you": _notice(
        msg("An API key was made with your access"),
        msg(
            "On %(at)s an API key for a system of %(organisation)s was made with your access to Encargo. It works "
            "without a password until it expires or is revoked under “API keys”."
        ),
    ),
    "key.revoked": _on_keys(
        msg("An API key of %(organisation)s was revoked"),
        msg("On %(at)s somebody who manages %(organisation)s in Encargo, as you do, revoked an API key."),
    ),
    "colleague.enabled": _on_people(
        msg("A colleague of %(organisation)s was let in again"),
        msg("On %(at)s somebody who manages %(organisation)s in Encargo, as you do, let a colleague in again."),
    ),
    "password.reset": Letter(
        msg("Choose a new password for Encargo"),
        (
            msg("Somebody, probably you, asked on %(at)s for a new password for this e-mail address."),
            msg("This link lets you choose one. It works once, until %(until)s; your second factor stays as it is."),
        ),
        msg("Choose a new password"),
        (_IGNORE,),
    ),
    "password.reset_started": Letter(
        msg("Choose a new password for Encargo"),
        (
            msg("Whoever administers Encargo for %(organisation)s asks you to choose a new password."),
            msg("This link lets you choose one. It works once, until %(until)s; your second factor stays as it is."),
        ),
        msg("Choose a new password"),
        (msg("Nobody but you sees this link or the password you choose."),),
    ),
    "password.elsewhere": Letter(
        msg("You sign in with your organisation’s own sign-in"),
        (
            msg("Somebody, probably you, asked on %(at)s for a new password for this e-mail address."),
            msg(
                "There is no password to renew: people of %(organisation)s come in with the organisation’s own "
                "sign-in. If that does not let you in, ask your own IT support."
            ),
        ),
        msg("Sign in"),
    ),
    "password.changed": _notice(
        msg("Your password was changed"),
        msg("The password of your access to Encargo was changed on %(at)s, and all your other sessions were ended."),
    ),
    "email.confirm": Letter(
        msg("Confirm your new e-mail address"),
        (
            msg("Somebody, probably you, asked on %(at)s to use this e-mail address for their access to Encargo."),
            msg("The address counts once you confirm it. The link works once, until %(until)s."),
        ),
        msg("Confirm this address"),
        (_IGNORE,),
    ),
    "email.asked": Letter(
        msg("A change of your e-mail address was asked for"),
        (
            msg("On %(at)s a change of the e-mail address of your access to Encargo was asked for."),
            msg("If it was you, confirm it with the letter that went to the new address; here is nothing to do."),
            msg("If it was not you, stop it with this link and choose a new password."),
        ),
        msg("Stop the change"),
    ),
    "email.changed": Letter(
        msg("Your e-mail address was changed"),
        (
            msg("On %(at)s the e-mail address of your access to Encargo was changed; this one no longer signs in."),
            msg(
                "If it was not you, this link brings the former address back, ends all sessions and makes password and "
                "second factors worthless. It works until %(until)s."
            ),
        ),
        msg("Bring the former address back"),
    ),
    "email.restored": _notice(
        msg("Your former e-mail address is back"),
        msg(
            "On %(at)s the change of your e-mail address was taken back. Your sessions were ended; your password, "
            "authenticator app, passkeys and recovery codes were made worthless. Choose a new password with “Forgot "
            "your password?” on the sign-in page, and set up a new second factor when you sign in. API keys made with "
            "your access since the change was asked for have stopped working too; look at the others under “API keys”."
        ),
    ),
    "attestation.expiring": Letter(
        msg("%(code)s runs out on %(last_on)s"),
        (
            msg(
                "The attestation %(code)s holds until %(last_on)s. After that day whatever its "
                "template names is stopped."
            ),
            msg("Renew it in Encargo, under Attestations: filled in, proved, signed, and accepted by the creditor."),
        ),
    ),
    "attestation.expired": Letter(
        msg("%(code)s ran out on %(last_on)s"),
        (
            msg("The attestation %(code)s held until %(last_on)s. Whatever its template names is stopped since then."),
            msg("Renew it in Encargo, under Attestations: filled in, proved, signed, and accepted by the creditor."),
        ),
    ),
    "attestation.replaced": Letter(
        msg("%(code)s has a new version from %(from_on)s"),
        (
            msg("What was signed by the version before holds until %(last_on)s."),
            msg("The new version can be signed in Encargo now, under Attestations, so that nothing stops on the day."),
        ),
    ),
    "incident.reported": Letter(
        msg("An agency reported a breach of personal data"),
        (
            msg(
                "An agency that holds data of debtors of %(organisation)s reported a breach of them. What happened, "
                "whose data are touched and every legal deadline stand in Encargo, under Incidents."
            ),
            msg("The deadlines run since the agency knew of it. Decide there whom to tell, with reasons."),
        ),
    ),
    "incident.due": Letter(
        msg("A legal deadline about a breach of personal data: %(due_on)s"),
        (
            msg(
                "The law gives time until %(due_on)s to tell of a breach of personal data, and it is not recorded that "
                "this was done."
            ),
            msg("Look at the incident in Encargo, under Incidents: tell whoever must be told, and record it there."),
        ),
    ),
    "sso.linked": _notice(
        msg("Your organisation’s sign-in now opens Encargo"),
        msg("On %(at)s you came in for the first time with the sign-in of %(organisation)s."),
    ),
    "factor.added": _notice(
        msg("A second factor was added"),
        msg("On %(at)s an authenticator app became the second factor of your access to Encargo."),
    ),
    "factor.removed": _notice(
        msg("A second factor was removed"),
        msg("On %(at)s the authenticator app was removed from your access to Encargo."),
    ),
    "factor.reset": Letter(
        msg("Your second factor was reset"),
        (
            msg(
                "On %(at)s whoever administers Encargo for %(organisation)s reset your second factor. You set up a "
                "new one at your next sign-in."
            ),
            msg("If you did not ask for this, tell your organisation at once."),
        ),
    ),
    "passkey.added": _notice(
        msg("A passkey was added"), msg("On %(at)s a passkey was added to your access to Encargo.")
    ),
    "passkey.removed": _notice(
        msg("A passkey was removed"), msg("On %(at)s a passkey was removed from your access to Encargo.")
    ),
    "passkey.copied": _notice(
        msg("A passkey of yours was refused"),
        msg(
            "On %(at)s a passkey of your access to Encargo was refused, because its count of uses went back: somebody "
            "may have a copy of it. Remove it on the page of your account and make a new one."
        ),
    ),
    "recovery.renewed": _notice(
        msg("New recovery codes were made"),
        msg("On %(at)s new recovery codes were made for your access to Encargo; the former ones no longer work."),
    ),
    "recovery.used": _notice(
        msg("A recovery code was used"),
        msg("On %(at)s somebody signed in to your access to Encargo with one of your recovery codes."),
    ),
}
