"""Several activities of one person together: limits by day and week across agencies, and what must stop."""

from __future__ import annotations

import pytest

from assignments.conduct.models import Verdict
from tests.conduct import day_of

RIVAL, OTHER_CASE = {"agency_id": 2}, {"case_id": 2}
FRIDAY, MONDAY, TUESDAY, WEDNESDAY = "2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"
THURSDAY, SATURDAY, NEXT_MONDAY = "2026-03-12", "2026-03-14", "2026-03-16"

#: A name that names the rule; country; touches in time; the first rule each broke.
WEEKS = [
    # Colombia, Ley 2300, art. 3: one direct contact a day, one channel a week once there was one.
    (
        "CO: a message without an answer and a call are one direct contact",
        "CO",
        [(MONDAY + " 09:00", "sms", "message_sent"), (MONDAY + " 15:00", "call", "promise")],
        ["", ""],
    ),
    (
        "CO: two direct contacts on a day",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 15:00", "call", "refuses")],
        ["", "V04"],
    ),
    (
        "CO: the second agency of a day",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 15:00", "call", "refuses", RIVAL)],
        ["", "V04"],
    ),
    (
        "CO: the limit is the person's and not the debt's",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 15:00", "call", "refuses", OTHER_CASE)],
        ["", "V04"],
    ),
    (
        "CO: a call nobody takes is no contact",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 15:00", "call", "no_answer")],
        ["", ""],
    ),
    (
        "CO: hanging up is not speaking",
        "CO",
        [
            (MONDAY + " 09:00", "call", "hung_up", {"counterpart": "debtor"}),
            (MONDAY + " 15:00", "call", "promise"),
        ],
        ["", ""],
    ),
    (
        "CO: speaking with the guarantor counts as with the debtor",
        "CO",
        [(MONDAY + " 09:00", "call", "co_debtor"), (MONDAY + " 15:00", "call", "promise")],
        ["", "V04"],
    ),
    (
        "CO: a second channel in a locked week",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (WEDNESDAY + " 09:00", "whatsapp", "negotiating")],
        ["", "V05"],
    ),
    (
        "CO: two calls in a week are allowed in the literal reading",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (WEDNESDAY + " 09:00", "call", "refuses")],
        ["", ""],
    ),
    (
        "CO: the lock ends with the week",
        "CO",
        [(FRIDAY + " 09:00", "call", "promise"), (MONDAY + " 09:00", "whatsapp", "negotiating")],
        ["", ""],
    ),
    (
        "CO: the first channel stays the allowed one after the lock was broken",
        "CO",
        [
            (MONDAY + " 09:00", "call", "promise"),
            (TUESDAY + " 09:00", "whatsapp", "negotiating"),
            (WEDNESDAY + " 09:00", "call", "promise"),
            (THURSDAY + " 09:00", "whatsapp", "negotiating"),
        ],
        ["", "V05", "", "V05"],
    ),
    (
        "CO: the day comes before the channel",
        "CO",
        [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 10:00", "whatsapp", "negotiating")],
        ["", "V04"],
    ),
    (
        "CO: who calls the agency is not sought",
        "CO",
        [
            (MONDAY + " 09:00", "call", "promise"),
            (MONDAY + " 15:00", "call", "promise", {"direction": "inbound"}),
        ],
        ["", ""],
    ),
    # Chile, Ley 21.320: one call or visit a week; other media twice a week and two days apart.
    (
        "CL: the second call answered in a week",
        "CL",
        [(MONDAY + " 09:00", "call", "promise"), (THURSDAY + " 09:00", "call", "refuses")],
        ["", "V10"],
    ),
    (
        "CL: a visit in the week of a call",
        "CL",
        [(MONDAY + " 09:00", "call", "promise"), (THURSDAY + " 09:00", "visit", "refuses", RIVAL)],
        ["", "V10"],
    ),
    (
        "CL: one call in each week",
        "CL",
        [(SATURDAY + " 09:00", "call", "promise"), (NEXT_MONDAY + " 09:00", "call", "refuses")],
        ["", ""],
    ),
    (
        "CL: calls nobody takes",
        "CL",
        [(MONDAY + " 09:00", "call", "no_answer"), (TUESDAY + " 09:00", "call", "no_answer")],
        ["", ""],
    ),
    (
        "CL: messages on neighbouring days",
        "CL",
        [(MONDAY + " 09:00", "sms", "message_sent"), (TUESDAY + " 09:00", "email", "message_sent")],
        ["", "V11"],
    ),
    (
        "CL: messages two days apart",
        "CL",
        [(MONDAY + " 19:00", "sms", "message_sent"), (WEDNESDAY + " 08:00", "email", "message_sent")],
        ["", ""],
    ),
    (
        "CL: the third message of a week",
        "CL",
        [
            (MONDAY + " 09:00", "sms", "message_sent"),
            (WEDNESDAY + " 09:00", "sms", "message_sent"),
            ("2026-03-13 09:00", "sms", "message_sent", RIVAL),
        ],
        ["", "", "V10"],
    ),
    (
        "CL: the days between reach over the end of the week",
        "CL",
        [("2026-03-15 09:00", "sms", "message_sent"), ("2026-03-16 09:00", "sms", "message_sent")],
        ["V02", "V11"],
    ),
    (
        "CL: a returned letter was no action",
        "CL",
        [(MONDAY + " 09:00", "letter", "message_returned"), (TUESDAY + " 09:00", "sms", "message_sent")],
        ["", ""],
    ),
    # Ecuador, LODC, art. 49: once a day by each channel.
    (
        "EC: the same channel twice on a day",
        "EC",
        [(MONDAY + " 09:00", "sms", "message_sent"), (MONDAY + " 15:00", "sms", "message_sent", RIVAL)],
        ["", "V10"],
    ),
    (
        "EC: another channel on the same day is a caution at most",
        "EC",
        [(MONDAY + " 09:00", "sms", "message_sent"), (MONDAY + " 15:00", "call", "promise")],
        ["", ""],
    ),
    (
        "EC: the day begins again",
        "EC",
        [(MONDAY + " 19:00", "call", "promise"), (TUESDAY + " 07:00", "call", "promise")],
        ["", ""],
    ),
    # Peru, Mexico and Argentina have no number.
    *(
        (
            f"{country}: no number in the law",
            country,
            [(MONDAY + " 10:00", "call", "promise"), (MONDAY + " 11:00", "whatsapp", "negotiating")],
            ["", ""],
        )
        for country in ("PE", "MX", "AR")
    ),
    # What must stop, everywhere.
    (
        "a death ends all contact, also by another agency on another debt",
        "PE",
        [
            (MONDAY + " 10:00", "call", "deceased", {"counterpart": "debtor"}),
            (TUESDAY + " 10:00", "call", "no_answer", {**RIVAL, **OTHER_CASE}),
        ],
        ["", "V12"],
    ),
    (
        "insolvency ends all contact",
        "MX",
        [(MONDAY + " 10:00", "call", "insolvency"), (TUESDAY + " 10:00", "sms", "message_sent", OTHER_CASE)],
        ["", "V12"],
    ),
    (
        "a dispute stops its own debt",
        "PE",
        [
            (MONDAY + " 10:00", "call", "disputes"),
            (TUESDAY + " 10:00", "call", "no_answer", OTHER_CASE),
            (TUESDAY + " 11:00", "call", "no_answer"),
        ],
        ["", "", "V12"],
    ),
    (
        "a name used by somebody else stops its debt",
        "AR",
        [(MONDAY + " 10:00", "call", "identity_fraud"), (TUESDAY + " 10:00", "call", "no_answer")],
        ["", "V12"],
    ),
    (
        "what was paid in full is not collected",
        "PE",
        [(MONDAY + " 10:00", "call", "paid_in_full"), (TUESDAY + " 10:00", "call", "no_answer")],
        ["", "V12"],
    ),
    (
        "a revoked channel is closed until it is allowed again",
        "PE",
        [
            (MONDAY + " 10:00", "whatsapp", "channel_revoked"),
            (TUESDAY + " 10:00", "call", "no_answer"),
            (TUESDAY + " 11:00", "whatsapp", "message_sent", RIVAL),
            (WEDNESDAY + " 10:00", "whatsapp", "channel_authorised", {"direction": "inbound"}),
            (THURSDAY + " 10:00", "whatsapp", "message_sent"),
        ],
        ["", "", "V12", "", ""],
    ),
]


