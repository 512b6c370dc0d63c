"""A stolen user: the people are those the log says were shown to it, per creditor, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.incidents import breach
from assignments.incidents.facts import Scope
from assignments.incidents.service import NobodyTouched
from assignments.reads import service as reads
from assignments.reads.models import ReadKind
from tests.incidents import FACTS, accounts, report

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
