"""How agencies stand with their attestations: one relation in full, and all of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agencies.attestations.models import Attestation
from agencies.attestations.queries import AgencyStanding
from agencies.kernel.clock import add_months, first_of_month
from agencies.kernel.tenancy import Actor, Side
from portal.filters import basis_points
from portal.presenters.attestations import STANDINGS, TONES, TemplateLine, acts, lines, titles


@dataclass(frozen=True)
class Relation:
    """One creditor and one agency."""

    other_id: int
    other: str
    lines: list[TemplateLine]
    #: What is stopped now, in words.
    stopped: str
    score: str
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One template of one relation."""

    state: str
    tone: str
    evidence_on: date | None
    attestation_id: int | None


@dataclass(frozen=True)
class MatrixRow:
    """One relation across the templates."""

    other_id: int
    other: str
    score: str
    stopped: str
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    """All relations by all templates."""

    #: Code -> title, in order.
    columns: Mapping[str, str]
    rows: list[MatrixRow]


@dataclass(frozen=True)
class ScoreLine:
    """The score at the end of one month."""

    on: date
    score: str
    score_bp: int
    holding: int
    asked: int
    stopped: str


#: How far the score is shown back.
_MONTHS = 12


def month_ends(today: date) -> list[date]:
    """Today, and the last days of the twelve months before, the newest first."""
    first = first_of_month(today)
    return [today, *(add_months(first, -back) - timedelta(days=1) for back in range(_MONTHS))]


def score_lines(past: Sequence[AgencyStanding]) -> list[ScoreLine]:
    """The score over time, the newest first."""
    return [
        ScoreLine(
            one.today,
            basis_points(one.score_bp),
            one.score_bp,
            sum(template.is_holding for template in one.templates),
            len(one.templates),
            acts(one.blocked_acts),
        )
        for one in past
    ]


def relation_page(
    standing: AgencyStanding, begun: Mapping[str, Attestation], names: Mapping[int, str], actor: Actor
) -> Relation:
    """Everything between the reader's organisation and one other."""
    named = titles(standing.catalogue)
    other_id = _other(standing, actor)
    return Relation(
        other_id=other_id,
        other=names.get(other_id, "–"),
        lines=lines(standing, named, begun, actor),
        stopped=acts(standing.blocked_acts),
        score=basis_points(standing.score_bp),
        titles=named,
    )


def matrix(rows: Sequence[AgencyStanding], names: Mapping[int, str], actor: Actor) -> Matrix:
    """Every relation of the reader's organisation, by name of the other."""
    columns: dict[str, str] = {}
    for row in rows:
        columns |= {code: title for code, title in titles(row.catalogue).items() if code in _codes(row)}
    made = [
        MatrixRow(
            other_id=_other(row, actor),
            other=names.get(_other(row, actor), "–"),
            score=basis_points(row.score_bp),
            stopped=acts(row.blocked_acts),
            cells=[
                Cell(STANDINGS[one.state], TONES[one.state], one.evidence_date, one.attestation_id)
                for one in row.templates
            ],
        )
        for row in rows
    ]
    return Matrix(dict(sorted(columns.items())), sorted(made, key=lambda row: row.other.casefold()))


def _codes(row: AgencyStanding) -> set[str]:
    return {one.code for one in row.templates}


def _other(standing: AgencyStanding, actor: Actor) -> int:
    return standing.agency_id if actor.side is Side.CREDITOR else standing.creditor_id