@pytest.mark.parametrize(("country", "touches", "codes"), [one[1:] for one in WEEKS], ids=[one[0] for one in WEEKS])
def test_limits_run_over_everything_done_with_a_person(country, touches, codes):
    assert [one.code for one in day_of(country, *touches)] == codes


def test_the_stricter_reading_of_the_colombian_week_can_be_asked_for():
    touches = [(MONDAY + " 09:00", "call", "promise"), (WEDNESDAY + " 09:00", "call", "refuses")]

    assert [one.code for one in day_of("CO", *touches, is_strict=True)] == ["", "V10"]


def test_who_broke_a_limit_because_of_another_agency_is_told_so_and_nothing_else():
    alone = [(MONDAY + " 09:00", "call", "promise"), (MONDAY + " 15:00", "call", "promise")]
    together = [alone[0], (*alone[1], RIVAL)]

    assert [one.is_shared for one in day_of("CO", *alone)] == [False, False]
    assert [one.is_shared for one in day_of("CO", *together)] == [False, True]


def test_a_dispute_is_surely_open_for_fifteen_business_days_and_then_nobody_knows():
    # Monday 9 March and fifteen business days, with San José, Maundy Thursday and Good Friday between: 31 March.
    judged = day_of(
        "CO",
        (MONDAY + " 10:00", "call", "disputes"),
        ("2026-03-31 10:00", "call", "no_answer"),
        ("2026-04-01 10:00", "call", "no_answer"),
    )

    assert [one.code for one in judged] == ["", "V12", ""]
    assert (judged[2].verdict, judged[2].codes) == (Verdict.NOT_EVALUABLE, ("dispute",))


def test_what_another_agency_reported_as_a_death_is_shared_until_one_hears_it_oneself():
    judged = day_of(
        "PE",
        (MONDAY + " 10:00", "call", "deceased", {"counterpart": "debtor"}),
        (TUESDAY + " 10:00", "call", "deceased", {"counterpart": "debtor", **RIVAL}),
        (WEDNESDAY + " 10:00", "call", "no_answer", RIVAL),
    )

    assert [one.is_shared for one in judged] == [False, True, False]


@pytest.mark.parametrize(
    ("later", "code"),
    [("whatsapp", "V05"), ("call", None)],
)
def test_a_message_without_an_answer_by_another_channel_of_a_locked_week_is_a_caution(later, code):
    judged = day_of("CO", (MONDAY + " 09:00", "call", "promise"), (TUESDAY + " 09:00", later, "message_sent"))[1]

    assert judged.verdict is Verdict.COMPLIANT
    assert [one.code for one in judged.findings] == ([code] if code else [])
