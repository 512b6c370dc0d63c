"""What people send in the browser tests: a portfolio of invented debtors, and reports on the cases of a manifest."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

SEED = 20260311
GIVEN = ("Amaranta", "Benicio", "Candelaria", "Dámaso", "Eulalia", "Fermín", "Genoveva", "Hilario", "Íngrid", "Jacinto")
FAMILY = ("Arrayán", "Barbosa", "Cifuentes", "Duitama", "Echandía", "Fúquene", "Guativa", "Hinestroza", "Iregui")
PLACES = (("Bogotá", "Bogotá D.C."), ("Medellín", "Antioquia"), ("Cali", "Valle del Cauca"), ("Tunja", "Boyacá"))
PRODUCTS = ("Tarjeta de crédito", "Libre inversión", "Libranza", "Microcrédito")
HEADER = (
    "Número obligación;Tipo documento;Número documento;Nombre deudor;Producto;Saldo total;Saldo capital;Intereses;"
    "Fecha inicio mora;Días mora;Ciudad;Departamento;Celular;Correo;Segmento"
)


@dataclass(frozen=True)
class Portfolio:
    """A file with what is in it."""

    path: Path
    good: int
    bad: int


def money(minor: int) -> str:
    """An amount as a Colombian spreadsheet writes it."""
    whole, cents = divmod(minor, 100)
    return f"{whole:,}".replace(",", ".") + f",{cents:02d}"


def portfolio(folder: Path, rows: int = 320) -> Portfolio:
    """A portfolio with five bad rows among the good ones, as an ERP exports it: semicolons, decimal commas."""
    draw = random.Random(SEED)
    lines = [_debt(draw, number) for number in range(1, rows + 1)]
    lines[40] = lines[40].replace(lines[40].split(";")[5], "-1.000,00", 1)
    lines[90] = ";" + lines[90].partition(";")[2]
    lines[150] = lines[150].replace(lines[150].split(";")[5], "por definir", 1)
    lines[210] = lines[209].partition(";")[0] + ";" + lines[210].partition(";")[2]
    lines[300] = lines[300].replace(lines[300].split(";")[8], "31/02/2026", 1)
    path = folder / "cartera-castigada-consumo.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="latin-1")
    return Portfolio(path, rows - 5, 5)


def _debt(draw: random.Random, number: int) -> str:
    city, region = draw.choice(PLACES)
    principal = draw.randrange(20_000_000, 1_500_000_000, 100)
    interest = principal * draw.randrange(2, 30) // 100
    late = draw.randrange(95, 900)
    name = f"{draw.choice(GIVEN)} {draw.choice(FAMILY)} {draw.choice(FAMILY)}"
    since = date(2026, 8, 31) - timedelta(days=late)
    return ";".join(
        (
            f"CO-{number:06d}",
            "CC",
            str(10_000_000 + draw.randrange(80_000_000)),
            name,
            draw.choice(PRODUCTS),
            money(principal + interest),
            money(principal),
            money(interest),
            f"{since:%d/%m/%Y}",
            str(late),
            city,
            region,
            f"3{draw.randrange(10**9):09d}",
            f"deudor{number}@correo.example",
            draw.choice(("A", "B", "C")),
        )
    )


def accounts(manifest: Path) -> list[str]:
    """The accounts of a downloaded manifest, its totals line left out."""
    rows = csv.DictReader(io.StringIO(manifest.read_text(encoding="utf-8-sig")))
    return [row["account_ref"] for row in rows if row["reference"] != "TOTAL"]


def totals(manifest: Path) -> tuple[str, str]:
    """How many cases a downloaded manifest says it holds and what they come to, as its last line tells."""
    rows = list(csv.DictReader(io.StringIO(manifest.read_text(encoding="utf-8-sig"))))
    whole, _, cents = rows[-1]["balance"].partition(".")
    return rows[-1]["account_ref"], f"{whole},{cents}"


def payments(folder: Path, name: str, held: Sequence[str], day: date, share: float) -> Path:
    """A report of payments on a share of the cases, and one on a case that is not the agency's."""
    draw = random.Random(f"{SEED}{name}")
    chosen = draw.sample(list(held), int(len(held) * share))
    lines = ["Obligación;Recibo;Fecha pago;Valor pago;Recibido por;Medio pago"]
    for number, account in enumerate(chosen, start=1):
        paid_on = day + timedelta(days=draw.randrange(5))
        taker = draw.choice(("agencia", "agencia", "acreedor"))
        lines.append(
            f"{account};{name}-{number};{paid_on:%d/%m/%Y};{money(draw.randrange(10_000_000, 90_000_000))};{taker};PSE"
        )
    lines.append(f"AJENA-1;{name}-X;{day:%d/%m/%Y};{money(5_000_000)};agencia;PSE")
    path = folder / f"pagos-{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def activities(folder: Path, name: str, held: Sequence[str], day: date) -> Path:
    """A report of what was done on the cases."""
    draw = random.Random(f"{SEED}{name}a")
    lines = ["Obligación;Id gestión;Fecha hora gestión;Canal;Resultado;Gestor"]
    for number, account in enumerate(held, start=1):
        for turn in range(draw.randrange(1, 4)):
            at = day + timedelta(days=draw.randrange(5))
            result = draw.choice(("NO_CONTESTA", "PROMESA", "BUZON", "RENUENTE", "NEGOCIANDO"))
            lines.append(
                f"{account};{name}-{number}-{turn};{at:%d/%m/%Y} 10:{draw.randrange(60):02d};Llamada;{result};G7"
            )
    path = folder / f"gestiones-{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
