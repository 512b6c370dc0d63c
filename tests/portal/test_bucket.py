"""The portal with its files in a bucket: all the way to cases, out again by a link, honest while the store is away."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agencies.organisations.permissions import Role
from config import Settings
from portal.jobs.tasks import perform_due
from tests.portal.test_uploads import GOOD, columns, file, send, stored
from tests.stores import ObjectServer, Wire
from uploads.models import UploadState


@pytest.fixture
def wire(object_server: ObjectServer) -> Iterator[Wire]:
    wire = Wire(object_server.endpoint_url, most=1 << 30)
    yield wire
    wire.close()


@pytest.fixture
def settings(settings: Settings, object_server: ObjectServer, wire: Wire) -> Settings:
    """Those of a portal that reaches its bucket by the wire."""
    bucket = replace(object_server.new_bucket(), endpoint_url=wire.endpoint_url)
    return replace(settings, storage_folder=None, bucket=bucket)


def test_a_file_in_a_bucket_goes_all_the_way_and_comes_back_by_a_link(world, sign_in, object_server) -> None:
    analyst, data = sign_in(Role.ANALYST), file(GOOD)
    page = send(analyst, data).location
    assert analyst.post(f"{page}/columns", columns(analyst.get(page).text)).status_code == 303
    perform_due(world.ports)
    assert analyst.post(f"{page}/apply", {"good_rows_only": "no"}).status_code == 303
    perform_due(world.ports)

    (upload,) = stored(world)
    assert upload.state is UploadState.APPLIED
    bucket = world.ports.settings.bucket
    assert object_server.names(bucket) == {f"{bucket.prefix}/{upload.storage_key}"}
    answer = analyst.get(f"{page}/original")
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    with urllib.request.urlopen(answer.location, timeout=20) as kept:  # noqa: S310 - our own server's
        assert kept.read() == data
        assert kept.headers["Content-Disposition"].startswith('attachment; filename="cartera.csv"')
    # Who may not see the file gets no link to it.
    assert sign_in(Role.FINANCE).get(f"{page}/original").status_code in {403, 404}
    assert sign_in(Role.ANALYST, organisation=1).get(f"{page}/original").status_code == 404


@pytest.mark.timeout(120)
def test_while_the_store_is_away_a_file_is_refused_as_an_outage_and_nothing_of_it_is_written(
    world, sign_in, wire, object_server
) -> None:
    analyst = sign_in(Role.ANALYST)
    wire.pull()

    answer = send(analyst, file(GOOD))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert wire.endpoint_url not in answer.text
    assert stored(world) == []
    assert object_server.names(world.ports.settings.bucket) == set()
