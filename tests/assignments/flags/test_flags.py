"""Flags: who may say what, what stops, what travels to the next agency, and what stays between those who wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.flags import service
from assignments.flags.models import Flag, FlagEnd, FlagKind
from assignments.flags.queries import Fact, facts_of, flags_of_case, list_flags
from assignments.flags.rules import AlwaysStops, EndReasonMissing, FactInFuture, FlagOver
from assignments.flags.service import AccountsUnknown, NothingToFlag
from assignments.flags.writing import settle_upload
from assignments.placements import returns
from assignments.placements.preview import HeldBack, preview_of
from assignments.sla.worklist import Turn, list_tasks
from portal.ports import Ports
from tests.loop import NewCase, add_cases, add_mandate, draft, place, place_with
from tests.tenants import Tenants, add_colleague

NOW = datetime(2026, 2, 10, 17, tzinfo=UTC)
#: One person with two debts, and another person.
CASES = [NewCase("ONE", 10_000, debtor_ref="D1"), NewCase("TWO", 20_000, debtor_ref="D1"), NewCase("THREE", 30_000)]


@pytest.fixture
def placed(ports: Ports, tenants: Tenants) -> Tenants:
    """All three cases are with the first agency."""
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    return tenants


def flag(ports: Ports, actor: Actor, creditor: Actor, accounts: list[str], kind: FlagKind, **what: object) -> int:
    """Raise a flag by accounts; how many are new."""
    with ports.session(actor) as session, transaction(session):
        found = service.find_cases(session, actor, creditor.tenant, accounts)
        return service.raise_flags(
            session, actor, creditor_id=creditor.tenant, case_ids=found, kind=kind, now=NOW, **what
        )


def standing(ports: Ports, actor: Actor) -> dict[str, list[Fact]]:
    """Account -> what stands on it, as the actor sees it."""
    with ports.session(actor) as session:
        return {one.account_ref: facts_of(one) for one in session.scalars(select(Case).order_by(Case.id))}


def only_flag(ports: Ports, actor: Actor) -> Flag:
    """The one flag the actor sees."""
    with ports.session(actor) as session:
        return session.scalars(select(Flag)).one()


def lift(ports: Ports, creditor: Actor, flag_id: int, reason: str = "Era un homónimo") -> Flag:
    """The creditor takes a flag down."""
    with ports.session(creditor) as session, transaction(session):
        return service.lift(session, creditor, flag_id, reason=reason, now=NOW)


def confirm(ports: Ports, creditor: Actor, flag_id: int, **how: bool) -> Flag:
    """The creditor says that it is so."""
    with ports.session(creditor) as session, transaction(session):
        return service.confirm(session, creditor, flag_id, now=NOW, **how)


def test_a_death_stops_every_debt_of_the_person_and_a_dispute_the_one_debt(ports, placed):
    flag(ports, placed.creditor, placed.creditor, ["ONE"], FlagKind.DECEASED, since=date(2026, 1, 5))
    flag(ports, placed.creditor, placed.creditor, ["THREE"], FlagKind.DISPUTE)
    death = Fact(FlagKind.DECEASED, date(2026, 1, 5), stops_work=True)
    assert standing(ports, placed.agency) == {
        "ONE": [death],
        "TWO": [death],
        "THREE": [Fact(FlagKind.DISPUTE, date(2026, 2, 10), stops_work=True)],
    }


def test_an_agency_s_word_stops_work_at_once_and_waits_for_the_creditor(ports, placed):
    assert flag(ports, placed.agency, placed.creditor, ["ONE"], FlagKind.VULNERABLE, note="Certificado médico") == 1
    assert all(standing(ports, placed.agency)[one] for one in ("ONE", "TWO"))
    raised = only_flag(ports, placed.creditor)
    assert (raised.agency_id, raised.confirmed_at, raised.stops_work) == (placed.agency.tenant, None, True)
    with ports.session(placed.creditor) as session:
        assert "flag.raised" in [one.kind for one in list_notices(session, placed.creditor).rows]
    confirm(ports, placed.creditor, raised.id, stops_work=False)
    assert standing(ports, placed.agency)["ONE"] == [Fact(FlagKind.VULNERABLE, date(2026, 2, 10), stops_work=False)]


def test_the_work_list_leaves_out_what_is_stopped_until_the_flag_comes_down(ports, placed):
    def listed():
        with ports.session(placed.agency) as session:
            return {one.account_ref for one in list_tasks(session, placed.agency, Turn.FRESH, now=NOW).rows}

    flag(ports, placed.agency, placed.creditor, ["ONE"], FlagKind.STOP_CONTACT)
    assert listed() == {"THREE"}
    lift(ports, placed.creditor, only_flag(ports, placed.creditor).id)
    assert listed() == {"ONE", "TWO", "THREE"}


def test_nothing_flagged_is_placed_and_the_preview_says_why(ports, tenants):
    add_cases(ports, tenants.creditor, CASES)
    flag(ports, tenants.creditor, tenants.creditor, ["TWO"], FlagKind.INSOLVENT)
    mandate = add_mandate(ports, tenants.creditor, tenants.agency)
    wave = draft(ports, tenants.creditor, [mandate])
    assert [(one.reason, one.cases) for one in preview_of(wave).held_back] == [(HeldBack.FLAGGED, 2)]
    place(ports, tenants.creditor, wave)
    assert set(standing(ports, tenants.agency)) == {"THREE"}


def test_the_fact_goes_to_the_next_agency_and_the_note_does_not(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES[2:])
    flag(ports, tenants.agency, tenants.creditor, ["THREE"], FlagKind.VULNERABLE, note="Hermana enferma, insistir")
    confirm(ports, tenants.creditor, only_flag(ports, tenants.creditor).id, stops_work=False)
    with ports.session(tenants.agency) as session, transaction(session):
        case_ids = session.scalars(select(Case.id)).all()
        returns.give_back(session, tenants.agency, case_ids=case_ids, code=ReturnCode.EXHAUSTED, now=NOW)
    mandate = add_mandate(ports, tenants.creditor, tenants.other_agency)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate], now=NOW), now=NOW)
    assert [one.kind for one in standing(ports, tenants.other_agency)["THREE"]] == [FlagKind.VULNERABLE]
    with ports.session(tenants.other_agency) as session:
        assert session.scalars(select(Flag)).all() == []
        assert flags_of_case(session, tenants.other_agency, session.scalars(select(Case)).one()) == []
    # Whoever said it still knows what it said, though the case is gone.
    with ports.session(tenants.agency) as session:
        assert [one.flag.note for one in list_flags(session, tenants.agency).rows] == ["Hermana enferma, insistir"]


def test_a_return_for_a_reason_of_the_person_raises_its_flag_and_a_release_takes_it_down(ports, placed):
    with ports.session(placed.agency) as session, transaction(session):
        three = session.scalars(select(Case.id).where(Case.account_ref == "THREE")).one()
        returns.give_back(session, placed.agency, case_ids=[three], code=ReturnCode.DISPUTED, now=NOW)
    assert [one.kind for one in standing(ports, placed.creditor)["THREE"]] == [FlagKind.DISPUTE]
    with ports.session(placed.creditor) as session, transaction(session):
        assert returns.release(session, placed.creditor, three, now=NOW).state is CaseState.OPEN
    assert standing(ports, placed.creditor)["THREE"] == []


def test_a_second_press_raises_nothing_twice_and_the_creditor_s_word_confirms_the_agency_s(ports, placed):
    assert flag(ports, placed.agency, placed.creditor, ["ONE", "TWO"], FlagKind.DECEASED) == 1
    assert flag(ports, placed.agency, placed.creditor, ["TWO"], FlagKind.DECEASED) == 0
    assert flag(ports, placed.creditor, placed.creditor, ["TWO"], FlagKind.DECEASED) == 0
    assert only_flag(ports, placed.creditor).confirmed_at == NOW


@pytest.mark.parametrize(
    "kind", [FlagKind.DECEASED, FlagKind.INSOLVENT, FlagKind.STOP_CONTACT, FlagKind.IDENTITY_FRAUD]
)
def test_some_facts_bear_no_work_with_whatever_care(ports, placed, kind):
    flag(ports, placed.agency, placed.creditor, ["ONE"], kind)
    with pytest.raises(AlwaysStops):
        confirm(ports, placed.creditor, only_flag(ports, placed.creditor).id, stops_work=False)


def test_a_flag_comes_down_once_with_a_reason_and_can_go_up_again(ports, placed):
    flag(ports, placed.agency, placed.creditor, ["THREE"], FlagKind.COMPLAINT)
    raised = only_flag(ports, placed.creditor).id
    with pytest.raises(EndReasonMissing):
        lift(ports, placed.creditor, raised, reason="  ")
    assert lift(ports, placed.creditor, raised).ended_how is FlagEnd.DISMISSED
    assert lift(ports, placed.creditor, raised, reason="otra").end_reason == "Era un homónimo"
    with pytest.raises(FlagOver):
        confirm(ports, placed.creditor, raised)
    assert flag(ports, placed.creditor, placed.creditor, ["THREE"], FlagKind.COMPLAINT) == 1
    with ports.session(placed.creditor) as session:
        ends = session.scalars(select(Flag.ended_how).order_by(Flag.id)).all()
    assert ends == [FlagEnd.DISMISSED, None]


def test_an_agency_flags_only_what_it_holds_and_decides_nothing(ports, placed):
    with pytest.raises(AccountsUnknown):
        flag(ports, placed.other_agency, placed.creditor, ["ONE"], FlagKind.DECEASED)
    with ports.session(placed.creditor) as session:
        one = session.scalars(select(Case.id).where(Case.account_ref == "ONE")).one()
    known = {"creditor_id": placed.creditor.tenant, "case_ids": [one], "kind": FlagKind.DECEASED, "now": NOW}
    for stranger in (placed.other_agency, placed.other_creditor):
        with ports.session(stranger) as session, pytest.raises(NotFound):
            service.raise_flags(session, stranger, **known)
    flag(ports, placed.agency, placed.creditor, ["ONE"], FlagKind.DECEASED)
    raised = only_flag(ports, placed.creditor).id
    with ports.session(placed.agency) as session, pytest.raises(Forbidden):
        service.lift(session, placed.agency, raised, reason="no", now=NOW)
    with ports.session(placed.other_creditor) as session, pytest.raises(NotFound):
        service.confirm(session, placed.other_creditor, raised, now=NOW)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR])
def test_who_only_looks_raises_nothing(ports, placed, role):
    reader = add_colleague(ports, placed.creditor, role)
    with pytest.raises(Forbidden):
        flag(ports, reader, placed.creditor, ["ONE"], FlagKind.LEGAL)


def test_the_database_lets_no_agency_confirm_lift_or_flag_what_is_not_its(ports, placed):
    flag(ports, placed.agency, placed.creditor, ["ONE"], FlagKind.DECEASED)
    changes = (
        "update flags set ended_at = now(), ended_how = 'lifted'",
        "delete from flags",
        """insert into flags (creditor_id, agency_id, debtor_id, case_id, account_ref, kind, is_of_person, stops_work,
                              since, raised_at, confirmed_at)
           select creditor_id, agency_id, debtor_id, case_id, account_ref, 'legal', false, true, since, raised_at,
                  raised_at from flags""",
    )
    for statement in changes:
        with ports.session(placed.agency) as session, pytest.raises(ProgrammingError):
            session.execute(text(statement))


def test_new_debts_of_a_flagged_person_are_flagged_from_the_beginning(ports, placed):
    flag(ports, placed.creditor, placed.creditor, ["ONE"], FlagKind.DECEASED)
    flag(ports, placed.creditor, placed.creditor, ["ONE"], FlagKind.DISPUTE)
    add_cases(ports, placed.creditor, [NewCase("FOUR", 5_000, debtor_ref="D1")])
    with ports.session(placed.creditor) as session, transaction(session):
        upload = session.execute(
            text(
                "select p.upload_id from cases c join portfolios p on p.id = c.portfolio_id where account_ref = 'FOUR'"
            )
        ).scalar_one()
        settle_upload(session, placed.creditor.tenant, upload)
    assert [one.kind for one in standing(ports, placed.creditor)["FOUR"]] == [FlagKind.DECEASED]


def test_both_sides_find_each_act_in_their_trail(ports, placed):
    flag(ports, placed.agency, placed.creditor, ["ONE"], FlagKind.DECEASED)
    raised = only_flag(ports, placed.creditor).id
    confirm(ports, placed.creditor, raised)
    confirm(ports, placed.creditor, raised)
    lift(ports, placed.creditor, raised)
    for actor in (placed.creditor, placed.agency):
        with ports.session(actor) as session:
            events = session.scalars(
                select(AuditEvent.action).where(AuditEvent.action.like("flag.%")).order_by(AuditEvent.seq)
            ).all()
        assert events == ["flag.raised", "flag.confirmed", "flag.lifted"]


def test_a_fact_has_happened_and_somebody_says_of_whom(ports, placed):
    with pytest.raises(FactInFuture):
        flag(ports, placed.creditor, placed.creditor, ["ONE"], FlagKind.DECEASED, since=date(2026, 2, 11))
    with pytest.raises(NothingToFlag):
        flag(ports, placed.creditor, placed.creditor, [], FlagKind.DECEASED)
