"""Random moves by random actors: none succeeds that the model forbids, and what succeeds is written down whole."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import count

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
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
ANY = st.integers(0, 10_000)
#: The actions of the trail that the model counts, besides those of recalls.
TRACKED = {"activity.recorded", "case.released", "case.returned"} | {
    f"consignment.{what}" for what in ("sent", "acknowledged", "rejected")
}
ACTORS = st.integers(0, 3)


def machine(ports):
    class Machine(RuleBasedStateMachine):
        """Two creditors with three cases each, and two agencies with a mandate of both."""

        @initialize()
        def settle(self) -> None:
            self.model, self.now = Model(), loop.PLACED_AT
            self.actors = [
                add_person(ports, role, f"{name} {next(numbers)}")
                for role, name in ((Role.DIRECTOR, "Banco"), (Role.MANAGER, "Cobros"))
                for _ in range(2)
            ]
            self.creditors, self.agencies = self.actors[:2], self.actors[2:]
            self.mandates = [[loop.add_mandate(ports, one, to) for to in self.agencies] for one in self.creditors]
            self.debts: list[Debt] = []
            self.ids: dict[str, int] = {}
            self.consigned: dict[int, Consigned] = {}
            self.called: dict[int, Called] = {}
            for creditor in self.creditors:
                debts = [Debt(creditor.tenant, f"{creditor.tenant}-{number}") for number in range(3)]
                loop.add_cases(ports, creditor, [loop.NewCase(one.account, 1_000) for one in debts])
                self.debts += debts
                with ports.session(creditor) as session:
                    self.ids |= dict(session.execute(select(Case.account_ref, Case.id)).all())

        def attempt(self, number: int, verb, *arguments, **others):
            """What an actor's act gives; nothing where it is refused."""
            self.now += timedelta(hours=1)
            try:
                return do(ports, self.actors[number], verb, *arguments, now=self.now, **others)
            except DomainError:
                return None

        def agree(self, number: int, is_allowed: bool, verb, *arguments, **others) -> None:
            """An act succeeds exactly where the model allows it."""
            assert (self.attempt(number, verb, *arguments, **others) is not None) is is_allowed

        @property
        def today(self):
            return local_date(self.now, "America/Bogota")

        def debt(self, number: int) -> Debt:
            return self.debts[number % len(self.debts)]

        @rule(creditor=st.integers(0, 1), agency=st.integers(0, 1))
        def place(self, creditor: int, agency: int) -> None:
            actor, self.now = self.creditors[creditor], self.now + timedelta(hours=1)
            try:
                wave = loop.draft(ports, actor, [self.mandates[creditor][agency]], now=self.now)
                loop.place(ports, actor, wave, now=self.now)
            except DomainError:
                assert not any(one.creditor == actor.tenant and one.state == "open" for one in self.debts)
                return
            with ports.session(actor) as session:
                number = session.scalars(select(Consignment.id).where(Consignment.wave_id == wave.id)).one()
                placed = session.scalars(select(Placement.account_ref).where(Placement.consignment_id == number)).all()
            consigned = self.consigned[number] = Consigned(actor.tenant, self.agencies[agency].tenant)
            self.model.sent(consigned, [one for one in self.debts if one.account in placed])

        @precondition(lambda self: self.consigned)
        @rule(actor=ACTORS, which=ANY)
        def acknowledge(self, actor: int, which: int) -> None:
            number = list(self.consigned)[which % len(self.consigned)]
            is_allowed = self.model.acknowledge(self.actors[actor].tenant, self.consigned[number])
            self.agree(actor, is_allowed, sla.acknowledge, number)

        @precondition(lambda self: self.consigned)
        @rule(actor=ACTORS, which=ANY, debt=st.none() | ANY, holds=st.booleans())
        def reject(self, actor: int, which: int, debt: int | None, holds: bool) -> None:
            number = list(self.consigned)[which % len(self.consigned)]
            debts = None if debt is None else [self.debt(debt)]
            is_allowed = self.model.reject(self.actors[actor].tenant, self.consigned[number], debts, holds=holds)
            reason = RejectReason.INFORMATION_MISSING if holds else RejectReason.NO_CAPACITY
            cases = None if debts is None else [self.ids[one.account] for one in debts]
            self.agree(actor, is_allowed, rejecting.reject, number, reason=reason, case_ids=cases)

        @rule(actor=ACTORS, which=ANY)
        def work(self, actor: int, which: int) -> None:
            debt = self.debt(which)
            is_allowed = self.model.work(self.actors[actor].tenant, debt)
            done = {"happened_at": self.now, "channel": "call", "result": "no_answer", "key": uuid.uuid4()}
            self.agree(actor, is_allowed, recording.record, self.ids[debt.account], **done)

        @rule(actor=ACTORS, which=ANY)
        def give_back(self, actor: int, which: int) -> None:
            debt = self.debt(which)
            is_allowed = self.model.give_back(self.actors[actor].tenant, debt)
            back = {"case_ids": [self.ids[debt.account]], "code": ReturnCode.EXHAUSTED}
            self.agree(actor, is_allowed, returns.give_back, **back)

        @rule(actor=ACTORS, which=ANY, days=st.sampled_from([0, 2]))
        def recall(self, actor: int, which: int, days: int) -> None:
            debt, self.now = self.debt(which), self.now + timedelta(hours=1)
            today, on = self.today, self.today + timedelta(days=days)
            called = self.model.recall(self.actors[actor].tenant, debt, on, today)
            self.now -= timedelta(hours=1)
            why = {"reason": RecallReason.STRATEGY if days else RecallReason.COMPLIANCE, "effective_on": on}
            made = self.attempt(actor, recalls.request, Scope(case_ids=(self.ids[debt.account],)), **why)
            assert (made is not None) is (called is not None)
            if made and called:
                self.called[made[0].id] = called

        @precondition(lambda self: self.called)
        @rule(actor=ACTORS, which=ANY, act=st.sampled_from(["accept", "object_to", "decide", "withdraw"]))
        def answer(self, actor: int, which: int, act: str) -> None:
            number = list(self.called)[which % len(self.called)]
            who, called = self.actors[actor].tenant, self.called[number]
            day = [local_date(self.now + timedelta(hours=1), "America/Bogota")] if act == "decide" else []
            is_allowed = getattr(self.model, act)(who, called, *day)
            others = {"reason": ObjectionReason.PROMISE} if act == "object_to" else {}
            self.agree(actor, is_allowed, getattr(recalls, act), number, **others)

        @rule(which=ANY)
        def hold(self, which: int) -> None:
            debt = self.debt(which)
            actor = next(one for one in self.creditors if one.tenant == debt.creditor)
            self.model.hold(debt)
            with ports.session(actor) as session, transaction(session):
                explain(session, actor, "case.updated", now=self.now)
                case = session.scalars(select(Case).where(Case.account_ref == debt.account)).one()
                case.held_since = case.held_since or self.now
                case.state = CaseState.ON_HOLD if case.state is CaseState.OPEN else case.state
                session.flush()
                follow_holds(session, actor.tenant, [case.id])

        @rule(actor=ACTORS, which=ANY)
        def release(self, actor: int, which: int) -> None:
            debt = self.debt(which)
            is_allowed = self.model.release(self.actors[actor].tenant, debt)
            self.agree(actor, is_allowed, returns.release, self.ids[debt.account])

        @rule()
        def days_pass(self) -> None:
            self.now += timedelta(days=1)
            for called in self.called.values():
                self.model.execute(called, local_date(self.now + timedelta(hours=1), "America/Bogota"))
            for number in (0, 1):
                self.attempt(number, recalls.execute_due)
                self.now -= timedelta(hours=1)
            for number in (2, 3):
                assert self.attempt(number, recalls.execute_due) is None

        @invariant()
        def everything_stands_where_the_model_has_it(self) -> None:
            for creditor in getattr(self, "creditors", ()):
                with ports.session(creditor) as session:
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

        def teardown(self) -> None:
            for creditor in getattr(self, "creditors", ()):
                with ports.session(creditor) as session:
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
            for actor in getattr(self, "actors", ()):
                with ports.session(actor) as session:
                    mine = select(AuditEvent.organisation_id, AuditEvent.action)
                    told.update(tuple(row) for row in session.execute(mine))
            if told:
                kept = {key: n for key, n in told.items() if key[1] in TRACKED or key[1].startswith("recall.")}
                assert kept == dict(self.model.told)

    return Machine


def test_no_illegal_move_succeeds_and_every_legal_one_is_written_down(ports):
    steps = hypothesis.settings(
        max_examples=10,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(machine(ports), settings=steps)
