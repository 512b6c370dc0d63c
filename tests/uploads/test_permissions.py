"""Files are looked into by who sends such files; who sees cases sees what file they came from, and no more."""

from __future__ import annotations

import pytest

from agencies.kernel.errors import Forbidden
from agencies.organisations.permissions import Role
from assignments.cases.queries import list_portfolios, portfolios_of
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import confirming, queries
from uploads.checking.errorfile import error_file

GOOD = b"obligacion;cedula;nombre;saldo total;fecha vencimiento\nA1;1000;Pena;100,50;25/12/2023\n"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE])
def test_who_sends_no_files_looks_into_none(ports: Ports, role: Role) -> None:
    world = World(ports)
    upload = files.checked(ports, world.actor(Role.ANALYST), GOOD)
    actor = world.actor(role)
    with ports.session(actor) as session:
        for call in (
            lambda: queries.list_uploads(session, actor),
            lambda: queries.sent_upload(session, actor, upload.id),
            lambda: queries.progress(session, actor, upload.id),
            lambda: queries.error_groups(session, actor, upload.id),
            lambda: queries.list_errors(session, actor, upload.id),
            lambda: confirming.proposal(session, actor, upload.id),
            lambda: error_file(session, actor, ports.storage, upload.id),
        ):
            with pytest.raises(Forbidden):
                call()


def test_who_sees_cases_sees_the_file_they_came_from(ports: Ports) -> None:
    world = World(ports)
    upload = files.checked(ports, world.actor(Role.ANALYST), GOOD)
    compliance, finance = world.actor(Role.COMPLIANCE), world.actor(Role.FINANCE)
    with ports.session(compliance) as session:
        assert queries.get_upload(session, compliance, upload.id).id == upload.id
        row = queries.find_staged_row(session, compliance, upload, 2)
        assert row is not None
        assert row["account_ref"] == "A1"
    with ports.session(finance) as session:
        for call in (
            lambda: queries.get_upload(session, finance, upload.id),
            lambda: queries.find_staged_row(session, finance, upload, 2),
            lambda: list_portfolios(session, finance),
            lambda: portfolios_of(session, finance, upload.id),
        ):
            with pytest.raises(Forbidden):
                call()
