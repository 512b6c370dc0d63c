"""Work that is killed at random moments ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time

import psutil
import pytest
from sqlalchemy import text

from agencies.kernel.work import Work, WorkState
from portal.invariants import violations
from portal.ports import Ports
from tests.pipeline.files import Sheet, drive, look, portfolio, send, works
from tests.pipeline.market_day import Day
from tests.pipeline.product import Product, running, until
from tests.receiver import Obedient
from tests.tenants import Tenants
from uploads.models import UploadState

SEED = 20261121
#: Ten kills, and three children that sleep through their lease and then go on as if it were still theirs.
FAULTS = ["kill the child"] * 5 + ["kill the worker"] * 5 + ["pause the child"] * 3


@pytest.mark.faults
@pytest.mark.slow
def test_ten_kills_and_three_pauses_of_two_competing_workers_change_nothing(
    hasty_ports: Ports, tenants: Tenants, tmp_path
):
    actor, drawn = tenants.creditor, random.Random(SEED)
    sent: list[tuple[int, Sheet]] = []
    faults = drawn.sample(FAULTS, len(FAULTS))

    def send_another() -> None:
        sheet = portfolio(SEED + len(sent), 60_000 if not sent else 20_000)
        sent.append((send(hasty_ports, actor, sheet), sheet))

    def all_applied() -> bool:
        return all(drive(hasty_ports, actor, upload_id) for upload_id, _ in sent)

    def all_done() -> bool:
        return all(one.finished_at for one in works(hasty_ports, actor))

    with running(hasty_ports.settings, tmp_path / "logs", workers=2) as product:
        send_another()
        # Some strikes hit a child that had not begun, or leave an orphan that ends well: more follow until enough hit.
        while faults or begun_anew(works(hasty_ports, actor)) < 3:
            if all_applied():
                send_another()
            until(lambda: all_applied() or product.horses(), seconds=60, product=product, every=0.02)
            is_applying = look(hasty_ports, actor, sent[-1][0]).state is UploadState.APPLYING
            time.sleep(drawn.uniform(0.0, 0.3 if is_applying else 1.2))
            if performing := product.horses():
                strike(product, faults.pop() if faults else "kill the child", *drawn.choice(performing))
        # An applied portfolio's debtors are compared afterwards.
        until(lambda: all_applied() and all_done(), seconds=90, product=product)

    assert list(violations(hasty_ports)) == []
    with hasty_ports.session(actor) as session:
        portfolios = session.execute(
            text("select upload_id, cases, placed_minor from portfolios order by upload_id")
        ).all()
        accounts, distinct = session.execute(
            text("select count(account_ref), count(distinct account_ref) from cases")
        ).one()
    assert [tuple(row) for row in portfolios] == [
        (upload_id, sheet.good, sheet.placed_minor) for upload_id, sheet in sent
    ]
    assert accounts == distinct == sum(sheet.good for _, sheet in sent)
    for upload_id, sheet in sent:
        upload = look(hasty_ports, actor, upload_id)
        assert upload.state is UploadState.APPLIED
        assert (upload.rows_read, upload.rows_applied) == (sheet.rows, sheet.good)
        assert upload.rows_rejected == sheet.rows - sheet.good
    found = works(hasty_ports, actor)
    assert {one.state for one in found} == {WorkState.DONE}


@pytest.mark.faults
@pytest.mark.slow
def test_reports_findings_judging_recalls_and_lots_survive_kills(
    hasty_ports: Ports, tenants: Tenants, ear: Obedient, tmp_path
):
    day, drawn, strikes = Day(hasty_ports, tenants, rows=1_200, ear=ear), random.Random(SEED), 0
    with running(hasty_ports.settings, tmp_path / "logs", workers=2) as product:
        for step in day.steps():
            left = 2
            while not day.is_done():
                until(lambda: product.horses() or day.is_done(), seconds=60, product=product, every=0.02)
                performing = product.horses()
                if performing and (left > 0 or begun_anew(day.asked()) < 2):
                    time.sleep(drawn.uniform(0.0, 0.3))
                    strike(product, drawn.choice(["kill the child", "kill the worker"]), *drawn.choice(performing))
                    left -= 1
                    strikes += 1
                time.sleep(0.02)
            assert list(violations(hasty_ports)) == [], step

    assert day.outcome() == day.expected()
    assert strikes >= 6
    found = [one for one in day.asked() if one.finished_at]
    assert {one.state for one in found} == {WorkState.DONE}
    assert begun_anew(found) >= 2


def begun_anew(asked: list[Work]) -> int:
    """How often work was taken up again after it had begun."""
    return sum(max(one.attempt - 1, 0) for one in asked)


def strike(product: Product, fault: str, worker: subprocess.Popen[bytes], horse: psutil.Process) -> None:
    """Do it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if fault == "kill the child":
            horse.kill()
        elif fault == "kill the worker":
            product.kill_worker(worker)
        else:
            horse.suspend()
            time.sleep(product.settings.work_lease_seconds * 2)
            horse.resume()
