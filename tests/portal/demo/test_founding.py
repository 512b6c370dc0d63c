"""The invented organisations come in as real ones do: the operator invites who manages one, who invites the others."""

from __future__ import annotations

from sqlalchemy import select

from agencies.kernel.clock import utc_now
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.heads import HEADS
from agencies.organisations.models import Invitation, User, UserState
from portal.demo import founding
from portal.demo.cast import OPERATOR, all_members
from portal.demo.chronology import Chronology
from portal.demo.world import World
from tests.people import PASSWORD


def test_the_operator_invites_the_heads_and_they_the_others_however_often_it_is_told(ports):
    now = utc_now()
    chronology = Chronology(now)
    for _ in range(2):
        world = World(ports, chronology, PASSWORD, {})
        founding.make_operator(world, now)
        founding.bring_in_organisations(world, now)

    with ports.session(Actor(side=Side.PLATFORM)) as session:
        people = {user.id: user for user in session.scalars(select(User))}
        invited = session.execute(select(Invitation.user_id, Invitation.invited_by)).all()
    assert {user.email for user in people.values()} == {member.email for _, member in all_members()}
    assert {user.state for user in people.values()} == {UserState.ACTIVE}
    assert len(invited) == len(people) - 1
    for whom, by in invited:
        is_head = people[whom].role in HEADS
        assert (people[by].email == OPERATOR.email) == is_head
        assert is_head or people[by].organisation_id == people[whom].organisation_id
