"""A stolen user: the people are those the log says were shown to it, per creditor, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.session import transaction
from assignments.cases.models import Case, Portfolio
from assignments.incidents import breach, service
from assignments.incidents.facts import Scope
from assignments.incidents.service import NobodyTouched, UsersElsewhere
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from tests import creditor_files, loop, reporting
from tests.incidents import FACTS, NOW, accounts, report
from uploads.models import UploadKind

WITHIN = FACTS.happened_from + timedelta(days=1)


@pytest.fixture
def shown(ports, tenants):
    """The agency's person was shown two cases of the first creditor and one of the second; a third one too late."""
    with ports.session(tenants.creditor) as session:
        mine = dict(session.execute(select(Case.account_ref, Case.id)).all())
    with ports.session(tenants.other_creditor) as session:
        theirs = dict(session.execute(select(Case.account_ref, Case.id)).all())
    one, other = tenants.creditor.tenant, tenants.other_creditor.tenant
    with ports.session(tenants.agency) as session, transaction(session):
        pages = [(one, mine["A-0"]), (one, mine["A-1"]), (other, theirs["B-2"])]
        reads.note(session, tenants.agency, ReadKind.LIST, pages, now=WITHIN)
        late = FACTS.happened_to + timedelta(days=1)
        reads.note(session, tenants.agency, ReadKind.PAGE, [(one, mine["A-2"])], now=late)
    with ports.session(tenants.other_agency) as session, transaction(session):
        reads.note(session, tenants.other_agency, ReadKind.PAGE, [(one, mine["R-1"])], now=WITHIN)
    return tenants


def test_an_incident_narrowed_to_a_user_touches_whom_it_was_shown(ports, shown) -> None:
    parts = report(ports, shown.agency, Scope(user_ids=(shown.agency.user_id,)))
    assert accounts(ports, shown.creditor, parts[0].id) == {"A-0", "A-1"}
    assert accounts(ports, shown.other_creditor, parts[1].id) == {"B-2"}


def test_another_agency_s_user_draws_nobody_in(ports, shown) -> None:
    with pytest.raises(NobodyTouched):
        report(ports, shown.agency, Scope(user_ids=(shown.other_agency.user_id,)))


def test_the_export_lists_per_creditor_exactly_whom_the_user_was_shown(ports, shown) -> None:
    window = (FACTS.happened_from, FACTS.happened_to)
    found = {}
    for creditor in (shown.creditor, shown.other_creditor):
        with ports.session(creditor) as session:
            told = breach.summary(session, creditor, shown.agency.user_id, *window)
            listed = list(breach.subjects(session, creditor, shown.agency.user_id, *window))
        assert told is not None
        found[creditor.tenant] = (told.reads, told.kinds, sorted(one.accounts for one in listed))
    assert found == {
        shown.creditor.tenant: (1, ("list",), ["A-0", "A-1"]),
        shown.other_creditor.tenant: (1, ("list",), ["B-2"]),
    }
    with ports.session(shown.creditor) as session:
        assert breach.summary(session, shown.creditor, shown.creditor.user_id, *window) is None


def looked_into(ports, actor, upload_id, creditor) -> None:
    """The person looked into a file: the log holds its number and no case."""
    about = {"subject": (Subject.UPLOAD, upload_id), "creditor_id": creditor.tenant}
    with ports.session(actor) as session, transaction(session):
        reads.note(session, actor, ReadKind.FILE, (), **about, now=WITHIN)


def exported(ports, creditor, user_id) -> list[str]:
    with ports.session(creditor) as session:
        window = (FACTS.happened_from, FACTS.happened_to)
        return sorted(one.accounts for one in breach.subjects(session, creditor, user_id, *window))


def test_whom_an_agency_s_person_saw_through_a_file_is_touched(ports, tenants) -> None:
    rows = [loop.worked("A-1", activity_ref="1"), loop.worked("X-9", activity_ref="2")]
    staged = reporting.stage(ports, tenants.agency, tenants.creditor, UploadKind.ACTIVITIES, rows)
    looked_into(ports, tenants.agency, staged, tenants.creditor)
    [part] = report(ports, tenants.agency, Scope(user_ids=(tenants.agency.user_id,)))
    assert accounts(ports, tenants.creditor, part.id) == {"A-1"}
    assert exported(ports, tenants.creditor, tenants.agency.user_id) == ["A-1"]
    assert exported(ports, tenants.other_creditor, tenants.agency.user_id) == []


def test_whom_a_creditor_s_person_saw_through_a_portfolio_or_an_update_is_touched(ports, tenants) -> None:
    creditor = tenants.creditor
    with ports.session(creditor) as session:
        portfolio = session.scalar(
            select(Portfolio.upload_id).join(Case, Case.portfolio_id == Portfolio.id).where(Case.account_ref == "R-1")
        )
    rows = ["A-2,90000,COP,2026-03-01", "NUEVA-1,1000,COP,2026-03-01"]
    update = creditor_files.checked(ports, creditor, UploadKind.PORTFOLIO_UPDATE, creditor_files.UPDATE, rows)
    for upload_id in (portfolio, update.id):
        looked_into(ports, creditor, upload_id, creditor)
    assert exported(ports, creditor, creditor.user_id) == ["A-2", "R-1"]
    with ports.session(creditor) as session, transaction(session):
        own = Scope(user_ids=(creditor.user_id,))
        part = service.open_incident(session, creditor, FACTS, own, agency_id=None, key="o-1", now=NOW)
    assert accounts(ports, creditor, part.id) == {"A-2", "R-1"}


def test_nobody_asks_who_saw_another_creditor_s_cases(ports, tenants) -> None:
    ask = text("select cases_seen_in_files(:creditor, 1, '2026-01-01', '2027-01-01')")
    for stranger in (tenants.other_creditor, tenants.agency):
        with ports.session(stranger) as session, pytest.raises(ProgrammingError):
            session.execute(ask, {"creditor": tenants.creditor.tenant})


def test_a_creditor_s_own_users_narrow_nothing_at_an_agency(ports, tenants) -> None:
    creditor = tenants.creditor
    own, at = Scope(user_ids=(creditor.user_id,)), tenants.agency.tenant
    with ports.session(creditor) as session, pytest.raises(UsersElsewhere):
        service.open_incident(session, creditor, FACTS, own, agency_id=at, key="o-2", now=NOW)
