"""Random moves by random actors: none succeeds that the model forbids, and what succeeds is written down whole."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import count
from random import Random

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import local_date
from agencies.kernel.errors import DomainError
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements import recalls, rejecting, returns
from assignments.placements.history import PlacementMove, explain
from assignments.placements.holding import follow_holds
from assignments.placements.lifecycle import MOVES
from assignments.placements.models import Consignment, ObjectionReason, Placement, RecallReason
from assignments.placements.recall_scope import Scope
from assignments.placements.rejections import RejectReason
from assignments.reports import recording
from assignments.sla import service as sla
from tests import loop
from tests.assignments.placements.model import Called, Consigned, Debt, Model
from tests.recalling import do
from tests.tenants import add_person

numbers = count(1)
ACTS_IN_A_WALK = 200
#: What may be done, and how often.
ACTS = {
    "place": 4,
    "acknowledge": 4,
    "reject": 2,
    "work": 6,
    "give_back": 2,
    "recall": 6,
    "accept": 1,
    "object_to": 4,
    "decide": 2,
    "withdraw": 4,
    "hold": 3,
    "release": 4,
    "days_pass": 1,
}
RECALLS = {f"recall.{what}" for what in ("requested", "accepted", "objected", "decided", "withdrawn", "executed")}
#: The actions of the trail that the model counts, besides those of recalls.
TRACKED = {"activity.recorded", "case.released", "case.returned"} | {
    f"consignment.{what}" for what in ("sent", "acknowledged", "rejected")
}


class Walk:
    """Two creditors with three cases each, and two agencies with a mandate of both."""

    def __init__(self, ports, seed: int) -> None:
        self.ports, self.random = ports, Random(seed)
        self.model, self.now, self.done = Model(), loop.PLACED_AT, Counter()
        self.actors = [
            add_person(self.ports, role, f"{name} {next(numbers)}")
            for role, name in ((Role.DIRECTOR, "Banco"), (Role.MANAGER, "Cobros"))
            for _ in range(2)
        ]
        self.creditors, self.agencies = self.actors[:2], self.actors[2:]
        self.mandates = [[loop.add_mandate(self.ports, one, to) for to in self.agencies] for one in self.creditors]
        self.debts: list[Debt] = []
        self.ids: dict[str, int] = {}
        self.consigned: dict[int, Consigned] = {}
        self.called: dict[int, Called] = {}
        for creditor in self.creditors:
            debts = [Debt(creditor.tenant, f"{creditor.tenant}-{number}") for number in range(3)]
            loop.add_cases(self.ports, creditor, [loop.NewCase(one.account, 1_000) for one in debts])
            self.debts += debts
            with self.ports.session(creditor) as session:
                self.ids |= dict(session.execute(select(Case.account_ref, Case.id)).all())

        # Half of it has begun, so that what can be done soon is done.
        for creditor in (0, 1):
            self.place(creditor, 0)
        self.acknowledge(4, 0)

    def attempt(self, number: int, verb, *arguments, **others):
        """What an actor's act gives; nothing where it is refused."""
        self.now += timedelta(hours=1)
        try:
            return do(self.ports, self.actors[number], verb, *arguments, now=self.now, **others)
        except DomainError:
            return None

    def agree(self, number: int, is_allowed: bool, verb, *arguments, **others) -> None:
        """An act succeeds exactly where the model allows it."""
        assert (self.attempt(number, verb, *arguments, **others) is not None) is is_allowed

    def whoever(self, number: int, rightful: int) -> int:
        """One of the four actors by number, or the one whose act it is."""
        return number if number < 4 else [one.tenant for one in self.actors].index(rightful)

    def holder(self, debt: Debt) -> int:
        """Who holds a case, or some agency."""
        return debt.live.consigned.agency if debt.live else self.agencies[0].tenant

    @property
    def today(self):
        return local_date(self.now, "America/Bogota")

    def debt(self, number: int) -> Debt:
        return self.debts[number % len(self.debts)]

    def place(self, creditor: int, agency: int) -> None:
        actor, self.now = self.creditors[creditor], self.now + timedelta(hours=1)
        try:
            wave = loop.draft(self.ports, actor, [self.mandates[creditor][agency]], now=self.now)
            loop.place(self.ports, actor, wave, now=self.now)
        except DomainError:
            assert not any(one.creditor == actor.tenant and one.state == "open" for one in self.debts)
            return
        with self.ports.session(actor) as session:
            number = session.scalars(select(Consignment.id).where(Consignment.wave_id == wave.id)).one()
            placed = session.scalars(select(Placement.account_ref).where(Placement.consignment_id == number)).all()
        consigned = self.consigned[number] = Consigned(actor.tenant, self.agencies[agency].tenant)
        self.model.sent(consigned, [one for one in self.debts if one.account in placed])

    def acknowledge(self, actor: int, which: int) -> None:
        number = list(self.consigned)[-1 - which % min(4, len(self.consigned))]
        actor = self.whoever(actor, self.consigned[number].agency)
        is_allowed = self.model.acknowledge(self.actors[actor].tenant, self.consigned[number])
        self.agree(actor, is_allowed, sla.acknowledge, number)

    def reject(self, actor: int, which: int, debt: int | None, holds: bool) -> None:
        number = list(self.consigned)[-1 - which % min(4, len(self.consigned))]
        actor = self.whoever(actor, self.consigned[number].agency)
        debts = None if debt is None else [self.debt(debt)]
        is_allowed = self.model.reject(self.actors[actor].tenant, self.consigned[number], debts, holds=holds)
        reason = RejectReason.INFORMATION_MISSING if holds else RejectReason.NO_CAPACITY
        cases = None if debts is None else [self.ids[one.account] for one in debts]
        self.agree(actor, is_allowed, rejecting.reject, number, reason=reason, case_ids=cases)

    def work(self, actor: int, which: int) -> None:
        debt = self.debt(which)
        actor = self.whoever(actor, self.holder(debt))
        is_allowed = self.model.work(self.actors[actor].tenant, debt)
        done = {"happened_at": self.now, "channel": "call", "result": "no_answer", "key": uuid.uuid4()}
        self.agree(actor, is_allowed, recording.record, self.ids[debt.account], **done)

    def give_back(self, actor: int, which: int) -> None:
        debt = self.debt(which)
        actor = self.whoever(actor, self.holder(debt))
        is_allowed = self.model.give_back(self.actors[actor].tenant, debt)
        back = {"case_ids": [self.ids[debt.account]], "code": ReturnCode.EXHAUSTED}
        self.agree(actor, is_allowed, returns.give_back, **back)

    def recall(self, actor: int, which: int, days: int) -> None:
        debt, self.now = self.debt(which), self.now + timedelta(hours=1)
        actor = self.whoever(actor, debt.creditor)
        today, on = self.today, self.today + timedelta(days=days)
        called = self.model.recall(self.actors[actor].tenant, debt, on, today)
        self.now -= timedelta(hours=1)
        why = {"reason": RecallReason.STRATEGY if days else RecallReason.COMPLIANCE, "effective_on": on}
        made = self.attempt(actor, recalls.request, Scope(case_ids=(self.ids[debt.account],)), **why)
        assert (made is not None) is (called is not None)
        if made and called:
            self.called[made[0].id] = called

    def answer(self, actor: int, which: int, act: str) -> None:
        number = list(self.called)[-1 - which % len(self.called)]
        called = self.called[number]
        actor = self.whoever(actor, called.agency if act in {"accept", "object_to"} else called.creditor)
        who = self.actors[actor].tenant
        day = [local_date(self.now + timedelta(hours=1), "America/Bogota")] if act == "decide" else []
        is_allowed = getattr(self.model, act)(who, called, *day)
        others = {"reason": ObjectionReason.PROMISE} if act == "object_to" else {}
        self.agree(actor, is_allowed, getattr(recalls, act), number, **others)

    def hold(self, which: int) -> None:
        debt = self.debt(which)
        actor = next(one for one in self.creditors if one.tenant == debt.creditor)
        self.model.hold(debt)
        with self.ports.session(actor) as session, transaction(session):
            explain(session, actor, "case.updated", now=self.now)
            case = session.scalars(select(Case).where(Case.account_ref == debt.account)).one()
            case.held_since = case.held_since or self.now
            case.state = CaseState.ON_HOLD if case.state is CaseState.OPEN else case.state
            session.flush()
            follow_holds(session, actor.tenant, [case.id])

    def release(self, actor: int, which: int) -> None:
        debt = self.debt(which)
        actor = self.whoever(actor, debt.creditor)
        is_allowed = self.model.release(self.actors[actor].tenant, debt)
        self.agree(actor, is_allowed, returns.release, self.ids[debt.account])

    def days_pass(self) -> None:
        self.now += timedelta(days=1)
        for called in self.called.values():
            self.model.execute(called, local_date(self.now + timedelta(hours=1), "America/Bogota"))
        for number in (0, 1):
            self.attempt(number, recalls.execute_due)
            self.now -= timedelta(hours=1)
        for number in (2, 3):
            assert self.attempt(number, recalls.execute_due) is None

    def everything_stands_where_the_model_has_it(self) -> None:
        for creditor in self.creditors:
            with self.ports.session(creditor) as session:
                cases = dict(session.execute(select(Case.account_ref, Case.state)).all())
                placed = defaultdict(list)
                for row in session.execute(select(Placement.account_ref, Placement.state).order_by(Placement.id)):
                    placed[row.account_ref].append(row.state.value)
                sent = dict(session.execute(select(Consignment.id, Consignment.state)).all())
            own = [one for one in self.debts if one.creditor == creditor.tenant]
            assert {one.account: one.state for one in own} == cases
            assert {one.account: [x.state for x in one.history] for one in own if one.history} == dict(placed)
            for number, one in self.consigned.items():
                assert one.creditor != creditor.tenant or sent[number] == one.state

    def history_and_trails_are_whole(self) -> None:
        for creditor in self.creditors:
            with self.ports.session(creditor) as session:
                placements = session.scalars(select(Placement)).all()
                moves = session.scalars(select(PlacementMove).order_by(PlacementMove.id)).all()
            live = Counter(one.case_id for one in placements if one.ended_at is None)
            assert set(live.values()) <= {1}
            for placement in placements:
                stood = "sent"
                for move in (one for one in moves if one.placement_id == placement.id):
                    assert move.from_state == stood
                    assert move.to_state in MOVES[move.from_state]
                    assert move.why is not None
                    stood = move.to_state
                assert stood == placement.state
        self._trails_are_whole()

    def _trails_are_whole(self) -> None:
        told: Counter[tuple[int, str]] = Counter()
        for actor in self.actors:
            with self.ports.session(actor) as session:
                mine = select(AuditEvent.organisation_id, AuditEvent.action)
                told.update(tuple(row) for row in session.execute(mine))
        if told:
            kept = {key: n for key, n in told.items() if key[1] in TRACKED or key[1].startswith("recall.")}
            assert kept == dict(self.model.told)

    def go(self) -> None:
        """One act of somebody, mostly of whoever may: what is refused teaches less than what is done."""
        draw = self.random
        number, which, actor = draw.randrange(10_000), draw.randrange(10_000), draw.randrange(12)
        act = draw.choices(list(ACTS), list(ACTS.values()))[0]
        if act == "place":
            self.place(number % 2, which % 2)
        elif act == "reject":
            self.reject(actor, which, draw.choice([None, number]), draw.random() < 0.5)
        elif act == "recall":
            self.recall(actor, which, draw.choice([0, 2, 5]))
        elif act in {"accept", "object_to", "decide", "withdraw"}:
            if self.called:
                self.answer(actor, which % 3, act)
        elif act == "hold":
            self.hold(which)
        elif act == "days_pass":
            self.days_pass()
        else:
            getattr(self, act)(actor, which)
        self.done[act] += 1


@pytest.mark.parametrize("seed", [6, 28])
def test_no_illegal_move_succeeds_and_every_legal_one_is_written_down(ports, seed):
    walk = Walk(ports, seed)
    for _ in range(ACTS_IN_A_WALK):
        walk.go()
        walk.everything_stands_where_the_model_has_it()
    walk.history_and_trails_are_whole()
    # A walk that leaves something out shows nothing of it.
    assert set(walk.done) == set(ACTS)
    # Whether a date comes or an objection is decided before the walk ends is chance.
    told = {action for _, action in walk.model.told}
    assert (TRACKED | RECALLS) - {"recall.decided", "recall.executed"} <= told <= TRACKED | RECALLS
