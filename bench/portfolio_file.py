"""A portfolio of any length as CSV: 25 columns, seeded, of invented people; the same seed gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

COLUMNS = {
    "numero_obligacion": "text",
    "tipo_documento": "text",
    "numero_documento": "text",
    "nombres": "text",
    "apellidos": "text",
    "fecha_nacimiento": "date",
    "celular": "text",
    "telefono_fijo": "text",
    "correo": "text",
    "direccion": "text",
    "ciudad": "text",
    "departamento": "text",
    "producto": "text",
    "moneda": "text",
    "monto_original": "numeric(18,2)",
    "saldo_capital": "numeric(18,2)",
    "intereses": "numeric(18,2)",
    "gastos_cobranza": "numeric(18,2)",
    "saldo_total": "numeric(18,2)",
    "fecha_desembolso": "date",
    "fecha_inicio_mora": "date",
    "fecha_castigo": "date",
    "fecha_ultimo_pago": "date",
    "valor_ultimo_pago": "numeric(18,2)",
    "dias_mora": "integer",
}
FIRST = ["Ana", "Luis", "Marta", "Íñigo", "José", "Lucía", "Óscar", "Pilar", "Raúl", "Sofía", "Tomás", "Úrsula"]
LAST = ["Arce", "Bueno", "Cañas", "Dávila", "Echeverri", "Farfán", "Güiza", "Hoyos", "Ibáñez", "Luna", "Núñez", "Peña"]
PLACES = [
    ("Bogotá", "Bogotá D.C."),
    ("Medellín", "Antioquia"),
    ("Cali", "Valle del Cauca"),
    ("Barranquilla", "Atlántico"),
    ("Cúcuta", "Norte de Santander"),
    ("Ibagué", "Tolima"),
    ("Popayán", "Cauca"),
    ("Montería", "Córdoba"),
]
PRODUCTS = ["Tarjeta", "Consumo", "Vehículo", "Vivienda", "Microcrédito", "Telefonía"]
#: Beginnings of Colombian numbers that exist.
MOBILES = np.array([300, 301, 302, 304, 305, 310, 311, 312, 313, 314, 315, 316, 317, 318, 320, 321])
AREAS = np.array([601, 602, 604, 605, 606, 607, 608])
TODAY = np.datetime64("2026-01-31")
CHUNK = 200_000


def write(path: Path, rows: int, seed: int = 20260131) -> None:
    """Write the file; account numbers come in random order, and one debtor in twelve has two accounts.

    Whose an account is does not show by its number: what is sorted by one is in no order by the other.
    """
    rng = np.random.default_rng(seed)
    accounts, people = rng.permutation(rows), rng.permutation(rows)
    with path.open("wb") as out:
        for start in range(0, rows, CHUNK):
            _chunk(rng, accounts[start : start + CHUNK], people).write_csv(out, include_header=start == 0)


def _chunk(rng: np.random.Generator, accounts: np.ndarray, people: np.ndarray) -> pl.DataFrame:
    n = len(accounts)
    document = 10_000_000 + people[(accounts // 12) * 11 + np.minimum(accounts % 12, 10)]
    principal = np.exp(rng.normal(14.2, 1.1, n)).clip(50_000, 500_000_000)
    interest, fees = principal * rng.uniform(0, 0.45, n), principal * rng.uniform(0, 0.05, n)
    late = rng.integers(90, 1500, n)
    default = TODAY - late.astype("timedelta64[D]")
    opened = default - rng.integers(60, 2500, n).astype("timedelta64[D]")
    born = opened - rng.integers(18 * 365 + 5, 70 * 365, n).astype("timedelta64[D]")
    written_off = default + np.minimum(late, 180).astype("timedelta64[D]")
    paid = rng.random(n) < 0.7
    place = rng.integers(0, len(PLACES), n)
    name, last, second = (rng.integers(0, 12, n) for _ in range(3))
    cents = [(amount * 100).astype(np.int64) for amount in (principal, interest, fees)]
    street, number, door = rng.integers(1, 180, n), rng.integers(1, 120, n), rng.integers(1, 99, n)
    frame = pl.DataFrame(
        {
            "numero_obligacion": pl.Series(accounts),
            "tipo_documento": "CC",
            "numero_documento": pl.Series(document).cast(pl.String),
            "nombres": _picked(FIRST, name),
            "apellidos": _picked(LAST, last) + " " + _picked(LAST, second),
            "fecha_nacimiento": _dates(born),
            "celular": pl.Series(rng.choice(MOBILES, n) * 10_000_000 + rng.integers(0, 10_000_000, n)).cast(pl.String),
            "telefono_fijo": pl.Series(rng.choice(AREAS, n) * 10_000_000 + rng.integers(2_000_000, 9_000_000, n)).cast(
                pl.String
            ),
            "correo": "persona" + pl.Series(document).cast(pl.String) + "@correo.example",
            "direccion": "Calle "
            + pl.Series(street).cast(pl.String)
            + " # "
            + pl.Series(number).cast(pl.String)
            + "-"
            + pl.Series(door).cast(pl.String),
            "ciudad": _picked([city for city, _ in PLACES], place),
            "departamento": _picked([region for _, region in PLACES], place),
            "producto": _picked(PRODUCTS, rng.integers(0, len(PRODUCTS), n)),
            "moneda": "COP",
            "monto_original": _money(cents[0] * 2),
            "saldo_capital": _money(cents[0]),
            "intereses": _money(cents[1]),
            "gastos_cobranza": _money(cents[2]),
            "saldo_total": _money(cents[0] + cents[1] + cents[2]),
            "fecha_desembolso": _dates(opened),
            "fecha_inicio_mora": _dates(default),
            "fecha_castigo": _dates(written_off),
            "fecha_ultimo_pago": _dates(default - rng.integers(1, 60, n).astype("timedelta64[D]")),
            "valor_ultimo_pago": _money((cents[0] * rng.uniform(0.01, 0.1, n)).astype(np.int64)),
            "dias_mora": pl.Series(late),
            "paid": pl.Series(paid),
            "has_home": pl.Series(rng.random(n) < 0.4),
            "has_mail": pl.Series(rng.random(n) < 0.75),
        }
    )
    return frame.with_columns(
        numero_obligacion="OB" + pl.col("numero_obligacion").cast(pl.String).str.zfill(9),
        telefono_fijo=pl.when("has_home").then("telefono_fijo"),
        correo=pl.when("has_mail").then("correo"),
        fecha_ultimo_pago=pl.when("paid").then("fecha_ultimo_pago"),
        valor_ultimo_pago=pl.when("paid").then("valor_ultimo_pago"),
    ).select(*COLUMNS)


def _picked(values: list[str], at: np.ndarray) -> pl.Series:
    return pl.Series(values).gather(at)


def _dates(days: np.ndarray) -> pl.Series:
    return pl.Series(days.astype("datetime64[ms]")).cast(pl.Date)


def _money(cents: np.ndarray) -> pl.Series:
    whole, rest = pl.Series(cents // 100).cast(pl.String), pl.Series(cents % 100).cast(pl.String)
    return whole + "." + rest.str.zfill(2)
