"""A wrong telephone, e-mail or address is put right everywhere at once, and does not come back with the next file."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from agencies.kernel.errors import Forbidden, NotFound
from assignments.subjects import dossier, handling, mending
from assignments.subjects.handling import NotDone, NothingToMend
from assignments.subjects.mending import WayUnreadable
from assignments.subjects.models import Outcome, RequestKind
from assignments.subjects.service import NotIdentified
from tests import creditor_files
from tests.assignments.subjects.test_stopping import FIRST, SECOND, form_of, handed_out, numbers, reached, revocation
from tests.subjects import ask, do, matched

__all__ = ["reached"]

RIGHT = "300 999 8877"


def rectification(ports, creditor, **named):
    return revocation(ports, creditor, kind=RequestKind.RECTIFICATION, **named)


def mend(ports, actor, request, form, right=RIGHT):
    return do(ports, actor, mending.mend_way, request.id, form=form, right=right)


def test_the_right_telephone_takes_the_place_of_the_wrong_one_for_creditor_and_agency(ports, reached):
    creditor, agency = reached.creditor, reached.agency
    request = rectification(ports, creditor)
    mend(ports, creditor, request, form_of(ports, creditor, FIRST))
    for actor in (creditor, agency):
        assert sorted(numbers(ports, actor)) == [SECOND, RIGHT]
    told = handed_out(ports, agency)
    assert FIRST not in told
    assert RIGHT in told
    with ports.session(agency) as session:
        assert "request.rectified" in set(session.scalars(text("select kind from notices")))


def test_the_wrong_one_does_not_come_back_with_the_next_file(ports, reached):
    creditor = reached.creditor
    request = rectification(ports, creditor)
    mend(ports, creditor, request, form_of(ports, creditor, FIRST))
    header = f"{creditor_files.UPDATE},celular"
    creditor_files.update(ports, creditor, "T-1,900.00,COP,2026-03-11,300 111 0001", header=header)
    assert sorted(numbers(ports, creditor)) == [SECOND, RIGHT]


def test_it_is_granted_once_it_was_mended_and_both_are_kept_sealed_with_the_request(ports, reached, database):
    creditor = reached.creditor
    request = rectification(ports, creditor)
    granted = {"outcome": Outcome.GRANTED, "document": "Se corrigió el teléfono."}
    with pytest.raises(NotDone):
        do(ports, creditor, handling.answer, request.id, **granted)
    mend(ports, creditor, request, form_of(ports, creditor, FIRST))
    do(ports, creditor, handling.answer, request.id, **granted)
    with create_engine(database.superuser_url).connect() as everything:
        kept = everything.execute(text("select t::text from subject_steps t union all select body from audit_events"))
        said = " ".join(kept.scalars())
    for number in (FIRST, RIGHT):
        assert number.removeprefix("+57") not in said


def test_what_is_right_already_is_not_added_twice(ports, reached):
    creditor = reached.creditor
    mend(ports, creditor, rectification(ports, creditor), form_of(ports, creditor, FIRST), right=SECOND)
    assert numbers(ports, creditor) == [SECOND]


@pytest.mark.parametrize("right", ["", "12", "rosa@correo.example", "x" * 400])
def test_what_is_no_telephone_takes_no_telephone_s_place(ports, reached, right):
    creditor = reached.creditor
    with pytest.raises(WayUnreadable):
        mend(ports, creditor, rectification(ports, creditor), form_of(ports, creditor, FIRST), right=right)
    assert numbers(ports, creditor) == [FIRST, SECOND]


def test_nothing_is_mended_that_is_the_same_unknown_or_not_asked(ports, reached):
    creditor = reached.creditor
    first, request = form_of(ports, creditor, FIRST), rectification(ports, creditor)
    for form, right in ((first, FIRST), (None, RIGHT), (b"x" * 32, RIGHT), (b"", RIGHT)):
        with pytest.raises(NothingToMend):
            mend(ports, creditor, request, form, right=right)
    with pytest.raises(NothingToMend):
        mend(ports, creditor, revocation(ports, creditor, key="two"), first)
    unproved = matched(ports, creditor, ask(ports, creditor, RequestKind.RECTIFICATION, key="three"), "T-1")
    with pytest.raises(NotIdentified):
        mend(ports, creditor, unproved, first)


def test_neither_the_agency_nor_another_creditor_mends_it(ports, reached):
    creditor = reached.creditor
    request, form = rectification(ports, creditor), form_of(ports, creditor, FIRST)
    with pytest.raises(NotFound):
        mend(ports, reached.other_creditor, request, form)
    with pytest.raises((NotFound, Forbidden)):
        mend(ports, reached.agency, request, form)
    assert numbers(ports, creditor) == [FIRST, SECOND]


def test_what_is_handed_to_the_person_holds_the_right_one(ports, reached):
    creditor = reached.creditor
    request = rectification(ports, creditor)
    mend(ports, creditor, request, form_of(ports, creditor, FIRST))
    assert RIGHT in str(do(ports, creditor, dossier.gather, request.id))
