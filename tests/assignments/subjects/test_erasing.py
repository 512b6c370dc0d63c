"""Erasure: all of it or none, never against a hold or a living debt, and for good, whatever comes in later."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from agencies.kernel.session import transaction
from assignments.cases.models import Case, Debtor
from assignments.cases.queries import Selection
from assignments.contacts.models import ContactPoint
from assignments.locates.models import Finding, LocateOrder
from assignments.subjects import erasing, holds, keeping, service
from assignments.subjects.models import Erasure, LegalHold, RequestKind
from tests import creditor_files, locating, loop
from tests.sealing import identity_of
from tests.subjects import NOW, ask, debtor_of, do, identified, matched
from uploads.models import UploadKind


def erasure(ports, creditor, account: str, *, key: str = "one"):
    return identified(
        ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ERASURE, key=key), account)
    )


def case_of(ports, creditor, account: str) -> int:
    with ports.session(creditor) as session:
        return session.scalars(select(Case.id).where(Case.account_ref == account)).one()


def hold(ports, creditor, account: str, **how):
    with ports.session(creditor) as session, transaction(session):
        case_id = case_of(ports, creditor, account)
        return holds.place(
            session, creditor, case_id, **{"reason": "Proceso judicial", "until": None, "now": NOW, **how}
        )


def pay_off(ports, creditor, database, account: str) -> None:
    """The debt is settled and the case is back."""
    loop.end_placement(ports, creditor, account, NOW - timedelta(days=1))
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(
            text("update cases set balance_minor = 0, agency_id = null where account_ref = :a"), {"a": account}
        )
    engine.dispose()


def everything(database) -> str:
    """All rows of all tables, as text: whoever stands anywhere stands here."""
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        tables = connection.scalars(
            text("""
                select table_name from information_schema.tables
                where table_schema = 'public' and table_type = 'BASE TABLE'
            """)
        ).all()
        found = "".join(
            connection.scalar(text(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")) for table in tables
        )
    engine.dispose()
    return found


def test_an_erased_person_stands_nowhere_any_more_and_the_books_stay(ports, tenants, database) -> None:
    creditor = tenants.creditor
    loop.report_activities(ports, tenants.agency, creditor, [loop.worked("A-0", note="Habla CENTINELA Rosa")])
    with ports.session(creditor) as session, transaction(session):
        session.get_one(Debtor, (creditor.tenant, debtor_of(ports, creditor, "A-0"))).name = "CENTINELA Rosa"
    assert "CENTINELA" in everything(database)
    pay_off(ports, creditor, database, "A-0")
    request = erasure(ports, creditor, "A-0")
    assert do(ports, creditor, erasing.erase, request.id) == 1
    assert "CENTINELA" not in everything(database)
    with ports.session(creditor) as session:
        case = session.scalars(select(Case).where(Case.account_ref == "A-0")).one()
        assert case.placed_minor == 100_000
    # Pressed again it changes nothing.
    assert do(ports, creditor, erasing.erase, request.id) == 0


def test_ways_to_reach_the_person_and_the_identity_are_gone(ports, tenants, database) -> None:
    creditor = tenants.creditor
    someone = debtor_of(ports, creditor, "P-1")
    do(ports, creditor, erasing.erase, erasure(ports, creditor, "P-1").id)
    told = everything(database)
    assert "3001112233" not in told
    assert "Pía Pagada" not in told
    with ports.session(creditor) as session:
        left = session.get_one(Debtor, (creditor.tenant, someone))
        assert (left.sealed, left.document_index, left.phone_index, left.email_index) == (None, None, None, None)
        assert left.identity == f"erased:{someone}".encode()
        assert session.scalars(select(ContactPoint).where(ContactPoint.debtor_id == someone)).all() == []
        assert session.scalars(select(Erasure.debtor_id)).all() == [someone]


def test_what_was_wrong_with_the_person_s_row_is_gone_and_with_others_stays(ports, tenants, database) -> None:
    creditor = tenants.creditor
    engine, wrong = create_engine(database.superuser_url), "pia@sin-arroba.example"
    added = text("""
        insert into upload_errors (organisation_id, upload_id, line, field, code, value)
        select c.creditor_id, p.upload_id, c.line, 'email', 'invalid', c.account_ref || ' ' || :wrong
        from cases c join portfolios p on p.creditor_id = c.creditor_id and p.id = c.portfolio_id
        where c.account_ref in ('P-1', 'A-0')
    """)
    with engine.begin() as connection:
        connection.execute(added, {"wrong": wrong})
    do(ports, creditor, erasing.erase, erasure(ports, creditor, "P-1").id)
    with engine.connect() as connection:
        left = connection.scalars(text("select value from upload_errors order by value")).all()
    engine.dispose()
    assert sorted(left) == sorted([f"A-0 {wrong}", "–"])


def test_every_reason_against_it_is_named_and_nothing_is_touched(ports, tenants) -> None:
    creditor = tenants.creditor
    hold(ports, creditor, "A-0")
    request = erasure(ports, creditor, "A-0")
    with pytest.raises(erasing.ErasureRefused) as refused:
        do(ports, creditor, erasing.erase, request.id)
    why = erasing.Obstacle
    expected = (why.LEGAL_HOLD, why.LIVE_DEBT, why.WITH_AN_AGENCY)
    assert refused.value.params["reasons"] == tuple(erasing.OBSTACLES[one] for one in expected)
    with ports.session(creditor) as session:
        assert session.get_one(Debtor, (creditor.tenant, debtor_of(ports, creditor, "A-0"))).name == "Rosa 0"
        assert session.scalars(select(Erasure)).all() == []


def test_a_hold_wins_also_below_the_service_and_until_it_is_lifted(ports, tenants) -> None:
    creditor = tenants.creditor
    held = hold(ports, creditor, "P-1", until=date(2199, 1, 1))
    request = erasure(ports, creditor, "P-1")
    with pytest.raises(erasing.ErasureRefused):
        do(ports, creditor, erasing.erase, request.id)
    with ports.session(creditor) as session, pytest.raises(IntegrityError, match="a legal hold wins"):
        erasing.bury(session, creditor, debtor_of(ports, creditor, "P-1"), request_id=None, now=NOW)
    with ports.session(creditor) as session, transaction(session):
        holds.lift(session, creditor, held.id, reason="Terminó", now=NOW)
    with ports.session(creditor) as session, pytest.raises(holds.HoldLifted):
        holds.lift(session, creditor, held.id, reason="Otra vez", now=NOW)
    assert do(ports, creditor, erasing.erase, request.id) == 1


def test_a_hold_that_ran_out_holds_no_more(ports, tenants) -> None:
    creditor = tenants.creditor
    hold(ports, creditor, "P-1", until=date(2026, 3, 20))
    request = erasure(ports, creditor, "P-1")
    with pytest.raises(erasing.ErasureRefused):
        do(ports, creditor, erasing.erase, request.id)
    assert do(ports, creditor, erasing.erase, request.id, now=NOW + timedelta(days=9)) == 1


def test_nobody_erases_without_a_tombstone_or_another_s_debtor(ports, tenants) -> None:
    someone = debtor_of(ports, tenants.creditor, "P-1")
    ask_owner = text("select erase_debtor(:c, :d)")
    known = {"c": tenants.creditor.tenant, "d": someone}
    for stranger in (tenants.other_creditor, tenants.agency):
        with ports.session(stranger) as session, pytest.raises(ProgrammingError):
            session.execute(ask_owner, known)
    with ports.session(tenants.creditor) as session, pytest.raises(IntegrityError, match="without a tombstone"):
        session.execute(ask_owner, known)


def test_history_stays_history_for_whoever_sets_the_switch(ports, tenants) -> None:
    loop.report_activities(ports, tenants.agency, tenants.creditor, [loop.worked("A-0", note="Palabras")])
    with ports.session(tenants.agency) as session:
        session.execute(text("select set_config('app.erasing', 'on', true)"))
        with pytest.raises(ProgrammingError):
            session.execute(text("update activities set note = 'Otras'"))


def test_what_an_agency_reports_of_an_erased_person_goes_with_the_next_day(ports, tenants, database) -> None:
    creditor = tenants.creditor
    pay_off(ports, creditor, database, "A-0")
    do(ports, creditor, erasing.erase, erasure(ports, creditor, "A-0").id)
    loop.report_activities(ports, tenants.agency, creditor, [loop.worked("A-0", note="CENTINELA tardía")])
    with ports.session(creditor) as session, transaction(session):
        kept = keeping.keep(session, creditor, now=NOW)
    assert kept.erased_again == 1
    with ports.session(creditor) as session:
        assert session.scalars(text("select note from activities")).all() == [None]


def test_after_a_restore_the_marks_erase_again_and_a_hold_keeps(ports, tenants, database) -> None:
    creditor = tenants.creditor
    do(ports, creditor, erasing.erase, erasure(ports, creditor, "P-1").id)
    with ports.session(creditor) as session:
        marks = [one.mark for one in keeping.marks(session, creditor)]
    # As a backup from before would have it: the person is there, the tombstone is not.
    restored(ports, creditor, database, "P-1", "Pía Pagada")
    held = hold(ports, creditor, "P-1")
    for expected in ((0, 1), (1, 0), (0, 0)):
        with ports.session(creditor) as session, transaction(session):
            assert keeping.reapply(session, creditor, marks, now=NOW) == expected
            if expected == (0, 1):
                holds.lift(session, creditor, held.id, reason="Terminó", now=NOW)
    assert "Pía Pagada" not in everything(database)


def restored(ports, creditor, database, account: str, name: str) -> None:
    """The database as it was before somebody was erased."""
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("delete from erasures"))
        connection.execute(
            text("""
                update debtors set identity = :identity, name = :name
                where id = (select debtor_id from cases where account_ref = :a)
            """),
            {
                "identity": identity_of(ports.keyring, creditor.tenant, f"account:{account}"),
                "name": name,
                "a": account,
            },
        )
    engine.dispose()


def test_an_erased_person_in_a_new_file_is_turned_away_and_the_others_come_in(ports, tenants, database) -> None:
    creditor, header = tenants.creditor, "obligacion,tipo documento,cedula,nombre completo,saldo total,celular"
    first = ["N-1,CC,52000111,Rosa Nueva,0,3001112299", "N-2,CC,52000222,Otra,100,3001112288"]
    creditor_files.apply(ports, creditor, UploadKind.PORTFOLIO, header, first)
    do(ports, creditor, erasing.erase, erasure(ports, creditor, "N-1").id)
    assert "52000111" not in everything(database)
    again = ["N-3,CC,52.000.111,Rosa Nueva,100,3001112299", "N-4,CC,52000333,Tercera,100,3001112277"]
    upload, loaded = creditor_files.apply(ports, creditor, UploadKind.PORTFOLIO, header, again)
    assert (loaded.applied, upload.error_counts) == (1, {"account_ref:erased_person": 1})
    assert creditor_files.told(ports, creditor, upload)[2] == ("account_ref", "erased_person")


def test_an_access_request_erases_nobody(ports, tenants) -> None:
    creditor = tenants.creditor
    request = identified(ports, creditor, matched(ports, creditor, ask(ports, creditor, RequestKind.ACCESS), "P-1"))
    with pytest.raises(erasing.NobodyToErase):
        do(ports, creditor, erasing.erase, request.id)
    unmatched = identified(ports, creditor, ask(ports, creditor, RequestKind.ERASURE, key="two"))
    with pytest.raises(erasing.NobodyToErase):
        do(ports, creditor, erasing.erase, unmatched.id)
    first = ask(ports, creditor, RequestKind.ERASURE, key="three")
    with pytest.raises(service.NotIdentified):
        do(ports, creditor, erasing.erase, first.id)


def test_a_hold_says_why_and_ends_in_the_future(ports, tenants) -> None:
    with pytest.raises(holds.HoldNeedsAReason):
        hold(ports, tenants.creditor, "P-1", reason=" ")
    with pytest.raises(holds.HoldIsOver):
        hold(ports, tenants.creditor, "P-1", until=date(2026, 3, 11))
    hold(ports, tenants.creditor, "P-1")
    with ports.session(tenants.other_creditor) as session:
        assert session.scalars(select(LegalHold)).all() == []


def test_what_was_located_and_never_confirmed_goes_after_its_time_but_for_a_hold(ports, tenants) -> None:
    creditor, agency = tenants.creditor, tenants.agency
    loop.add_cases(ports, creditor, [loop.NewCase(f"L-{n}", 70_000, name=f"Perdida {n}") for n in range(2)])
    mandate = locating.locate_mandate(ports, creditor, agency)
    people = locating.People(Selection(search="L-"))
    batch = locating.order(ports, creditor, mandate, people, due_on=locating.soon(), now=ports.now())
    orders = locating.take_on(ports, agency, batch)
    for at, order in enumerate(orders):
        found = locating.phone(f"311 555 010{at}", found_on=date(2026, 2, 3))
        locating.find(ports, agency, order.id, [found], now=ports.now())
    hold(ports, creditor, "L-1", now=ports.now())
    for days, gone in ((179, 0), (181, 1), (182, 0)):
        with ports.session(creditor) as session, transaction(session):
            assert keeping.keep(session, creditor, now=ports.now() + timedelta(days=days)).findings == gone
    with ports.session(creditor) as session:
        kept = {
            order.account_ref: finding.value
            for order, finding in session.execute(
                select(LocateOrder, Finding).join(Finding, Finding.order_id == LocateOrder.id)
            )
        }
    assert kept["L-1"] not in {None, "", "–"}
    assert kept["L-0"] in {None, "", "–"}
