"""A small model of what may become of placements, against which random moves by random actors are held."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date


@dataclass
class Consigned:
    """What one agency received in one wave."""

    creditor: int
    agency: int
    state: str = "sent"
    placed: list[Placed] = field(default_factory=list)


@dataclass
class Called:
    """A recall of one case."""

    creditor: int
    agency: int
    effective_on: date
    placed: Placed
    state: str = "pending"
    answer: str | None = None


@dataclass
class Placed:
    """One case with one agency."""

    consigned: Consigned
    debt: Debt
    state: str = "sent"
    is_worked: bool = False
    called: Called | None = None

    @property
    def is_live(self) -> bool:
        """Whether the agency still holds it."""
        return self.state not in {"ended", "rejected"}

    @property
    def stands(self) -> str:
        """Where it stands when nobody recalls it."""
        if self.consigned.state == "sent":
            return "sent"
        if self.debt.is_held:
            return "on_hold"
        return "active" if self.is_worked else "acknowledged"


@dataclass
class Debt:
    """One case of a creditor."""

    creditor: int
    account: str
    is_held: bool = False
    history: list[Placed] = field(default_factory=list)

    @property
    def live(self) -> Placed | None:
        """The placement under which an agency holds it."""
        return next((one for one in self.history if one.is_live), None)

    @property
    def state(self) -> str:
        """How the case stands."""
        if self.live:
            return "placed"
        return "on_hold" if self.is_held else "open"


class Model:
    """Each verb says whether it is allowed, and if so what follows; `told` counts what the trails must hold."""

    def __init__(self) -> None:
        self.told: Counter[tuple[int, str]] = Counter()

    def tell(self, action: str, *organisations: int) -> bool:
        """An accepted act stands in the trail of everybody it concerns."""
        self.told.update((one, action) for one in organisations)
        return True

    def sent(self, consigned: Consigned, debts: list[Debt]) -> None:
        """Cases went to an agency: only those that were open."""
        for debt in debts:
            assert debt.state == "open", debt.account
            placed = Placed(consigned, debt)
            debt.history.append(placed)
            consigned.placed.append(placed)
        self.tell("consignment.sent", consigned.creditor, consigned.agency)

    def acknowledge(self, actor: int, consigned: Consigned) -> bool:
        """Once, by its agency; again changes nothing."""
        if actor != consigned.agency or consigned.state not in {"sent", "acknowledged"}:
            return False
        if consigned.state == "acknowledged":
            return True
        consigned.state = "acknowledged"
        for one in consigned.placed:
            if one.state == "sent":
                one.state = "on_hold" if one.debt.is_held else "acknowledged"
        return self.tell("consignment.acknowledged", consigned.creditor, actor)

    def reject(self, actor: int, consigned: Consigned, debts: list[Debt] | None, *, holds: bool) -> bool:
        """What waits for an answer, by its agency, before it has taken the rest on."""
        if actor != consigned.agency:
            return False
        if consigned.state == "rejected" and debts is None:
            return True
        waiting = [one for one in consigned.placed if one.state == "sent"]
        chosen = [one for one in waiting if debts is None or one.debt in debts]
        if consigned.state != "sent" or not chosen or (debts is not None and len(chosen) != len(debts)):
            return False
        for one in chosen:
            one.debt.is_held |= holds
        self._over(chosen, "rejected")
        return self.tell("consignment.rejected", consigned.creditor, actor)

    def work(self, actor: int, debt: Debt) -> bool:
        """Whoever holds a case reports what was done."""
        placed = debt.live
        if placed is None or placed.consigned.agency != actor:
            return False
        placed.is_worked = True
        if placed.state == "acknowledged":
            placed.state = "active"
        return self.tell("activity.recorded", debt.creditor, actor)

    def give_back(self, actor: int, debt: Debt) -> bool:
        """Whoever holds a case gives it back."""
        placed = debt.live
        if placed is None or placed.consigned.agency != actor:
            return False
        self._over([placed], "ended")
        return self.tell("case.returned", debt.creditor, actor)

    def recall(self, actor: int, debt: Debt, on: date, today: date) -> Called | None:
        """Its creditor takes a case back; one that waits in another recall only at once."""
        placed = debt.live
        if actor != debt.creditor or placed is None:
            return None
        if placed.state in {"recall_pending", "recall_objected"} and on > today:
            return None
        agency = placed.consigned.agency
        called, placed.called, before = Called(actor, agency, on, placed), None, placed.called
        placed.state, placed.called = "recall_pending", called
        self.tell("recall.requested", actor, agency)
        if on <= today:
            self._over([placed], "ended")
            if before and before.state in {"pending", "objected"}:
                before.state = "ended"
        return called

    def accept(self, actor: int, called: Called) -> bool:
        """The agency says that it has stopped; again changes nothing."""
        if actor != called.agency:
            return False
        if called.answer == "accepted":
            return True
        if called.state == "withdrawn":
            return False
        called.answer = "accepted"
        if called.state != "ended":
            self._over([called.placed], "ended")
        return self.tell("recall.accepted", called.creditor, actor)

    def object_to(self, actor: int, called: Called) -> bool:
        """The agency asks to keep the case: once."""
        if actor != called.agency:
            return False
        if called.state == "objected":
            return True
        if called.state != "pending" or called.answer is not None:
            return False
        called.state, called.answer, called.placed.state = "objected", "objected", "recall_objected"
        return self.tell("recall.objected", called.creditor, actor)

    def decide(self, actor: int, called: Called, today: date) -> bool:
        """The creditor keeps its date after an objection."""
        if actor != called.creditor or called.state != "objected":
            return False
        called.state, called.placed.state = "pending", "recall_pending"
        called.effective_on = max(called.effective_on, today)
        self.tell("recall.decided", actor, called.agency)
        if called.effective_on <= today:
            self._over([called.placed], "ended")
        return True

    def withdraw(self, actor: int, called: Called) -> bool:
        """The creditor leaves the case where it is."""
        if actor != called.creditor or called.state not in {"pending", "objected"}:
            return False
        called.state, called.placed.called = "withdrawn", None
        called.placed.state = called.placed.stands
        return self.tell("recall.withdrawn", actor, called.agency)

    def execute(self, called: Called, today: date) -> None:
        """The date of a recall comes."""
        if called.state in {"pending", "objected"} and called.effective_on <= today:
            self._over([called.placed], "ended")
            self.tell("recall.executed", called.creditor, called.agency)

    def hold(self, debt: Debt) -> None:
        """Its creditor wants nobody to work a case."""
        debt.is_held, live = True, debt.live
        if live and live.state in {"acknowledged", "active"}:
            live.state = "on_hold"

    def release(self, actor: int, debt: Debt) -> bool:
        """Its creditor lets a case be worked again; what is not held is left as it is."""
        if actor != debt.creditor:
            return False
        if not debt.is_held:
            return True
        debt.is_held, live = False, debt.live
        if live and live.state == "on_hold":
            live.state = live.stands
        return self.tell("case.released", actor)

    def _over(self, ones: list[Placed], state: str) -> None:
        for one in ones:
            one.state = state
            if one.called and one.called.state in {"pending", "objected"}:
                one.called.state = "ended"
        for consigned in {id(one.consigned): one.consigned for one in ones}.values():
            if consigned.state in {"sent", "acknowledged"} and not any(one.is_live for one in consigned.placed):
                is_refused = consigned.state == "sent" and all(one.state == "rejected" for one in consigned.placed)
                consigned.state = "rejected" if is_refused and state == "rejected" else "ended"
