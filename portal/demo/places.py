"""Where the invented debtors live: Colombian cities with their department, weight and fixed-line area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Place:
    """A city as creditors write it, with the two digits that follow 6 in its fixed lines."""

    city: str
    department: str
    weight: float
    area: str


PLACES = (
    Place("Bogotá D.C.", "Bogotá D.C.", 0.27, "01"),
    Place("Soacha", "Cundinamarca", 0.04, "01"),
    Place("Zipaquirá", "Cundinamarca", 0.02, "01"),
    Place("Medellín", "Antioquia", 0.12, "04"),
    Place("Bello", "Antioquia", 0.03, "04"),
    Place("Rionegro", "Antioquia", 0.015, "04"),
    Place("Montería", "Córdoba", 0.025, "04"),
    Place("Cali", "Valle del Cauca", 0.10, "02"),
    Place("Palmira", "Valle del Cauca", 0.02, "02"),
    Place("Popayán", "Cauca", 0.02, "02"),
    Place("Pasto", "Nariño", 0.025, "02"),
    Place("Barranquilla", "Atlántico", 0.07, "05"),
    Place("Soledad", "Atlántico", 0.025, "05"),
    Place("Cartagena de Indias", "Bolívar", 0.045, "05"),
    Place("Santa Marta", "Magdalena", 0.025, "05"),
    Place("Valledupar", "Cesar", 0.02, "05"),
    Place("Pereira", "Risaralda", 0.025, "06"),
    Place("Manizales", "Caldas", 0.02, "06"),
    Place("Armenia", "Quindío", 0.015, "06"),
    Place("Bucaramanga", "Santander", 0.035, "07"),
    Place("Cúcuta", "Norte de Santander", 0.025, "07"),
    Place("Ibagué", "Tolima", 0.025, "08"),
    Place("Neiva", "Huila", 0.02, "08"),
    Place("Villavicencio", "Meta", 0.025, "08"),
    Place("Tunja", "Boyacá", 0.015, "08"),
)

_WEIGHTS = np.array([place.weight for place in PLACES])
_ROADS = ("Calle", "Carrera", "Diagonal", "Transversal", "Avenida Calle", "Avenida Carrera")
_ROAD_WEIGHTS = (0.42, 0.42, 0.05, 0.05, 0.03, 0.03)
_LETTERS = ("", "", "", "", "A", "B", "C", "D")
_EXTRAS = ("", "", "", "Apto 201", "Apto 402", "Apto 503", "Casa 2", "Piso 2", "Torre 1 Apto 304", "Local 3")


def draw_places(rng: np.random.Generator, count: int) -> list[Place]:
    """Cities drawn by their weight."""
    return [PLACES[at] for at in rng.choice(len(PLACES), size=count, p=_WEIGHTS / _WEIGHTS.sum())]


def draw_addresses(rng: np.random.Generator, count: int) -> list[str]:
    """Addresses in the Colombian form, such as `Carrera 13A # 90-18 Apto 402`."""
    roads = rng.choice(len(_ROADS), size=count, p=_ROAD_WEIGHTS)
    numbers = rng.integers(1, 150, size=(count, 3))
    letters = rng.integers(0, len(_LETTERS), size=count)
    extras = rng.integers(0, len(_EXTRAS), size=count)
    return [
        f"{_ROADS[road]} {main}{_LETTERS[letter]} # {crossing}-{plate % 100:02d} {_EXTRAS[extra]}".strip()
        for road, (main, crossing, plate), letter, extra in zip(roads, numbers.tolist(), letters, extras, strict=True)
    ]
