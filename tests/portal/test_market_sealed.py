"""No page tells of a sealed bid: what others see is the same before it and after it, letter by letter."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.marketplace import bids
from assignments.marketplace.service import Timetable
from tests import market

MARK = "SELLADA-7391"
RATE = 1_713


def same(body: str) -> str:
    """A page without what differs from request to request."""
    body = re.sub(r"\d{14}##[0-9a-f]+|[a-z2-7]{26}|[A-Za-z0-9_-]{22,}|[0-9a-f]{16}", "*", body)
    return re.sub(r"\s+", " ", body)


@pytest.fixture
def lot(world):
    """A lot of two agencies, open for another hour."""
    creditor = world.actor(Role.DIRECTOR)
    market.attest(world.ports, creditor, [world.actor(Role.MANAGER, organisation=number) for number in (0, 1)])
    market.add_portfolio(world.ports, creditor)
    now = utc_now()
    timetable = Timetable(now + timedelta(hours=1), now + timedelta(days=5))
    return market.offer(world.ports, creditor, now=now - timedelta(hours=1), timetable=timetable)


def submit(world, lot, number: int = 0) -> None:
    market.bid(
        world.ports,
        world.actor(Role.MANAGER, organisation=number),
        lot,
        RATE,
        now=utc_now(),
        note=MARK,
        valid_until=utc_now().date() + timedelta(days=30),
    )


def seen(browser, page: str) -> dict[str, tuple[int, str]]:
    addresses = [
        "/",
        "/market/",
        "/market/?state=listed",
        page,
        f"{page}/bids",
        f"{page}/award",
        f"{page}/bid",
        "/notices/",
        "/work/",
        "/scorecards/",
        "/mandates/",
        "/placements/",
    ]
    answers = {address: browser.get(address) for address in addresses}
    return {address: (answer.status_code, same(answer.text)) for address, answer in answers.items()}


def test_the_pages_of_the_creditor_and_of_a_rival_do_not_change_by_a_bid(world, lot, sign_in) -> None:
    page = f"/market/lots/{world.ports.references.encode('lot', lot.id)}"
    others = [sign_in(Role.DIRECTOR), sign_in(Role.ANALYST), sign_in(Role.MANAGER, organisation=1)]
    for browser in others:
        # What is seen for the first time is recorded; from then on nothing changes by looking.
        seen(browser, page)
    before = [seen(browser, page) for browser in others]
    trail = [same(browser.get("/audit/").text) for browser in others]
    [empty] = [browser.get(f"{page}/bids.csv").text.splitlines() for browser in others[:1]]
    submit(world, lot)
    submit(world, lot)
    after = [seen(browser, page) for browser in others]
    assert before == after
    assert [same(browser.get("/audit/").text) for browser in others[1:]] == trail[1:]
    assert others[0].get(f"{page}/bids.csv").text.splitlines() == empty
    assert len(empty) == 1
    for pages in after:
        for status, body in pages.values():
            assert status in {200, 403}
            for secret in (MARK, "17,13", "17.13", str(RATE)):
                assert secret not in body
    assert MARK in sign_in(Role.MANAGER).get(page).text


def test_a_forced_award_before_the_time_says_the_same_with_and_without_bids(world, lot, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    page = f"/market/lots/{world.ports.references.encode('lot', lot.id)}"
    first = world.ports.references.encode("organisation", world.agencies[0].id)
    chosen = {f"share_{first}": "100", "is_sure": "y", "digest": "0" * 64}

    def forced() -> list[tuple[int, str]]:
        answers = [director.get(f"{page}/award", query_string=chosen), director.post(f"{page}/award", chosen)]
        return [(answer.status_code, same(answer.text)) for answer in answers]

    before = forced()
    submit(world, lot)
    assert forced() == before


def test_a_rival_s_own_refusals_do_not_depend_on_the_bids_of_others(world, lot, sign_in) -> None:
    rival = sign_in(Role.MANAGER, organisation=1)
    page = f"/market/lots/{world.ports.references.encode('lot', lot.id)}"

    def refused() -> list[tuple[int, str]]:
        answers = [rival.post(f"{page}/bid/withdraw"), rival.post(f"{page}/bid", {"commission": "x"})]
        return [(answer.status_code, same(answer.text)) for answer in answers]

    before = refused()
    submit(world, lot)
    assert refused() == before


def test_a_loser_never_sees_the_winner_s_figures(world, lot, sign_in) -> None:
    creditor, loser = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER, organisation=1)
    before = utc_now() - timedelta(hours=3)
    timetable = Timetable(utc_now() - timedelta(minutes=1), utc_now() + timedelta(days=5))
    done = market.offer(world.ports, creditor, now=before, timetable=timetable)
    last = utc_now().date() + timedelta(days=30)
    market.bid(world.ports, world.actor(Role.MANAGER), done, RATE, now=before, note=MARK, valid_until=last)
    market.bid(world.ports, loser, done, 1_500, now=before, valid_until=last)
    with world.ports.session(loser) as session, transaction(session):
        bids.look(session, loser, done.id, now=before)
    market.close(world.ports, creditor, done, now=utc_now())
    winner = world.agencies[0]
    market.award(world.ports, creditor, done, {winner.id: 10_000}, now=utc_now())
    browser = sign_in(Role.MANAGER, organisation=1)
    page = f"/market/lots/{world.ports.references.encode('lot', done.id)}"
    for address in (page, "/market/", "/market/?state=declined", "/", "/notices/", "/audit/", f"{page}/bid"):
        body = browser.get(address).text
        for secret in (MARK, "17,13", winner.name):
            assert secret not in body, address
    assert "Antioquia" not in browser.get(page).text
