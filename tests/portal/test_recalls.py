"""The pages of recalls and returns: made after a look, answered, decided and closed by whom it concerns."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements import recalls
from assignments.placements.models import Consignment, Recall, RecallReason, RecallState
from assignments.placements.recall_scope import Scope
from portal.jobs import schedules, tasks
from tests import loop
from tests.attested import attest_one

TODAY = local_date(utc_now(), "America/Bogota")
LATER = TODAY + timedelta(days=10)


@pytest.fixture
def placed(world):
    """Three cases of the first creditor with the first agency."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    cases = [loop.NewCase(f"REC-{n}", 100_000 * n, name=f"Deudor {n}") for n in (1, 2, 3)]
    loop.place_with(world.ports, creditor, agency, cases, now=utc_now(), tail_days=30)
    loop.acknowledge_all(world.ports, agency, now=utc_now())
    return world


def case_ref(world, account: str) -> str:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        number = session.scalars(select(Case.id).where(Case.account_ref == account)).one()
    return world.ports.references.encode("case", number)


def state_of(world, account: str) -> tuple[CaseState, ReturnCode | None]:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        case = session.scalars(select(Case).where(Case.account_ref == account)).one()
        return case.state, case.return_code


def the_recall(world) -> Recall:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        return session.scalars(select(Recall).order_by(Recall.id.desc()).limit(1)).one()


def address(world, recall: Recall, tail: str = "") -> str:
    return f"/recalls/{world.ports.references.encode('recall', recall.id)}{tail}"


def requested(world, *accounts: str, on=LATER) -> Recall:
    director = world.actor(Role.DIRECTOR)
    with world.ports.session(director) as session, transaction(session):
        ids = session.scalars(select(Case.id).where(Case.account_ref.in_(accounts))).all()
        reason = RecallReason.STRATEGY
        scope = Scope(case_ids=tuple(ids))
        [made] = recalls.request(session, director, scope, reason=reason, effective_on=on, now=utc_now())
        return made


def submit(browser, there: str, **changed: object):
    """Look at the preview and send its form."""
    page = browser.get(there).text
    digest = re.search(r'name="digest"[^>]*value="([^"]*)"', page)
    form = {
        "digest": digest[1] if digest else "",
        "reason": "strategy",
        "effective_on": TODAY.isoformat(),
        "is_sure": "y",
    }
    return browser.post(there, {**form, **changed})


def test_a_case_is_recalled_from_its_page_after_a_look(placed, sign_in) -> None:
    director, agent = sign_in(Role.DIRECTOR), sign_in(Role.AGENT)
    case = case_ref(placed, "REC-1")
    there = f"/recalls/new?case={case}"
    assert there in director.get(f"/cases/{case}").text
    assert agent.get(f"/cases/{case}").status_code == 200
    answer = submit(director, there)
    assert answer.status_code == 302
    assert "REC-1" in director.get(answer.location).text
    assert state_of(placed, "REC-1")[0] is CaseState.OPEN
    assert agent.get(f"/cases/{case}").status_code == 404
    assert "REC-1" not in agent.get("/cases/").text
    assert "REC-1" not in sign_in(Role.MANAGER).get("/cases/listing.csv").text


def test_what_the_list_shows_is_recalled_as_a_whole(placed, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    assert "/recalls/new?min_balance=1.500" in director.get("/cases/?min_balance=1.500").text
    page = director.get("/recalls/new?min_balance=1.500").text
    assert "5.000,00" in page
    assert submit(director, "/recalls/new?min_balance=1.500", effective_on=LATER.isoformat()).status_code == 302
    made = the_recall(placed)
    assert (made.cases, made.effective_on, made.state) == (2, LATER, RecallState.PENDING)


def test_a_placement_is_recalled_from_its_page(placed, sign_in) -> None:
    with placed.ports.session(placed.actor(Role.DIRECTOR)) as session:
        consignment = session.scalars(select(Consignment.id)).one()
    reference = placed.ports.references.encode("consignment", consignment)
    director = sign_in(Role.DIRECTOR)
    assert f"/recalls/new?consignment={reference}" in director.get(f"/placements/consignments/{reference}").text
    assert submit(director, f"/recalls/new?consignment={reference}").status_code == 302
    assert the_recall(placed).cases == 3
    assert sign_in(Role.MANAGER).get(f"/placements/consignments/{reference}/manifest.csv").status_code == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"is_sure": ""}, 400),
        ({"digest": "0" * 64}, 409),
        ({"reason": "no_reason"}, 400),
        ({"effective_on": "ayer"}, 400),
        ({"effective_on": (TODAY + timedelta(days=366)).isoformat()}, 400),
        ({"effective_on": LATER.isoformat(), "reason": "compliance"}, 400),
    ],
)
def test_a_recall_that_cannot_be_is_refused(placed, sign_in, changed, status) -> None:
    there = f"/recalls/new?case={case_ref(placed, 'REC-1')}"
    assert submit(sign_in(Role.DIRECTOR), there, **changed).status_code == status
    assert state_of(placed, "REC-1")[0] is CaseState.PLACED


