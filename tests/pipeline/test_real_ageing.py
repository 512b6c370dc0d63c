"""The bands of real loans on several days sum to the control totals, each as a second computation finds it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pandas as pd
import pytest

from agencies.kernel.clock import local_date
from agencies.organisations.permissions import Role
from assignments.indicators import queries
from assignments.indicators.ageing import BANDS
from bench import lendingclub
from tests import files
from tests.people import World
from tests.realfiles import real_folder
from uploads.options import Options

pytestmark = [pytest.mark.real, pytest.mark.slow]

#: Charged-off loans and their unpaid principal in cents, as the other tests of this file count them.
LOANS, UNPAID = 6_431, 4_874_126_227
HEADER = ("obligacion", "saldo total", "fecha inicio mora")
OPTIONS = Options(currency=lendingclub.CURRENCY, date_order="ymd", decimal=".", time_zone="America/Bogota")
_ENDS = [-(10**6), 0, 30, 60, 90, 120, 180, 360, 10**6]


def test_the_bands_of_real_loans_sum_to_the_control_totals(ports) -> None:
    """In arrears since the month of its last payment, where the file says one; of the others the age is unknown."""
    loans = lendingclub.charged_off(real_folder("lendingclub"))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [HEADER, *((one.id, one.balance, one.last_pymnt_d) for one in loans)]
    )
    analyst = World(ports).actor(Role.ANALYST)
    upload = files.checked(ports, analyst, out.getvalue().encode(), options=OPTIONS)
    files.apply(ports, analyst, upload.id)
    since = pd.to_datetime([one.last_pymnt_d for one in loans])
    frame = pd.DataFrame({"cents": [int(one.balance * 100) for one in loans], "since": since})
    today = local_date(ports.now(), "America/Bogota")
    for on in (today, today + timedelta(days=400)):
        with ports.session(analyst) as session:
            (found,) = queries.ageing(session, analyst, on=on)
        assert (found.cases, found.balance_minor) == (LOANS, UNPAID)
        ages = (pd.Timestamp(on) - frame["since"]).dt.days.clip(lower=0)
        cut = pd.cut(ages, _ENDS, labels=[str(place) for place in BANDS[:-1]]).cat.add_categories("unknown")
        told = frame["cents"].groupby(cut.fillna("unknown"), observed=False).agg(["size", "sum"])
        assert {str(one.place): (one.cases, one.balance_minor) for one in found.bands} == {
            place: (int(row["size"]), int(row["sum"])) for place, row in told.iterrows()
        }
        assert found.overdue_minor == UNPAID - told.loc[["current", "unknown"], "sum"].sum()
    with ports.session(analyst) as session:
        assert queries.ageing(session, analyst, on=date(2020, 1, 1)) == []
