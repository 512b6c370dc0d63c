"""One activity at a time against the law of six countries: the hour, the day, who was reached, the visit, the stop."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assignments.conduct.findings import Kind
from assignments.conduct.judge import judge
from assignments.conduct.models import Verdict
from assignments.conduct.results import MEANINGS
from assignments.conduct.rules import CHANNELS, ruleset
from tests.conduct import day_of, touch
from uploads.schemas.activities import ACTIVITIES, COUNTERPARTS, RESULTS

OK, BROKEN, UNKNOWN = Verdict.COMPLIANT, Verdict.VIOLATION, Verdict.NOT_EVALUABLE

#: country, local time, channel, result, who was reached, what else -> verdict, codes; each line names its rule.
HOURS = [
    # CO, Ley 2300 de 2023, art. 3: Monday to Friday 7 to 19, Saturday 8 to 15, never on a Sunday or a holiday.
    ("CO", "2026-03-06 18:59:59", "call", "promise", OK, ()),
    ("CO", "2026-03-06 19:00:00", "call", "promise", BROKEN, ("V01",)),
    ("CO", "2026-03-06 06:59:59", "call", "no_answer", BROKEN, ("V01",)),
    ("CO", "2026-03-06 07:00:00", "call", "no_answer", OK, ()),
    ("CO", "2026-03-07 07:59:59", "sms", "message_sent", BROKEN, ("V01",)),
    ("CO", "2026-03-07 08:00:00", "sms", "message_sent", OK, ()),
    ("CO", "2026-03-07 14:59:59", "whatsapp", "message_delivered", OK, ()),
    ("CO", "2026-03-07 15:00:00", "whatsapp", "message_delivered", BROKEN, ("V01",)),
    ("CO", "2026-03-08 10:00:00", "email", "message_sent", BROKEN, ("V02",)),
    ("CO", "2026-03-23 10:00:00", "call", "busy", BROKEN, ("V02",)),  # San José, a Monday
    ("CO", "2026-04-02 10:00:00", "call", "promise", BROKEN, ("V02",)),  # Maundy Thursday
    ("CO", "2026-12-08 10:00:00", "letter", "message_sent", BROKEN, ("V02",)),
    ("CO", "2026-12-24 18:59:00", "call", "promise", OK, ()),
    # PE, Ley 29571, art. 62 b: 7 to 20, no Saturday, Sunday or holiday.
    ("PE", "2026-03-06 19:59:59", "call", "promise", OK, ()),
    ("PE", "2026-03-06 20:00:00", "call", "promise", BROKEN, ("V01",)),
    ("PE", "2026-03-07 10:00:00", "call", "promise", BROKEN, ("V01",)),
    ("PE", "2026-03-08 10:00:00", "visit", "nobody_home", BROKEN, ("V02",)),
    ("PE", "2026-07-28 10:00:00", "call", "no_answer", BROKEN, ("V02",)),
    ("PE", "2026-03-06 07:00:00", "visit", "promise", OK, ()),
    ("PE", "2026-03-06 06:30:00", "sms", "message_sent", BROKEN, ("V01",)),
    # MX, CONDUSEF: 7 to 22 every day.
    ("MX", "2026-03-06 21:59:59", "call", "promise", OK, ()),
    ("MX", "2026-03-06 22:00:00", "call", "promise", BROKEN, ("V01",)),
    ("MX", "2026-03-08 10:00:00", "call", "promise", OK, ()),
    ("MX", "2026-03-16 06:59:59", "call", "promise", BROKEN, ("V01",)),  # a holiday, with the hours of any day
    ("MX", "2026-03-06 12:00:00", "visit", "promise", OK, ()),
    # CL, Ley 19.496, art. 37 and CPC, art. 59: Monday to Saturday 8 to 20, no holidays.
    ("CL", "2026-03-07 19:59:59", "call", "promise", OK, ()),
    ("CL", "2026-03-07 20:00:00", "call", "promise", BROKEN, ("V01",)),
    ("CL", "2026-03-06 07:59:59", "call", "no_answer", BROKEN, ("V01",)),
    ("CL", "2026-03-08 12:00:00", "call", "promise", BROKEN, ("V02",)),
    ("CL", "2026-09-18 12:00:00", "email", "message_sent", BROKEN, ("V02",)),
    ("CL", "2026-05-21 12:00:00", "visit", "promise", BROKEN, ("V02",)),
    # EC, LODC, art. 49: Monday to Friday 7 to 20.
    ("EC", "2026-03-06 19:59:59", "whatsapp", "message_delivered", OK, ()),
    ("EC", "2026-03-06 20:00:00", "whatsapp", "message_delivered", BROKEN, ("V01",)),
    ("EC", "2026-03-07 10:00:00", "call", "promise", BROKEN, ("V01",)),
    ("EC", "2026-05-25 10:00:00", "call", "promise", BROKEN, ("V02",)),
    ("EC", "2026-03-06 12:00:00", "visit", "promise", OK, ()),
    # AR, our policy inside every proposal: Monday to Friday 9 to 20.
    ("AR", "2026-03-06 09:00:00", "call", "promise", OK, ()),
    ("AR", "2026-03-06 08:59:59", "call", "promise", BROKEN, ("V01",)),
    ("AR", "2026-03-06 20:00:00", "sms", "message_sent", BROKEN, ("V01",)),
    ("AR", "2026-03-07 10:00:00", "call", "promise", BROKEN, ("V01",)),
    ("AR", "2026-07-09 10:00:00", "call", "promise", BROKEN, ("V02",)),
]

WHO = [
    # CO: references of any kind may never be contacted; those who owe with the debtor fall under the same limits.
    ("CO", "call", "promise", "debtor", OK, ()),
    ("CO", "call", "promise", "guarantor", OK, ()),
    ("CO", "call", "co_debtor", None, OK, ()),
    ("CO", "call", "refers_to_lawyer", "representative", OK, ()),
    ("CO", "call", "negotiating", "reference", BROKEN, ("V06",)),
    ("CO", "call", "third_party_message", None, BROKEN, ("V06",)),
    ("CO", "call", "third_party", "relative", BROKEN, ("V06",)),
    ("CO", "call", "third_party", None, UNKNOWN, ("counterpart",)),
    ("CO", "call", "third_party", "debtor", UNKNOWN, ("counterpart",)),  # the two contradict each other
    ("CO", "call", "promise", "nobody", UNKNOWN, ("counterpart",)),
    ("CO", "call", "hung_up", None, UNKNOWN, ("counterpart",)),
    ("CO", "call", "hung_up", "debtor", OK, ()),
    # Nobody answered, and yet somebody was reached: one of the two is wrong.
    ("CO", "call", "no_answer", "reference", UNKNOWN, ("counterpart",)),
    ("CO", "call", "voicemail", "relative", UNKNOWN, ("counterpart",)),
    ("MX", "call", "no_answer", "relative", UNKNOWN, ("counterpart",)),
    ("PE", "visit", "nobody_home", "neighbour", UNKNOWN, ("counterpart",)),
    ("CL", "email", "message_returned", "employer", UNKNOWN, ("counterpart",)),
    ("EC", "call", "wrong_number", "relative", UNKNOWN, ("counterpart",)),
    ("CO", "call", "no_answer", "nobody", OK, ()),
    ("CO", "call", "voicemail", "debtor", OK, ()),  # whose number it was
    ("CO", "call", "wrong_number", None, OK, ()),
    ("CO", "call", "wrong_number", "other", OK, ()),  # a stranger
    # Nobody answers a message: `nobody` is no third party.
    *((country, "sms", "message_sent", "nobody", OK, ()) for country in ("CO", "PE", "MX", "CL", "EC", "AR")),
    *((country, "email", "message_delivered", "nobody", OK, ()) for country in ("CO", "PE", "MX", "CL", "EC", "AR")),
    ("CO", "sms", "message_sent", "relative", BROKEN, ("V06",)),
    ("CO", "visit", "nobody_home", None, BROKEN, ("V07",)),
    ("PE", "call", "third_party_message", None, BROKEN, ("V06",)),
    ("PE", "call", "promise", "employer", BROKEN, ("V06",)),
    ("MX", "call", "negotiating", "minor", BROKEN, ("V06",)),
    ("MX", "call", "promise", "joint_debtor", OK, ()),
    ("CL", "call", "third_party_message", "coworker", BROKEN, ("V06",)),
    ("CL", "email", "message_sent", "employer", BROKEN, ("V06",)),
    ("EC", "call", "third_party", "neighbour", BROKEN, ("V06",)),
    ("EC", "call", "promise", "co_debtor", OK, ()),
    # Each law says itself who answers for the debt; a guarantor does in all, and the debtor's lawyer is our policy.
    *(
        (country, "call", "promise", who, OK if country in allow else BROKEN, () if country in allow else ("V06",))
        for who, allow in (
            ("debtor", "CO PE MX CL EC AR"),
            ("guarantor", "CO PE MX CL EC AR"),
            ("representative", "CO PE MX CL EC AR"),
            ("co_debtor", "CO EC"),
            ("joint_debtor", "CO MX"),
            ("reference", ""),
        )
        for country in ("CO", "PE", "MX", "CL", "EC", "AR")
    ),
    # The code stands for a co-debtor or a guarantor, and only the guarantor is allowed everywhere.
    ("EC", "call", "co_debtor", None, OK, ()),
    *((country, "call", "co_debtor", None, UNKNOWN, ("counterpart",)) for country in ("PE", "MX", "CL", "AR")),
    ("PE", "call", "co_debtor", "guarantor", OK, ()),
    ("MX", "call", "third_party", "joint_debtor", UNKNOWN, ("counterpart",)),  # contradicts itself in Mexico
    ("PE", "call", "third_party", "joint_debtor", BROKEN, ("V06",)),  # in Peru that is somebody else
    ("AR", "call", "third_party_message", None, BROKEN, ("V06",)),
    ("AR", "call", "deceased", None, UNKNOWN, ("counterpart",)),
]


@pytest.mark.parametrize(("country", "when", "channel", "result", "verdict", "codes"), HOURS)
def test_the_hour_and_the_day_are_those_of_the_debtors_country(country, when, channel, result, verdict, codes):
    judged = day_of(country, (when, channel, result))[0]

    assert (judged.verdict, judged.codes) == (verdict, codes)


@pytest.mark.parametrize(("country", "channel", "result", "counterpart", "verdict", "codes"), WHO)
def test_only_the_debtor_and_those_who_owe_with_the_debtor_are_spoken_to(
    country, channel, result, counterpart, verdict, codes
):
    judged = day_of(country, ("2026-03-06 12:00:00", channel, result, {"counterpart": counterpart}))[0]

    assert (judged.verdict, judged.codes) == (verdict, codes)


# Ley 51 de 1983, as in the reference pass; the clock's tests say why our calendar has one day more.
COLOMBIAN_HOLIDAYS = {
    2026: "01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25",
    2027: "01-01 01-11 03-22 03-25 03-26 05-01 05-10 05-31 06-07 07-05 07-20 08-07 08-16 10-18 11-01 11-15 12-08 12-25",
}


@pytest.mark.parametrize("day", [f"{year}-{day}" for year, text in COLOMBIAN_HOLIDAYS.items() for day in text.split()])
def test_nobody_is_sought_on_a_colombian_holiday(day):
    judged = day_of("CO", (f"{day} 10:00:00", "call", "no_answer"))[0]

    assert (judged.verdict, judged.code) == (BROKEN, "V02")


@pytest.mark.parametrize(
    ("details", "missing"),
    [
        ({"when": "2026-03-06 00:00:00"}, "time"),  # a date without a time arrives as midnight
        ({"channel": None}, "channel"),
        ({"channel": "carrier pigeon"}, "channel"),
        ({"result": None}, "result"),
        ({"result": "shrugged"}, "result"),
        ({"result": "hung_up"}, "counterpart"),
    ],
)
def test_what_is_not_known_is_never_called_compliant(details, missing):
    one = touch("CO", **{"when": "2026-03-06 12:00:00", **details})
    judged = judge("CO", [one])[one.key]

    assert judged.verdict is UNKNOWN
    assert missing in judged.codes


def test_what_is_broken_for_certain_needs_no_hour():
    judged = day_of("CO", ("2026-03-08 00:00:00", "call", "hung_up"))[0]

    assert (judged.verdict, judged.code, set(judged.codes)) == (BROKEN, "V02", {"V02", "counterpart"})


def test_a_date_without_a_time_is_a_date_where_its_sender_lives():
    # Midnight in Bogotá is one in the morning in Santiago in summer.
    bogota = touch("CO", "2026-01-09 00:00:00", result="no_answer")
    judged = judge("CL", [bogota])[bogota.key]

    assert (judged.day, judged.codes) == (date(2026, 1, 9), ("time",))


@pytest.mark.parametrize("country", ["US", "", "BR"])
def test_no_rules_are_kept_for_the_country(country):
    one = touch("CO", "2026-03-06 12:00:00")

    assert (judge(country, [one])[one.key].verdict, judge(country, [one])[one.key].codes) == (UNKNOWN, ("rules",))


@pytest.mark.parametrize(
    ("country", "when", "codes"),
    [
        ("CO", "2023-10-09 22:00:00", ("rules",)),  # the day before Ley 2300 came into force
        ("CO", "2023-10-10 22:00:00", ("V01",)),
        ("EC", "2022-01-31 23:00:00", ("rules",)),
        ("CL", "2021-04-19 23:00:00", ("rules",)),
        ("AR", "1999-06-01 23:00:00", ("rules",)),  # no calendar of holidays is kept for that year
    ],
)
def test_a_law_judges_from_the_day_it_is_in_force(country, when, codes):
    assert day_of(country, (when, "call", "no_answer"))[0].codes == codes


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        ("2026-03-06 09:59:59", ("V14",)),
        ("2026-03-06 10:00:00", ()),
        ("2026-03-09 16:00:00", ()),
        ("2026-03-09 16:00:01", ("V14",)),
    ],
)
def test_an_agency_works_between_placement_and_its_end(when, codes):
    placed, ended = datetime(2026, 3, 6, 15, tzinfo=UTC), datetime(2026, 3, 9, 21, tzinfo=UTC)

    assert day_of("CO", (when, "call", "no_answer", {"placed_at": placed, "ended_at": ended}))[0].codes == codes


@pytest.mark.parametrize(("when", "codes"), [("2026-03-05", {"V14", "time"}), ("2026-03-06", {"time"})])
def test_a_date_alone_is_compared_with_the_date_of_the_placement(when, codes):
    placed = datetime(2026, 3, 6, 15, tzinfo=UTC)

    judged = day_of("CO", (f"{when} 00:00:00", "call", "no_answer", {"placed_at": placed}))[0]

    assert set(judged.codes) == codes


@pytest.mark.parametrize(
    ("product", "verdict", "codes"),
    [
        (None, BROKEN, ("V07",)),
        ("Tarjeta de crédito", BROKEN, ("V07",)),
        ("Microcrédito", UNKNOWN, ("visit",)),
        ("CREDITO AGROPECUARIO", UNKNOWN, ("visit",)),
    ],
)
def test_colombia_forbids_visits_but_for_microcredit_and_the_land(product, verdict, codes):
    judged = day_of("CO", ("2026-03-06 12:00:00", "visit", "nobody_home", {"product": product}))[0]

    assert (judged.verdict, judged.codes) == (verdict, codes)


def test_a_debtor_who_calls_at_night_breaks_no_rule():
    judged = day_of("CO", ("2026-03-08 23:00:00", "call", "promise", {"direction": "inbound"}))[0]

    assert judged.verdict is OK


def test_a_note_of_the_desk_is_no_contact():
    assert day_of("CO", ("2026-03-08 23:00:00", "call", "located_phone"))[0].verdict is OK


@pytest.mark.parametrize(
    ("rules_id", "when", "code"),
    [
        ("MX_PROFECO", "2026-03-07 10:00:00", "V01"),  # commercial creditors: Monday to Friday
        ("MX_PROFECO", "2026-03-08 10:00:00", "V02"),
        ("MX_PROFECO", "2026-03-06 21:59:59", ""),
        ("AR_CABA_6171", "2026-03-06 20:00:00", "V01"),
    ],
)
def test_other_rules_of_a_country_can_be_asked(rules_id, when, code):
    rules = ruleset(rules_id)

    assert day_of(rules.country, (when, "call", "no_answer"), ruleset=rules)[0].code == code


def test_every_code_an_agency_may_report_has_a_meaning():
    assert set(MEANINGS) == set(RESULTS)
    assert set(CHANNELS) == set(ACTIVITIES["channel"].choices)
    assert set(ACTIVITIES["counterpart"].choices) == set(COUNTERPARTS)


def test_cautions_are_shown_and_are_no_violation():
    calls = day_of("CL", ("2026-03-02 09:00:00", "call", "no_answer"), ("2026-03-03 09:00:00", "call", "no_answer"))

    assert calls[1].verdict is OK
    assert [(one.kind, one.code) for one in calls[1].findings] == [(Kind.CAUTION, "V10")]
