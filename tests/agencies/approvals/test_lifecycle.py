"""Whatever anybody does whenever: an approval ends once, by another person, in time, or nothing is done."""

from __future__ import annotations

from datetime import timedelta

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agencies.approvals import service
from agencies.approvals.lifecycle import MOVES, standing
from agencies.approvals.models import Approval, ApprovalKind, ApprovalState
from agencies.kernel.errors import DomainError
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role

PEOPLE = (Role.DIRECTOR, Role.FINANCE, Role.COMPLIANCE, Role.ANALYST)
MAY = {Role.DIRECTOR, Role.FINANCE, Role.COMPLIANCE}


def test_what_has_ended_has_no_way_on():
    assert set(MOVES) == set(ApprovalState)
    assert [one for one, ways in MOVES.items() if ways] == [ApprovalState.PENDING]


def test_no_order_of_acts_gets_around_the_second_person(ports, world, now):
    actors = {role: world.actor(role) for role in PEOPLE}
    numbers = iter(range(10_000))

    class Machine(RuleBasedStateMachine):
        """One request, and everybody doing anything to it."""

        @initialize()
        def ask(self):
            self.now, self.done, self.state = now, [], ApprovalState.PENDING
            self.about = f"thing:{next(numbers)}"
            asker = actors[Role.DIRECTOR]
            with ports.session(asker) as session, transaction(session):
                subject = {"thing": self.about}
                row = service.ask(session, asker, ApprovalKind.LIMIT, subject, about=self.about, now=now)
            self.id, self.seen, self.expires_at = row.id, row.subject_sha256, row.expires_at

        def attempt(self, role, verb, **options) -> bool:
            try:
                with ports.session(actors[role]) as session, transaction(session):
                    verb(session, actors[role], now=self.now, **options)
            except DomainError:
                return False
            return True

        @property
        def is_pending(self) -> bool:
            return self.state is ApprovalState.PENDING and self.now < self.expires_at

        @rule(hours=st.integers(1, 40))
        def wait(self, hours):
            self.now += timedelta(hours=hours)

        @rule(role=st.sampled_from(PEOPLE), is_right=st.booleans())
        def approve(self, role, is_right):
            def carry(session, asker, subject, *, approval_id, now):
                assert asker.user_id == actors[Role.DIRECTOR].user_id
                assert asker.approved_by == actors[role].user_id
                assert subject == {"thing": self.about}
                self.done.append(role)

            seen = self.seen if is_right else b"x" * 32
            was_pending, before = self.is_pending, len(self.done)
            options = {"approval_id": self.id, "seen": seen, "carriers": {ApprovalKind.LIMIT: carry}}
            self.attempt(role, service.approve, **options)
            is_due = was_pending and is_right and role in MAY and role is not Role.DIRECTOR
            assert len(self.done) - before == is_due
            if is_due:
                self.state = ApprovalState.APPROVED

        @rule(role=st.sampled_from(PEOPLE))
        def decline(self, role):
            was_pending = self.is_pending
            options = {"approval_id": self.id, "seen": self.seen, "reason": "no"}
            went = self.attempt(role, service.decline, **options)
            if was_pending and went:
                assert role in MAY - {Role.DIRECTOR}
                self.state = ApprovalState.DECLINED

        @rule(role=st.sampled_from(PEOPLE))
        def withdraw(self, role):
            was_pending = self.is_pending
            went = self.attempt(role, service.withdraw, approval_id=self.id)
            assert not went or role is Role.DIRECTOR
            if was_pending and went:
                self.state = ApprovalState.WITHDRAWN

        @rule()
        def edit(self):
            was_pending = self.is_pending
            self.attempt(Role.DIRECTOR, service.void, kind=ApprovalKind.LIMIT, about=self.about)
            if was_pending:
                self.state = ApprovalState.VOID

        @rule()
        def expire(self):
            self.attempt(Role.DIRECTOR, service.expire)

        @invariant()
        def it_stands_as_it_should(self):
            director = actors[Role.DIRECTOR]
            with ports.session(director) as session:
                row = session.get_one(Approval, (director.tenant, self.id))
            is_late = self.state is ApprovalState.PENDING and not self.is_pending
            assert standing(row, self.now) is (ApprovalState.EXPIRED if is_late else self.state)
            assert len(self.done) == (self.state is ApprovalState.APPROVED)
            assert row.state is not ApprovalState.APPROVED or row.decided_by not in {None, row.asked_by}

    steps = hypothesis.settings(max_examples=12, stateful_step_count=10, deadline=None)
    run_state_machine_as_test(Machine, settings=steps)
