"""The mark “claim in process” comes for everybody a request is about and goes with it; a grant is of what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.notices import Notice
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import looking
from assignments.cases.models import Case
from assignments.subjects import dossier, erasing, handling, queries, service
from assignments.subjects.models import Outcome, RequestKind, RequestStep, SubjectRequest
from tests.subjects import ASKS, NOW, ask, debtor_of, do, identified, matched

GRANTED, PARTLY = Outcome.GRANTED, Outcome.PARTLY


def claims(ports, actor) -> list[str]:
    with ports.session(actor) as session:
        marked = select(Case.account_ref).where(Case.claim_since.is_not(None)).order_by(Case.account_ref)
        return list(session.scalars(marked))


def told(ports, actor, kind: str) -> list[int]:
    """Of how many cases the notices of a kind speak, the first one first."""
    with ports.session(actor) as session:
        rows = session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        return [one.details["cases"] for one in rows]


def answer(ports, creditor, request, outcome: Outcome = GRANTED):
    return do(ports, creditor, handling.answer, request.id, outcome=outcome, document="Respuesta")


def test_an_impostor_leaves_no_mark_on_the_cases_and_the_holder_hears_that_it_is_over(ports, tenants) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    request = matched(ports, creditor, ask(ports, creditor, RequestKind.OPPOSITION), "A-0")
    assert claims(ports, agency) == ["A-0"]
    do(ports, creditor, service.identify, request.id, accepted=False, shown="Nada")
    assert claims(ports, agency) == claims(ports, creditor) == []
    assert told(ports, agency, "request.unmarked") == [1]


def test_an_impostor_takes_no_other_persons_mark_away(ports, tenants) -> None:
    creditor = tenants.creditor
    matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION), "A-0")
    false = matched(ports, creditor, ask(ports, creditor, RequestKind.OPPOSITION, key="two"), "A-0")
    do(ports, creditor, service.identify, false.id, accepted=False, shown="Nada")
    assert claims(ports, creditor) == ["A-0"]
    assert told(ports, tenants.agency, "request.unmarked") == []


def test_whoever_is_matched_later_is_marked_and_told_too_and_the_first_mark_stays_the_first(ports, tenants) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    request = matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION), "A-0")
    later = NOW + timedelta(hours=2)
    both = [debtor_of(ports, creditor, account) for account in ("A-0", "A-1")]
    assert do(ports, creditor, handling.match, request.id, debtor_ids=both, now=later) == 1
    assert claims(ports, agency) == ["A-0", "A-1"]
    assert told(ports, agency, "request.marked") == [1, 1]
    # Pressed again, nothing is marked and nobody is told.
    assert do(ports, creditor, handling.match, request.id, debtor_ids=both, now=later + timedelta(hours=1)) == 0
    assert told(ports, agency, "request.marked") == [1, 1]
    with ports.session(creditor) as session:
        assert session.get_one(SubjectRequest, (creditor.tenant, request.id)).marked_at == NOW
        since = dict(session.execute(select(Case.account_ref, Case.claim_since)).all())
    assert (since["A-0"], since["A-1"]) == (NOW, later)


@pytest.mark.parametrize("outcome", [GRANTED, PARTLY])
@pytest.mark.parametrize("kind", [RequestKind.ACCESS, RequestKind.RECTIFICATION, RequestKind.ERASURE])
def test_nothing_is_answered_as_granted_that_was_not_done(ports, tenants, kind, outcome) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, ask(ports, creditor, kind))
    with pytest.raises(handling.NotDone) as unmatched:
        answer(ports, creditor, request, outcome)
    assert unmatched.value.params["missing"] == (handling.UNMATCHED,)
    matched(ports, creditor, request, "P-1")
    with pytest.raises(handling.NotDone) as refused:
        answer(ports, creditor, request, outcome)
    assert refused.value.params["missing"] == (handling.NEEDED[kind][1],)
    assert claims(ports, creditor) == ([] if kind is RequestKind.ACCESS else ["P-1"])
    someone = debtor_of(ports, creditor, "P-1")
    verbs = {
        RequestKind.ACCESS: (dossier.gather, {}),
        RequestKind.RECTIFICATION: (
            handling.rectify, {"debtor_id": someone, "name": "Pía Correcta", "birth_date": date(1980, 1, 2)}
        ),
        RequestKind.ERASURE: (erasing.erase, {}),
    }  # fmt: skip
    verb, how = verbs[kind]
    do(ports, creditor, verb, request.id, **how)
    answer(ports, creditor, request, outcome)
    assert claims(ports, creditor) == []


def test_what_was_handed_out_before_somebody_else_was_matched_answers_nothing(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ACCESS), "A-0"))
    do(ports, creditor, dossier.gather, request.id)
    matched(ports, creditor, request, "A-1")
    with pytest.raises(handling.NotDone):
        answer(ports, creditor, request)
    do(ports, creditor, dossier.gather, request.id)
    answer(ports, creditor, request)


def test_who_was_erased_for_an_earlier_request_is_granted_the_later_one(ports, tenants) -> None:
    creditor = tenants.creditor
    first, second = (
        identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ERASURE, key=key), "P-1"))
        for key in ("one", "two")
    )
    assert do(ports, creditor, erasing.erase, first.id) == 1
    for _press in range(2):
        assert do(ports, creditor, erasing.erase, second.id) == 0
    answer(ports, creditor, second)
    with ports.session(creditor) as session:
        steps = select(RequestStep.kind).where(RequestStep.request_id == second.id)
        assert list(session.scalars(steps)).count("erased") == 1


def test_whoever_only_looks_is_shown_no_requester_and_no_answer(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(
        ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION), "A-0")
    )
    someone = debtor_of(ports, creditor, "A-0")
    do(ports, creditor, handling.rectify, request.id, debtor_id=someone, name="Rosa Correcta", birth_date=None)
    answer(ports, creditor, request)
    auditor = replace(creditor, permissions=looking(Side.CREDITOR))
    with ports.session(auditor) as session:
        detail = queries.get_request(session, auditor, request.id)
    assert detail.is_covered
    assert (detail.mended, detail.document[0], detail.person.words) == ([], "", "")
    for said in (ASKS.name, ASKS.id_number, ASKS.contact, "Inventada"):
        assert said not in str(detail.person)
