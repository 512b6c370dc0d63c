"""Attestations on their way out: the matrix for a regulator, one relation's dossier, and a text as it was signed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Response, request, send_file

from agencies.attestations import queries, register
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal import dossiers
from portal.extensions import db
from portal.forms.attestations import DayForm
from portal.identity import current_actor
from portal.presenters import register_files as files
from portal.security import requires
from portal.views.downloads import CSV, IN_MEMORY, XLSX, saved_file
from portal.views.stages import ports

blueprint = Blueprint("register", __name__, url_prefix="/attestations")
_VIEW = Permission.ATTESTATION_VIEW
ZIP = "application/zip"


@blueprint.get("/listing.csv", defaults={"kind": "csv"})
@blueprint.get("/listing.xlsx", defaults={"kind": "xlsx"})
@requires(_VIEW)
def export(kind: str) -> Response:
    """The matrix of a day, a line for each agency and template; recorded before it leaves."""
    actor, now, on = current_actor(), utc_now(), asked_day()

    def pieces() -> Iterator[bytes]:
        lines = register.register(db.session, actor, on=on, now=now)
        register.record_register(db.session, actor, lines=len(lines), kind=kind, on=on, now=now)
        yield files.FILES[kind](lines)

    return saved_file(pieces, files.file_name(on, kind), XLSX if kind == "xlsx" else CSV)


@blueprint.get('/with/<ref("counterpart"):other_id>/dossier.zip')
@requires(_VIEW)
def dossier(other_id: int) -> Response:
    """Everything one agency attested to one creditor, with its evidence and a manifest of hashes."""
    actor, now = current_actor(), utc_now()
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed with the response
    try:
        with transaction(db.session):
            found = register.dossier(db.session, actor, other_id, on=asked_day(), now=now)
            digest = dossiers.write(found, ports().storage, out)
            register.record_dossier(db.session, actor, found, sha256=digest, now=now)
            name = dossiers.file_name(found)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return send_file(out, mimetype=ZIP, as_attachment=True, download_name=name)


@blueprint.get('/<ref("attestation"):attestation_id>/text')
@requires(_VIEW)
def text(attestation_id: int) -> Response:
    """The text that was signed, byte for byte what its fingerprint is of."""
    page = queries.get_attestation(db.session, current_actor(), attestation_id, now=utc_now())
    if not page.signatures:
        raise NotFound
    signed = page.signatures[0].text.encode()
    return saved_file(lambda: iter([signed]), f"{page.row.code}.txt", "text/plain; charset=utf-8")


def asked_day() -> date:
    """The day the address asks for, where the reader's organisation is; today when it asks for none or a later one."""
    today = local_date(utc_now(), current_actor().time_zone)
    form = DayForm(request.args)
    return min(form.on.data or today, today) if form.validate() else today
