"""Files as they were sent and their rejected rows: many small ones in a day are one large one, and ask who it is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations.permissions import Role
from agencies.organisations.signing_in import FRESH
from portal.jobs.tasks import perform_due
from tests import loop
from tests.approving import approve, ask_for_limit
from tests.people import PASSWORD
from tests.pipeline.files import portfolio, receive
from tests.portal.test_export_second_person import ask, let_go
from tests.portal.test_uploads import BAD, GOOD, columns, file, send


@pytest.fixture
def strict(world):
    """A creditor where one person takes two rows away at most."""
    director, finance = world.actor(Role.DIRECTOR), world.actor(Role.FINANCE)
    approve(world.ports, finance, ask_for_limit(world.ports, director, 2, now=utc_now()), now=utc_now())
    return world


def address(app, endpoint: str, **which: int) -> str:
    with app.test_request_context():
        return app.url_map.bind("").build(endpoint, which)


def sent(ports, actor, name: str, rows: int, kind: str = "portfolio") -> int:
    """A file of the actor's organisation with as many rows as are said."""
    made = portfolio(actor.tenant, 30)
    upload = receive(ports, actor, made.data + b"\n" * len(name), f"{name}.csv").upload
    with ports.session(actor) as session, transaction(session):
        found = "rows_read = :rows, state = 'checked', kind = :kind"
        known = {"rows": rows, "kind": kind, "id": upload.id}
        session.execute(text(f"update uploads set {found} where id = :id"), known)
    return upload.id


def checked(ports, browser, rows: list[str]) -> str:
    """The page of a file that was sent and checked."""
    page = send(browser, file(rows), name=f"{rows[0][:3]}.csv").location
    browser.post(f"{page}/columns", columns(browser.get(page).text))
    perform_due(ports)
    return page


def test_many_small_originals_in_a_day_are_one_large_one(app, app_ports, strict, sign_in):
    director, analyst = sign_in(Role.DIRECTOR, language="en"), sign_in(Role.ANALYST)
    files = [sent(app_ports, director.person.actor, "a" * n, 2) for n in (1, 2)]
    first, second = (address(app, "uploads.original", upload_id=one) for one in files)
    money = address(
        app, "uploads.original", upload_id=sent(app_ports, director.person.actor, "a" * 3, 9, kind="creditor_payments")
    )

    assert [director.get(one).status_code for one in (first, second, first)] == [200, 409, 200]
    assert "you took 2 others" in director.get(second).text
    # Who is somebody else begins with nothing, and payments tell of nobody.
    assert analyst.get(second).status_code == 200
    assert director.get(money).status_code == 200
    let_go(sign_in, ask(director, second))
    assert director.get(second).status_code == 200


def test_rejected_rows_of_many_files_and_originals_count_together(app_ports, strict, sign_in):
    analyst = sign_in(Role.ANALYST)
    pages = [checked(app_ports, analyst, [GOOD[n], BAD[n]]) for n in (0, 2)]

    assert [analyst.get(f"{one}/rejected").status_code for one in pages] == [200, 200]
    # The whole of one holds its rejected row, and is with that of the other one too much.
    assert [analyst.get(f"{one}/original").status_code for one in pages] == [409, 409]


def test_whoever_took_files_along_takes_no_list_in_full_besides(app, app_ports, strict, sign_in):
    analyst = sign_in(Role.ANALYST, language="en")
    loop.add_cases(app_ports, analyst.person.actor, [loop.NewCase("E-1", 5)])
    listed = "/cases/in-full.csv?purpose=legal"
    assert analyst.get(listed).status_code == 200
    large = address(app, "uploads.original", upload_id=sent(app_ports, analyst.person.actor, "c", 2))
    assert analyst.get(large).status_code == 409
    small = address(app, "uploads.original", upload_id=sent(app_ports, analyst.person.actor, "cc", 1))
    assert analyst.get(small).status_code == 200
    loop.add_cases(app_ports, analyst.person.actor, [loop.NewCase("E-2", 5)])
    refused = analyst.get(listed)
    assert refused.status_code == 409
    assert "you took 1 others" in refused.text


def test_a_colleague_at_an_open_screen_takes_no_file_without_a_fresh_proof(app_ports, world, sign_in):
    analyst = sign_in(Role.ANALYST)
    page = checked(app_ports, analyst, [GOOD[0], BAD[0]])
    for file_of in ("original", "rejected"):
        _resumes(app_ports, analyst, f"{page}/{file_of}")


def test_a_colleague_at_an_open_screen_takes_no_manifest_without_a_fresh_proof(app, app_ports, world, sign_in):
    manager = sign_in(Role.MANAGER)
    loop.place_with(app_ports, world.actor(Role.DIRECTOR), manager.person.actor, [loop.NewCase("M-1", 100_000)])
    loop.acknowledge_all(app_ports, manager.person.actor)
    with app_ports.session(manager.person.actor) as session:
        consignment = session.scalar(text("select id from consignments"))
    file_of = address(app, "placements.download", consignment_id=consignment)
    _resumes(app_ports, manager, file_of)
    # A link that always saves would save the page that asks for the proof.
    [link] = re.findall(f'<a [^>]*href="{file_of}"[^>]*>', manager.get(file_of.rpartition("/")[0]).text)
    assert "download" not in link.replace(file_of, "")


def _resumes(ports, client, wanted: str) -> None:
    """The proof of a while ago is none; a new one leads back to the file, and is good for ten minutes."""
    assert client.get(wanted).status_code == 200
    with ports.session(DOOR) as session, transaction(session):
        stale = utc_now() - FRESH - timedelta(seconds=1)
        session.execute(text("update web_sessions set stepped_up_at = :stale"), {"stale": stale})
    refused = client.get(wanted)
    assert (refused.status_code, refused.location) == (303, f"/step-up/?next={wanted}")
    proved = client.post("/step-up/", {"password": PASSWORD, "next": wanted})
    assert (proved.status_code, proved.location) == (303, wanted)
    for _ in range(2):
        saved = client.get(wanted)
        assert saved.status_code == 200
        assert saved.headers["Content-Disposition"].startswith("attachment")
