"""A request runs its course: who asks first, then what, by the law's clock; others see none of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.subjects import dossier, handling, lookup, queries, service
from assignments.subjects.models import Outcome, RequestKind
from tests.subjects import ASKS, NOW, ask, debtor_of, do, identified, matched


def claims(ports, actor) -> dict[str, datetime | None]:
    with ports.session(actor) as session:
        return dict(session.execute(select(Case.account_ref, Case.claim_since)).all())


def test_a_query_is_due_in_ten_working_days_and_can_be_extended_once(ports, tenants) -> None:
    request = ask(ports, tenants.creditor, RequestKind.ACCESS)
    assert request.due_at == datetime(2026, 3, 28, 5, tzinfo=UTC)
    later = do(ports, tenants.creditor, service.extend, request.id, reason="Archivo físico")
    assert later.due_at == datetime(2026, 4, 8, 5, tzinfo=UTC)
    with pytest.raises(service.NoExtension):
        do(ports, tenants.creditor, service.extend, request.id, reason="Otra vez")


def test_after_its_time_is_over_nothing_is_extended(ports, tenants) -> None:
    request = ask(ports, tenants.creditor, RequestKind.ACCESS)
    with pytest.raises(service.NoExtension):
        late = request.due_at + timedelta(seconds=1)
        do(ports, tenants.creditor, service.extend, request.id, reason="Tarde", now=late)


def test_nothing_leaves_and_nothing_is_done_before_it_is_known_who_asks(ports, tenants) -> None:
    creditor = tenants.creditor
    request = matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION), "A-0")
    someone = debtor_of(ports, creditor, "A-0")
    for verb, how in (
        (dossier.gather, {}),
        (handling.rectify, {"debtor_id": someone, "name": "Otra", "birth_date": None}),
        (handling.answer, {"outcome": Outcome.GRANTED, "document": "x"}),
    ):
        with pytest.raises(service.NotIdentified):
            do(ports, creditor, verb, request.id, **how)
    do(ports, creditor, service.identify, request.id, accepted=False, shown="Nada")
    with pytest.raises(service.RequestMovedOn):
        do(ports, creditor, dossier.gather, request.id)


def test_a_claim_is_marked_on_the_cases_until_it_is_answered_and_agencies_see_it(ports, tenants) -> None:
    creditor = tenants.creditor
    request = ask(ports, creditor, RequestKind.RECTIFICATION)
    assert request.mark_due_at == datetime(2026, 3, 17, 5, tzinfo=UTC)
    matched(ports, creditor, request, "A-0")
    assert [one for one, at in claims(ports, tenants.agency).items() if at] == ["A-0"]
    second = matched(ports, creditor, ask(ports, creditor, RequestKind.OPPOSITION, key="two"), "A-0")
    for one, left in ((request, ["A-0"]), (second, [])):
        identified(ports, creditor, one)
        do(ports, creditor, handling.answer, one.id, outcome=Outcome.REFUSED, document="Respuesta")
        assert [name for name, at in claims(ports, creditor).items() if at] == left
    with ports.session(tenants.agency) as session:
        assert "request.marked" in session.scalars(select(Notice.kind)).all()


def test_what_was_mended_keeps_what_stood_there_sealed(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(
        ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION), "A-0")
    )
    someone = debtor_of(ports, creditor, "A-0")
    mended = {"debtor_id": someone, "name": "Rosa Correcta", "birth_date": date(1980, 2, 3)}
    do(ports, creditor, handling.rectify, request.id, **mended)
    with ports.session(creditor) as session:
        assert session.get_one(Debtor, (creditor.tenant, someone)).name == "Rosa Correcta"
        detail = queries.get_request(session, creditor, request.id)
        step = next(one for one in detail.steps if one.kind == "rectified")
        said = service.opened(session, detail.request, step)
        assert (said["before"]["name"], said["after"]["name"]) == ("Rosa 0", "Rosa Correcta")
        assert step.details == {"fields": ["birth_date", "name"]}
        assert b"Rosa" not in bytes(step.sealed)
    with pytest.raises(handling.NothingToMend):
        do(ports, creditor, handling.rectify, request.id, **mended)


def test_the_answer_is_kept_with_its_hash_and_given_once(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ACCESS), "A-0"))
    do(ports, creditor, dossier.gather, request.id)
    do(ports, creditor, handling.answer, request.id, outcome=Outcome.GRANTED, document="Señora Rosa: adjunto.")
    with pytest.raises(service.RequestMovedOn):
        do(ports, creditor, handling.answer, request.id, outcome=Outcome.REFUSED, document="Otra")
    with ports.session(creditor) as session:
        document, proof = queries.get_request(session, creditor, request.id).document
        assert proof.sha256 == hashlib.sha256(document.encode()).digest()
        assert document == "Señora Rosa: adjunto."


def test_who_asks_is_sealed_and_stands_nowhere_else(ports, tenants) -> None:
    ask(ports, tenants.creditor, RequestKind.ACCESS)
    with ports.session(tenants.creditor) as session:
        row = session.execute(text("select * from subject_requests")).one()
        trail = session.execute(text("select string_agg(body, '') from audit_events")).scalar_one()
    assert ASKS.name not in str(row)
    assert ASKS.name.encode() not in bytes(row.person)
    assert ASKS.name not in trail


def test_an_agency_forwards_within_a_day_and_the_clock_ran_since_it_received_it(ports, tenants) -> None:
    received = NOW - timedelta(hours=25)
    told = {"kind": RequestKind.ERASURE, "channel": "phone", "country": "", "received_at": received, "key": "f-1"}
    with ports.session(tenants.agency) as session, transaction(session):
        request = service.forward(session, tenants.agency, ASKS, creditor_id=tenants.creditor.tenant, now=NOW, **told)
    assert service.forwarded_late(request)
    with ports.session(tenants.agency) as session:
        assert [one.id for one in queries.list_forwarded(session, tenants.agency).rows] == [request.id]
        with pytest.raises(Forbidden):
            queries.get_request(session, tenants.agency, request.id)
    with ports.session(tenants.other_agency) as session, pytest.raises(service.NotAPartner):
        service.forward(session, tenants.other_agency, ASKS, creditor_id=tenants.creditor.tenant, now=NOW, **told)
    with ports.session(tenants.creditor) as session:
        assert "request.forwarded" in session.scalars(select(Notice.kind)).all()


def test_the_same_form_twice_is_one_request(ports, tenants) -> None:
    first, again = (ask(ports, tenants.creditor, RequestKind.ACCESS) for _ in range(2))
    assert first.id == again.id


def test_a_stranger_finds_and_does_nothing(ports, tenants) -> None:
    request = ask(ports, tenants.creditor, RequestKind.ERASURE)
    other = tenants.other_creditor
    with ports.session(other) as session:
        with pytest.raises(NotFound):
            queries.get_request(session, other, request.id)
        assert queries.list_requests(session, other, queries.Register(), now=NOW).rows == ()
        with pytest.raises(NotFound):
            lookup.search(session, other, request.id, lookup.Sought(name="Rosa"), now=NOW)
    with pytest.raises(NotFound):
        do(ports, other, service.identify, request.id, accepted=True, shown="Cédula")
    with pytest.raises(handling.NotOurs):
        stranger = ask(ports, other, RequestKind.ERASURE)
        assert do(ports, other, lookup.search, stranger.id, sought=lookup.Sought(name="Rosa")) == []
        do(ports, other, handling.match, stranger.id, debtor_ids=[debtor_of(ports, tenants.creditor, "A-0")])
    mute = replace(tenants.creditor, permissions=tenants.creditor.permissions - {Permission.REQUEST_HANDLE})
    with pytest.raises(Forbidden):
        do(ports, mute, service.identify, request.id, accepted=True, shown="Cédula")


def test_a_person_is_found_by_name_and_by_telephone(ports, tenants) -> None:
    request = ask(ports, tenants.creditor, RequestKind.ACCESS)

    def found(**sought: str) -> list[lookup.Hit]:
        return do(ports, tenants.creditor, lookup.search, request.id, sought=lookup.Sought(**sought))

    by_phone = found(phone="+57 300 111 2233", name="pía")
    assert [(one.accounts, one.found_by) for one in by_phone] == [(("P-1",), ("phone", "name"))]
    assert found(name="%") != []
    assert found(email="x@y.example") == []


def test_all_that_is_held_is_gathered_with_who_had_it(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ACCESS), "A-0"))
    found = do(ports, creditor, dossier.gather, request.id)
    assert [one["name"] for one in found["person"]] == ["Rosa 0"]
    assert [one["account_ref"] for one in found["cases"]] == ["A-0"]
    assert [one["agency"] for one in found["who_had_the_data"]] == ["Cobros Uno"]
    assert [one["row"] for one in found["files"]] == [2]


def test_the_half_year_is_counted_by_kind(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, ask(ports, creditor, RequestKind.ACCESS))
    do(ports, creditor, handling.answer, request.id, outcome=Outcome.REFUSED, document="No tenemos datos")
    ask(ports, creditor, RequestKind.ERASURE, key="two")
    with ports.session(creditor) as session:
        half = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
        told = {one.kind: one for one in queries.statistics(session, creditor, *half)}
    access, erasure = told[RequestKind.ACCESS], told[RequestKind.ERASURE]
    assert (access.received, access.answered, access.in_time, access.still_open) == (1, 1, 1, 0)
    assert (erasure.received, erasure.still_open) == (1, 1)
