"""Invented debtors: common names combined by a seed, with documents and numbers that belong to nobody.

Identity numbers come from ranges that look right and are not handed out: cédulas of ten digits from 1.900.000.000 on
(the country has not reached 1.400.000.000), foreigners' cards from 9.900.000 on, companies' NIT from 999.000.000 on
with their right check digit. Telephone numbers lie in the blocks `3xx 000 xxxx` and `60x 7000 xxx`, chosen for being
easy to see through; nothing here ever calls them. E-mail addresses end in `.example`, which can never exist.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from stdnum.co import nit

from portal.demo.places import Place, draw_addresses, draw_places

WOMEN = (
    "María Fernanda", "Luz Marina", "Ana María", "Diana Carolina", "Claudia Patricia", "Sandra Milena", "Paola Andrea",
    "Leidy Johana", "Yuly Andrea", "Martha Lucía", "Gloria Inés", "Adriana", "Carolina", "Ángela María", "Natalia",
    "Daniela", "Valentina", "Laura Camila", "Blanca Cecilia", "Rosa Elena", "Nubia", "Yolanda", "Mónica", "Viviana",
    "Katherine", "Lina Marcela", "Olga Lucía", "Beatriz Elena", "Liliana", "Jenny Paola",
)  # fmt: skip
MEN = (
    "Juan Carlos", "José Luis", "Luis Alberto", "Carlos Andrés", "Jorge Enrique", "Andrés Felipe", "Juan David",
    "Diego Fernando", "Óscar Iván", "Jhon Jairo", "Wilson", "Edwin", "Héctor Fabio", "Jesús Antonio", "Miguel Ángel",
    "Hernán Darío", "Fabián", "Mauricio", "Ricardo", "Álvaro", "Gustavo Adolfo", "Camilo", "Sebastián",
    "Cristian Camilo", "Jaime", "Germán", "Nelson", "Rubén Darío", "Iván Darío", "Javier Alonso",
)  # fmt: skip
SURNAMES = (
    "Rodríguez", "Gómez", "González", "Martínez", "García", "López", "Hernández", "Sánchez", "Ramírez", "Pérez", "Díaz",
    "Muñoz", "Rojas", "Moreno", "Jiménez", "Torres", "Vargas", "Gutiérrez", "Castro", "Ortiz", "Álvarez", "Ruiz",
    "Suárez", "Romero", "Quintero", "Cárdenas", "Restrepo", "Osorio", "Giraldo", "Valencia", "Zapata", "Cardona",
    "Mejía", "Arias", "Ospina", "Bedoya", "Montoya", "Salazar", "Peña", "Ávila", "Beltrán", "Acosta", "Mosquera",
    "Caicedo", "Murillo", "Ibáñez", "Núñez", "Pineda", "Chaparro", "Buitrago",
)  # fmt: skip
TRADES = (
    "Distribuciones", "Ferretería", "Panadería", "Confecciones", "Papelería", "Transportes", "Agropecuaria",
    "Litografía", "Droguería", "Restaurante", "Servicios", "Comercializadora",
)  # fmt: skip

CEDULAS_FROM = 1_900_000_000
FOREIGNERS_FROM = 9_900_000
COMPANIES_FROM = 999_000_000
_MOBILES = tuple(str(prefix) for prefix in (300, 301, 302, 304, 305, *range(310, 324), 350))


@dataclass(frozen=True)
class Person:
    """An invented debtor with the ways to reach it; empty text where the creditor knows nothing."""

    id_type: str
    id_number: str
    first_name: str
    last_name: str
    is_company: bool
    birth_date: date | None
    place: Place
    address: str
    mobile: str
    landline: str
    email: str

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def draw_people(
    rng: np.random.Generator, count: int, *, first_number: int, companies: np.ndarray, on: date
) -> list[Person]:
    """`count` debtors with documents numbered from `first_number` (under 900,000) on; some of them are companies."""
    places = draw_places(rng, count)
    addresses = draw_addresses(rng, count)
    surnames = rng.integers(0, len(SURNAMES), size=(count, 2))
    # A few names are much commoner than the rest.
    firsts = np.minimum(rng.geometric(0.07, size=count) - 1, len(WOMEN) - 1)
    is_woman, is_foreign = rng.random(count) < 0.49, rng.random(count) < 0.015
    ages = np.clip(rng.normal(43, 12, size=count), 19, 88)
    prefixes = rng.integers(0, len(_MOBILES), size=count)
    known = rng.random((count, 4))
    people = []
    for at in range(count):
        number = first_number + at
        first, second = SURNAMES[surnames[at, 0]], SURNAMES[surnames[at, 1]]
        mobile = f"{_MOBILES[prefixes[at]]}000{number % 10_000:04d}"
        landline = f"6{places[at].area}7000{(number * 7919) % 1000:03d}"
        if companies[at]:
            given, family = f"{TRADES[number % len(TRADES)]} {first} y {second}", "S.A.S."
            id_type, id_number = "NIT", _nit(COMPANIES_FROM + number)
            mailbox = f"pagos.{_plain(first)}{number}"
        else:
            given = (WOMEN if is_woman[at] else MEN)[firsts[at]]
            family = f"{first} {second}"
            id_type, id_number = ("CE", str(FOREIGNERS_FROM + number % 100_000)) if is_foreign[at] else (
                "CC", str(CEDULAS_FROM + number)
            )  # fmt: skip
            mailbox = f"{_plain(given.split()[0])}.{_plain(first)}{number}"
        people.append(
            Person(
                id_type=id_type,
                id_number=id_number,
                first_name=given,
                last_name=family,
                is_company=bool(companies[at]),
                birth_date=None if companies[at] else on - timedelta(days=int(ages[at] * 365.25)),
                place=places[at],
                address=addresses[at] if known[at, 0] < 0.9 else "",
                mobile=mobile if known[at, 1] < 0.93 else "",
                landline=landline if known[at, 2] < 0.3 else "",
                email=f"{mailbox}@correo.example" if known[at, 3] < 0.6 else "",
            )
        )
    return people


def _nit(number: int) -> str:
    return f"{number}{nit.calc_check_digit(str(number))}"


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
