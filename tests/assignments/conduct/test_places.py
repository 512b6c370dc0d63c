"""Whose clock judges the hour: that of the debtor's place, and of every place there is where it is not known."""

from __future__ import annotations

import pytest

from assignments.conduct.judge import judge
from assignments.conduct.models import Verdict
from assignments.conduct.rules import ruleset_of, time_zones_of
from tests.conduct import day_of, touch

NOWHERE = {"region": None, "city": None}

#: Country, place, time in the capital -> the rule broken there, or none; the place settles the clock.
KNOWN = [
    ("MX", {"region": "Quintana Roo"}, "2026-03-06 21:30:00", "V01"),  # half past ten in Cancún
    ("MX", {"city": "Cancún"}, "2026-03-06 21:30:00", "V01"),
    ("MX", {"city": "CANCUN", "region": "quintana roo"}, "2026-03-06 21:30:00", "V01"),
    ("MX", {"region": "BAJA CALIFORNIA"}, "2026-03-06 23:30:00", ""),  # half past nine in Tijuana
    ("MX", {"city": "Tijuana"}, "2026-03-06 23:30:00", ""),
    ("MX", {"city": "Mexicali"}, "2026-03-06 23:30:00", ""),
    ("MX", {"region": "Sonora"}, "2026-03-06 07:30:00", "V01"),  # half past six in Hermosillo
    ("MX", {"city": "hermosillo"}, "2026-03-06 07:30:00", "V01"),
    ("MX", {"city": "Mazatlan"}, "2026-03-06 07:30:00", "V01"),
    ("MX", {"city": "Culiacán"}, "2026-03-06 22:30:00", ""),
    ("MX", {"city": "La Paz", "region": "Baja California Sur"}, "2026-03-06 22:30:00", ""),
    ("MX", {"city": "Ciudad Juárez", "region": "Chihuahua"}, "2026-03-06 22:30:00", ""),  # an hour behind its state
    ("MX", {"city": "Chihuahua", "region": "Chihuahua"}, "2026-03-06 22:30:00", "V01"),
    *(
        ("MX", {"city": city}, "2026-03-06 22:00:00", "V01")
        for city in ("Guadalajara", "Monterrey", "Ciudad de México", "Puebla", "León", "Mérida")
    ),
    ("MX", {"region": "Jalisco", "city": "Tala"}, "2026-03-06 22:00:00", "V01"),  # a small town of a known state
    ("EC", {"region": "Galápagos"}, "2026-03-06 20:30:00", ""),  # half past seven on the islands
    ("EC", {"city": "Puerto Ayora"}, "2026-03-06 20:30:00", ""),
    ("EC", {"region": "Pichincha"}, "2026-03-06 20:30:00", "V01"),
    *(("EC", {"city": city}, "2026-03-06 20:30:00", "V01") for city in ("Quito", "GUAYAQUIL", "Cuenca")),
    ("CL", {"region": "Valparaíso", "city": "Isla de Pascua"}, "2026-03-06 08:30:00", "V01"),
    ("CL", {"city": "Hanga Roa"}, "2026-03-06 08:30:00", "V01"),
    ("CL", {"region": "Valparaíso", "city": "Viña del Mar"}, "2026-03-06 08:30:00", ""),
    *(("CL", {"city": city}, "2026-03-06 08:30:00", "") for city in ("Santiago", "valparaiso", "Concepción")),
    ("CL", {"region": "Magallanes"}, "2026-07-08 19:30:00", "V01"),  # half past eight in winter
    ("CL", {"region": "Biobío"}, "2026-07-08 19:30:00", ""),
]