def test_the_same_form_sent_twice_recalls_once(placed, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    there = f"/recalls/new?case={case_ref(placed, 'REC-1')}"
    digest = re.search(r'name="digest"[^>]*value="([^"]*)"', director.get(there).text)[1]
    form = {"digest": digest, "reason": "strategy", "effective_on": LATER.isoformat(), "is_sure": "y"}
    assert [director.post(there, form).status_code for _ in range(2)] == [302, 409]


def test_an_agency_answers_and_the_creditor_decides(placed, sign_in) -> None:
    manager, director = sign_in(Role.MANAGER), sign_in(Role.DIRECTOR)
    recall = requested(placed, "REC-1")
    assert "Retiros por responder" in manager.get("/").text
    page = manager.get(address(placed, recall)).text
    assert address(placed, recall, "/accept") in page
    objection = {"reason": "promise", "proposed_on": (LATER + timedelta(days=5)).isoformat(), "note": "acuerdo"}
    assert manager.post(address(placed, recall, "/object"), objection).status_code == 302
    assert "Objeciones a sus retiros" in director.get("/").text
    assert "acuerdo" in director.get(address(placed, recall)).text
    moved = {"effective_on": (LATER + timedelta(days=3)).isoformat()}
    assert director.post(address(placed, recall, "/decide"), moved).status_code == 302
    assert the_recall(placed).effective_on == LATER + timedelta(days=3)
    assert [manager.post(address(placed, recall, "/accept")).status_code for _ in range(2)] == [302, 302]
    assert state_of(placed, "REC-1")[0] is CaseState.OPEN
    assert manager.post(address(placed, recall, "/object"), objection).status_code == 409


def test_an_objection_to_an_earlier_day_is_shown_with_what_was_typed(placed, sign_in) -> None:
    recall = requested(placed, "REC-1")
    typed = {"reason": "other", "proposed_on": TODAY.isoformat(), "note": "por favor"}
    answer = sign_in(Role.MANAGER).post(address(placed, recall, "/object"), typed)
    assert answer.status_code == 400
    assert "por favor" in answer.text


def test_a_recall_is_withdrawn_and_the_agency_keeps_the_case(placed, sign_in) -> None:
    recall = requested(placed, "REC-1")
    director = sign_in(Role.DIRECTOR)
    assert director.post(address(placed, recall, "/withdraw")).status_code == 302
    assert director.post(address(placed, recall, "/withdraw")).status_code == 409
    assert "REC-1" in sign_in(Role.MANAGER).get("/cases/").text


def test_a_recall_is_closed_when_the_agency_has_accounted_for_the_data(placed, sign_in) -> None:
    recall = requested(placed, "REC-1", on=TODAY)
    director = sign_in(Role.DIRECTOR)
    assert address(placed, recall, "/close") not in director.get(address(placed, recall)).text
    assert director.post(address(placed, recall, "/close")).status_code == 409
    assert 'value="AT-08"' in sign_in(Role.MANAGER).get(address(placed, recall)).text
    attest_one(
        placed.ports,
        placed.actor(Role.DIRECTOR),
        placed.actor(Role.MANAGER),
        "AT-08",
        now=utc_now(),
        recall_id=recall.id,
    )
    assert address(placed, recall, "/close") in director.get(address(placed, recall)).text
    assert director.post(address(placed, recall, "/close")).status_code == 302
    assert the_recall(placed).state is RecallState.CLOSED


@pytest.mark.parametrize(
    ("role", "tails"),
    [
        (Role.MANAGER, ("/withdraw", "/close", "/decide")),
        (Role.AGENT, ("/accept", "/object", "/withdraw")),
        (Role.ANALYST, ("/accept", "/object")),
        (Role.COMPLIANCE, ("/withdraw", "/close", "/decide", "/accept")),
    ],
)
def test_whose_part_it_is_not_may_not(placed, sign_in, role, tails) -> None:
    recall = requested(placed, "REC-1")
    person = sign_in(role)
    for tail in tails:
        assert person.post(address(placed, recall, tail)).status_code == 403, tail
    if role is not Role.ANALYST:
        assert person.get("/recalls/new").status_code == 403


def test_another_house_neither_sees_nor_moves_a_recall(placed, sign_in) -> None:
    recall = requested(placed, "REC-1")
    for role, tails in ((Role.DIRECTOR, ("/withdraw", "/close", "/decide")), (Role.MANAGER, ("/accept", "/object"))):
        stranger = sign_in(role, organisation=1)
        assert stranger.get(address(placed, recall)).status_code == 404
        assert address(placed, recall) not in stranger.get("/recalls/").text
        for tail in tails:
            assert stranger.post(address(placed, recall, tail), {"reason": "other"}).status_code == 404, tail
    stranger = sign_in(Role.DIRECTOR, organisation=1)
    assert "REC-1" not in stranger.get(f"/recalls/new?case={case_ref(placed, 'REC-1')}").text
    assert stranger.get("/recalls/new?case=aaaaaaaaaaaaaaaaaaaaaaaaaa").status_code == 404


def test_the_calendar_ends_what_is_due(placed) -> None:
    requested(placed, "REC-1", on=TODAY + timedelta(days=1))
    now = utc_now() + timedelta(days=1)
    ports = placed.ports
    director = placed.actor(Role.DIRECTOR)
    run = schedules.Run("execute_recalls", director.tenant, local_date(now, "America/Bogota"))
    assert schedules.Daily("execute_recalls", placed.organisation(Role.DIRECTOR).kind) in schedules.DAILY
    assert [schedules.begin(ports, run, now) for _ in range(2)] == [True, False]
    tasks.perform_due(ports)
    assert the_recall(placed).state is RecallState.PENDING
    with ports.session(director) as session, transaction(session):
        assert recalls.execute_due(session, director, now=now) == 1
    assert state_of(placed, "REC-1")[0] is CaseState.OPEN


def give_back(browser, world, accounts: str, **changed: object):
    creditor = world.ports.references.encode("organisation", world.organisation(Role.DIRECTOR).id)
    return browser.post("/returns/new", {"creditor": creditor, "accounts": accounts, "code": "untraceable", **changed})


def test_an_agent_gives_a_case_back_from_its_page(placed, sign_in) -> None:
    agent, director = sign_in(Role.AGENT), sign_in(Role.DIRECTOR)
    case = case_ref(placed, "REC-2")
    there = f"/returns/new?case={case}"
    assert there in agent.get(f"/cases/{case}").text
    assert "REC-2" in agent.get(there).text
    assert give_back(agent, placed, "REC-2").status_code == 302
    assert state_of(placed, "REC-2") == (CaseState.ON_HOLD, ReturnCode.UNTRACEABLE)
    assert agent.get(f"/cases/{case}").status_code == 404
    page = director.get("/returns/").text
    assert "REC-2" in page
    assert f"/locates/new?case={case}" in page
    assert "/locates/new?return_code=untraceable" in page
    assert "Casos devueltos en pausa" in director.get("/").text
    assert director.post(f"/returns/{case}/release").status_code == 302
    assert state_of(placed, "REC-2")[0] is CaseState.OPEN
    assert f"/returns/{case}/release" not in director.get("/returns/").text


def test_many_go_back_at_once_and_what_is_not_held_is_named(placed, sign_in) -> None:
    agent = sign_in(Role.AGENT)
    answer = give_back(agent, placed, "REC-1\n REC-2 \n\nOTRA")
    assert answer.status_code == 400
    assert "OTRA" in answer.text
    assert state_of(placed, "REC-1")[0] is CaseState.PLACED
    assert give_back(agent, placed, "REC-1\r\nREC-2", code="exhausted").status_code == 302
    assert {state_of(placed, one) for one in ("REC-1", "REC-2")} == {(CaseState.OPEN, ReturnCode.EXHAUSTED)}
    assert give_back(agent, placed, "REC-1").status_code == 400


@pytest.mark.parametrize("changed", [{"code": ""}, {"code": "sold"}, {"accounts": " \n "}, {"creditor": "x"}])
def test_a_return_that_cannot_be_is_refused(placed, sign_in, changed) -> None:
    assert give_back(sign_in(Role.AGENT), placed, changed.pop("accounts", "REC-1"), **changed).status_code == 400
    assert state_of(placed, "REC-1")[0] is CaseState.PLACED


def test_another_agency_gives_nothing_back(placed, sign_in) -> None:
    stranger = sign_in(Role.AGENT, organisation=1)
    assert give_back(stranger, placed, "REC-1").status_code == 400
    assert stranger.get(f"/returns/new?case={case_ref(placed, 'REC-1')}").status_code == 404
    assert sign_in(Role.DIRECTOR).get("/returns/new").status_code == 403
    assert state_of(placed, "REC-1")[0] is CaseState.PLACED


def test_a_case_that_may_not_be_placed_again_is_not_released(placed, sign_in) -> None:
    give_back(sign_in(Role.AGENT), placed, "REC-3", code="vulnerable")
    director, case = sign_in(Role.DIRECTOR), case_ref(placed, "REC-3")
    assert f"/returns/{case}/release" not in director.get("/returns/").text
    assert director.post(f"/returns/{case}/release").status_code == 409
    assert sign_in(Role.DIRECTOR, organisation=1).post(f"/returns/{case}/release").status_code == 404


def test_empty_lists_say_what_would_be_there(world, sign_in) -> None:
    for role in (Role.DIRECTOR, Role.MANAGER, Role.AGENT):
        person = sign_in(role)
        for there in ("/recalls/", "/returns/", "/recalls/?state=open", "/returns/?code=untraceable&state=on_hold"):
            assert "empty-state" in person.get(there).text, there


def test_the_agency_begins_the_attestation_from_the_recall(placed, sign_in) -> None:
    recall = requested(placed, "REC-1", on=TODAY)
    manager, codec = sign_in(Role.MANAGER), placed.ports.references
    creditor = codec.encode("counterpart", placed.organisation(Role.DIRECTOR).id)
    begun = manager.post(
        f"/attestations/with/{creditor}/begin", {"code": "AT-08", "recall": codec.encode("recall", recall.id)}
    )
    assert begun.status_code in {302, 303}
    assert "AT-08" in manager.get(begun.location).text
