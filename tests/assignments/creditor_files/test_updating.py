"""A creditor's update: the balance follows its word and leaves a trace, contacts are added once, holds hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.cases.changes import BalanceAdjustment, CaseUpdate, list_adjustments, list_updates
from assignments.cases.models import CaseState
from assignments.contacts.queries import list_contacts
from assignments.placements import recalls, returns
from assignments.placements.models import RecallReason
from assignments.placements.recall_scope import Scope
from tests.creditor_files import PAID, UPDATE, case, checked, owing, pay, told, undo, update
from tests.loop import NewCase, add_cases, add_mandate, draft, paid, place, report_payments
from tests.tenants import add_person
from uploads import receiving
from uploads.lifecycle import CannotBeUndone
from uploads.models import UploadKind, UploadState
from uploads.rows import Loaded

KNOWN = "obligacion,dias mora,ciudad,celular,correo,direccion"
HOLDS = "obligacion,retenido,motivo retencion"


def test_a_balance_follows_the_creditor_s_word_and_leaves_a_trace(ports, tenants):
    upload, loaded = update(ports, tenants.creditor, "A1,800.00,COP,", "A2,1000.00,COP,", "A3,1200.50,COP,")
    assert loaded == Loaded(applied=2, unchanged=1, rejected=0)
    assert owing(ports, tenants.creditor, "A1", "A2", "A3") == [80_000, 100_000, 120_050]
    found = case(ports, tenants.creditor, "A1")
    assert found.placed_minor == 100_000
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            [one] = list_adjustments(session, actor, found.id)
            assert (one.before_minor, one.after_minor, one.delta_minor) == (100_000, 80_000, -20_000)
            assert (one.upload_id, one.line, one.agency_id) == (upload.id, 2, tenants.agency.tenant)


def test_payments_go_on_lowering_an_adjusted_balance(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 30_000)])
    update(ports, tenants.creditor, "A1,900.00,COP,2026-02-05")
    assert owing(ports, tenants.creditor, "A1") == [90_000]
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 15_000, date(2026, 2, 6))])
    assert owing(ports, tenants.creditor, "A1") == [75_000]


def test_a_later_payment_than_the_cut_off_still_lowers_the_balance_and_is_remarked_on(ports, tenants):
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 30_000), paid("A2", 30_000)])
    pay(ports, tenants.creditor, "A1,R1,2026-02-05,50.00,COP")
    rows = ["A1,1000.00,COP,2026-02-01", "A2,700.00,COP,2026-02-03", "A3,500.00,COP,2026-02-01"]
    upload, _ = update(ports, tenants.creditor, *rows)
    # 300 to the agency on the 3rd, 50 to the creditor on the 5th.
    assert owing(ports, tenants.creditor, "A1", "A2", "A3") == [65_000, 70_000, 50_000]
    assert told(ports, tenants.creditor, upload, warnings=True) == {2: ("balance_total", "paid_since")}
    assert upload.warning_counts == {"balance_total:paid_since": 1}
    assert upload.rows_rejected == 0


def test_what_cannot_be_updated_is_refused_row_by_row(ports, tenants):
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(text("update cases set state = 'closed' where account_ref = 'A6'"))
    soon = ports.now().date() + timedelta(days=2)
    rows = ["Z1,1.00,COP,", "A6,1.00,COP,", "A1,1.00,USD,", f"A2,1.00,COP,{soon}", "A3,-5.00,COP,", "A4,7.00,COP,"]
    upload, loaded = update(ports, tenants.creditor, *rows)
    assert told(ports, tenants.creditor, upload) == {
        2: ("account_ref", "not_handed_over"),
        3: ("account_ref", "case_closed"),
        4: ("currency", "wrong_currency"),
        5: ("cut_off_date", "in_future"),
        6: ("balance_total", "negative"),
    }
    assert loaded == Loaded(applied=1, unchanged=0, rejected=5)
    # Somebody else's account was named, and nothing of theirs was touched or told.
    assert owing(ports, tenants.other_creditor, "Z1") == [100_000]


def test_a_currency_without_cents_keeps_its_amounts(ports, tenants):
    add_cases(ports, tenants.creditor, [NewCase("C1", 100_000, currency="CLP")])
    update(ports, tenants.creditor, "C1,80500,CLP,", "A1,805.00,COP,")
    assert owing(ports, tenants.creditor, "C1", "A1") == [80_500, 80_500]


def test_the_same_word_twice_changes_nothing_more(ports, tenants):
    update(ports, tenants.creditor, "A1,800.00,COP,")
    _, loaded = update(ports, tenants.creditor, "A1,800.00,COP,", "A2,1000.00,COP,")
    assert loaded == Loaded(applied=0, unchanged=2, rejected=0)
    with ports.session(tenants.creditor) as session:
        found = session.scalars(select(BalanceAdjustment.delta_minor).order_by(BalanceAdjustment.id)).all()
    # That our books are right is kept too, because it says what the word held.
    assert found == [-20_000, 0]


def test_new_ways_to_reach_a_debtor_are_added_once_whatever_their_spelling(ports, tenants):
    rows = [
        "A1,187,Cali,+57 300 555 0101,ANA@Correo.example,Calle 10 # 20-30",
        "A2,,,3105550199,,",
        "A3,,,no es,,",
    ]
    _, loaded = update(ports, tenants.creditor, *rows, header=KNOWN)
    assert loaded.applied == 3
    found = case(ports, tenants.creditor, "A1")
    assert (found.days_past_due, found.city) == (187, "Cali")
    reached = {}
    for account in ("A1", "A2", "A3"):
        debtor_id = case(ports, tenants.creditor, account).debtor_id
        with ports.session(tenants.agency) as session:
            reached[account] = sorted(
                (p.kind.value, p.value) for p in list_contacts(session, tenants.agency, debtor_id)
            )
    assert [kind for kind, _ in reached["A1"]] == ["address", "email", "phone"]
    assert [value for _, value in reached["A2"]] == ["3005550102", "3105550199"]
    assert len(reached["A3"]) == 2
    _, again = update(ports, tenants.creditor, "A1,187,Cali,3005550101,ana@correo.example,CL 10 20-30", header=KNOWN)
    assert again == Loaded(applied=0, unchanged=1, rejected=0)


def test_what_changed_is_written_down_without_personal_data(ports, tenants):
    update(ports, tenants.creditor, "A1,187,Cali,3105550199,,", header=KNOWN)
    case_id = case(ports, tenants.creditor, "A1").id
    with ports.session(tenants.agency) as session:
        [one] = list_updates(session, tenants.agency, case_id)
    assert one.before == {"days_past_due": None, "city": None}
    assert one.after == {"days_past_due": 187, "city": "Cali", "contacts": 1}
    with ports.session(tenants.other_agency) as session:
        assert list_updates(session, tenants.other_agency, case_id) == []


def test_a_free_case_on_hold_is_placed_with_nobody_until_it_is_released(ports, tenants):
    update(ports, tenants.creditor, "A6,SI,Reclamo", header=HOLDS)
    held = case(ports, tenants.creditor, "A6")
    assert (held.state, held.hold_reason, held.held_since is not None) == (CaseState.ON_HOLD, "Reclamo", True)
    update(ports, tenants.creditor, "A6,NO,", header=HOLDS)
    free = case(ports, tenants.creditor, "A6")
    assert (free.state, free.hold_reason, free.held_since) == (CaseState.OPEN, None, None)


def test_a_placed_case_on_hold_stays_with_its_agency_and_is_held_when_it_comes_back(ports, tenants):
    update(ports, tenants.creditor, "A1,SI,Reclamo en trámite", "A2,SI,", header=HOLDS)
    held = case(ports, tenants.creditor, "A1")
    assert (held.state, held.agency_id) == (CaseState.PLACED, tenants.agency.tenant)
    with ports.session(tenants.agency) as session:
        [notice, *_] = list_notices(session, tenants.agency).rows
    assert (notice.kind, notice.details["cases"]) == ("case.held", 2)
    now = ports.now()
    with ports.session(tenants.creditor) as session, transaction(session):
        today = recalls.today_of(session, tenants.creditor.tenant, now)
        scope = Scope(case_ids=(held.id,))
        recalls.request(session, tenants.creditor, scope, reason=RecallReason.COMPLAINT, effective_on=today, now=now)
    assert case(ports, tenants.creditor, "A1").state is CaseState.ON_HOLD
    update(ports, tenants.creditor, "A1,NO,", "A2,NO,", header=HOLDS)
    assert case(ports, tenants.creditor, "A1").state is CaseState.OPEN
    assert case(ports, tenants.creditor, "A2").state is CaseState.PLACED


def test_a_hold_is_lifted_by_hand_too(ports, tenants):
    update(ports, tenants.creditor, "A1,SI,Reclamo", "A6,SI,Reclamo", header=HOLDS)
    for account, state in (("A1", CaseState.PLACED), ("A6", CaseState.OPEN)):
        case_id = case(ports, tenants.creditor, account).id
        with ports.session(tenants.creditor) as session, transaction(session):
            returns.release(session, tenants.creditor, case_id, now=ports.now())
        released = case(ports, tenants.creditor, account)
        assert (released.state, released.held_since) == (state, None)


def test_a_file_that_says_no_hold_does_not_free_what_an_agency_gave_back(ports, tenants):
    with ports.session(tenants.agency) as session, transaction(session):
        case_id = case(ports, tenants.creditor, "A1").id
        code = returns.ReturnCode.DISPUTED
        returns.give_back(session, tenants.agency, case_ids=[case_id], code=code, now=ports.now())
    _, loaded = update(ports, tenants.creditor, "A1,NO,", header=HOLDS)
    assert loaded.unchanged == 1
    assert case(ports, tenants.creditor, "A1").state is CaseState.ON_HOLD


def test_an_update_is_taken_back_whole(ports, tenants):
    rows = ["A1,80.00,SI,Reclamo,Cali,3105550199", "A6,70.00,SI,,,"]
    header = "obligacion,saldo total,retenido,motivo retencion,ciudad,celular"
    upload, _ = update(ports, tenants.creditor, *rows, header=header)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 1_000)])
    undo(ports, tenants.creditor, upload)
    first, second = (case(ports, tenants.creditor, account) for account in ("A1", "A6"))
    assert (first.balance_minor, first.held_since, first.city) == (99_000, None, None)
    assert (second.balance_minor, second.state) == (100_000, CaseState.OPEN)
    with ports.session(tenants.creditor) as session:
        assert len(list_contacts(session, tenants.creditor, first.debtor_id)) == 1
        assert session.scalar(select(func.count()).select_from(CaseUpdate)) == 4
    # The same bytes may come again.
    _, loaded = update(ports, tenants.creditor, *rows, header=header)
    assert loaded.applied == 2


def test_an_update_that_something_rests_on_is_not_taken_back(ports, tenants):
    upload, _ = update(ports, tenants.creditor, "A1,80.00,COP,")
    update(ports, tenants.creditor, "A1,85.00,COP,")
    with pytest.raises(CannotBeUndone):
        undo(ports, tenants.creditor, upload)
    placed, _ = update(ports, tenants.creditor, "A6,85.00,COP,")
    mandate = add_mandate(ports, tenants.creditor, tenants.agency)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate], now=ports.now()), now=ports.now())
    with pytest.raises(CannotBeUndone):
        undo(ports, tenants.creditor, placed)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.MANAGER])
@pytest.mark.parametrize("kind", [UploadKind.PORTFOLIO_UPDATE, UploadKind.CREDITOR_PAYMENTS, UploadKind.RECALL_LIST])
def test_who_sends_no_portfolios_sends_none_of_these(ports, tenants, role, kind):
    stranger = add_person(ports, role, f"Casa {role} {kind}")
    assert stranger.permissions == PERMISSIONS[role]
    incoming = ports.storage.incoming()
    incoming.write(f"{UPDATE}\nA1,1,COP,\n".encode())
    with ports.session(stranger) as session, pytest.raises(Forbidden):
        receiving.receive(session, stranger, incoming, kind=kind, filename="x.csv", now=ports.now())
    incoming.keep("tests/kept")


def test_the_account_of_another_creditor_is_as_unknown_as_one_that_nobody_has(ports, tenants):
    for kind, header, row in (
        (UploadKind.PORTFOLIO_UPDATE, UPDATE, "{},1.00,COP,"),
        (UploadKind.CREDITOR_PAYMENTS, PAID, "{},R1,2026-02-05,50.00,COP"),
    ):
        upload = checked(
            ports, tenants.creditor, kind, header, [row.format("Z1"), row.format("NADIE").replace("R1", "R2")]
        )
        assert set(told(ports, tenants.creditor, upload).values()) == {("account_ref", "not_handed_over")}
        assert upload.state is UploadState.CHECKED