#: Country, place, time in the capital -> the verdict and codes where more than one clock may be the debtor's.
OPEN = [
    ("MX", NOWHERE, "2026-03-06 12:00:00", Verdict.COMPLIANT, ()),
    ("MX", NOWHERE, "2026-03-06 21:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("MX", NOWHERE, "2026-03-06 23:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("MX", NOWHERE, "2026-03-06 03:00:00", Verdict.VIOLATION, ("V01",)),
    ("MX", {"region": "Utopía", "city": "Amaurota"}, "2026-03-06 21:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("MX", {"region": "Chihuahua"}, "2026-03-06 22:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("MX", {"region": "Chihuahua"}, "2026-03-06 23:30:00", Verdict.VIOLATION, ("V01",)),
    # Two places bear the name, and the address speaks of the other one.
    ("MX", {"city": "La Paz", "region": "México"}, "2026-03-06 22:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("CL", NOWHERE, "2026-03-06 12:00:00", Verdict.COMPLIANT, ()),
    ("CL", NOWHERE, "2026-03-06 08:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("CL", {"region": "Valparaíso"}, "2026-03-06 08:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("CL", NOWHERE, "2026-03-08 12:00:00", Verdict.VIOLATION, ("V02",)),  # Sunday by every clock
    ("CL", NOWHERE, "2026-03-06 00:00:00", Verdict.NOT_EVALUABLE, ("time",)),  # a date without an hour
    ("EC", NOWHERE, "2026-03-06 12:00:00", Verdict.COMPLIANT, ()),
    ("EC", NOWHERE, "2026-03-06 20:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("EC", {"city": "Quito", "region": "Galápagos"}, "2026-03-06 20:30:00", Verdict.NOT_EVALUABLE, ("time_zone",)),
    ("EC", NOWHERE, "2026-03-06 21:30:00", Verdict.VIOLATION, ("V01",)),
    # Countries with one clock need no place.
    ("CO", NOWHERE, "2026-03-06 19:00:00", Verdict.VIOLATION, ("V01",)),
    ("PE", NOWHERE, "2026-03-06 20:00:00", Verdict.VIOLATION, ("V01",)),
    ("AR", NOWHERE, "2026-03-06 20:00:00", Verdict.VIOLATION, ("V01",)),
]


@pytest.mark.parametrize(("country", "place", "when", "code"), KNOWN)
def test_the_clock_is_that_of_the_debtors_place_where_a_country_has_several(country, place, when, code):
    judged = day_of(country, (when, "call", "no_answer", place))[0]

    assert judged.codes == ((code,) if code else ())


@pytest.mark.parametrize(("country", "place", "when", "verdict", "codes"), OPEN)
def test_an_hour_the_clocks_of_a_country_disagree_on_is_not_evaluable(country, place, when, verdict, codes):
    judged = day_of(country, (when, "call", "no_answer", place))[0]

    assert (judged.verdict, judged.codes) == (verdict, codes)


def test_a_rule_broken_by_every_clock_stays_broken_although_the_place_is_not_known():
    # Half past one on Sunday in Santiago is Saturday night on Easter Island: another rule, and broken all the same.
    one = touch("CL", "2026-03-08 01:30:00", result="no_answer", **NOWHERE)

    assert judge("CL", [one])[one.key].verdict is Verdict.VIOLATION


def test_what_else_is_broken_weighs_more_than_the_clock_nobody_knows():
    judged = day_of("MX", ("2026-03-06 21:30:00", "call", "promise", {**NOWHERE, "counterpart": "relative"}))[0]

    assert (judged.verdict, judged.code, set(judged.codes)) == (Verdict.VIOLATION, "V06", {"V06", "time_zone"})


@pytest.mark.parametrize("country", ["CO", "PE", "MX", "CL", "EC", "AR"])
def test_an_unknown_place_may_keep_any_clock_that_the_rules_name(country):
    rules = ruleset_of(country)
    assert rules is not None

    assert time_zones_of(rules, None, None) == time_zones_of(rules, "", "Amaurota") == rules.time_zones
    assert len(rules.time_zones) == len(set(rules.time_zones))
    assert (len(rules.time_zones) > 1) == (country in {"MX", "CL", "EC"})
