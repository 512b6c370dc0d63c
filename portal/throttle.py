"""What attempts at the door are counted by; Redis keeps the counts, and the process itself while Redis is away.

A process that has lost Redis counts alone, so with several web processes the limits are as many times wider until it is
back; the pause of each account, which PostgreSQL keeps, holds all the while.
"""

from __future__ import annotations

import hashlib

from flask import Response, current_app, request

from portal.identity import current_actor


def by_email() -> str:
    """The e-mail somebody tries, known here or not, as a hash."""
    return f"{instance()}:email:{email_hash()}"


def by_address() -> str:
    """The address somebody comes from."""
    return f"{instance()}:address:{request.remote_addr}"


def by_person() -> str:
    """Whoever is signed in."""
    return f"{instance()}:person:{current_actor().user_id}"


def email_hash() -> str:
    """The e-mail of the form without telling it."""
    email = request.form.get("email", "").strip().lower()
    return hashlib.sha256(email.encode()).hexdigest()


def has_failed(response: Response) -> bool:
    """Only what did not lead on is counted."""
    return response.status_code != 303


def instance() -> str:
    """Instances that share one Redis do not share their counts."""
    database = str(current_app.config["SQLALCHEMY_DATABASE_URI"])
    return hashlib.sha256(database.encode()).hexdigest()[:12]
