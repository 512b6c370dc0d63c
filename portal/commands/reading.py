"""What was said on the command line about how a file is read, and what is still left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click
from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _

from agencies.kernel.money import EXPONENT
from portal.i18n import say
from portal.presenters import uploads as presenter
from uploads.formats.headers import normal
from uploads.mapping.proposals import ColumnGuess, Proposal
from uploads.models import Upload
from uploads.options import DATE_ORDERS, DECIMALS, Options

_ALLOWED = {"date_order": DATE_ORDERS, "decimal": DECIMALS, "currency": tuple(EXPONENT), "time_zone": None}


@dataclass(frozen=True)
class Said:
    """What the command line says of a file's columns, options and codes."""

    columns: tuple[tuple[str, str], ...] = ()
    options: Options = field(default_factory=Options)

    @classmethod
    def of(cls, columns: Iterable[str], options: Iterable[str], codes: Iterable[str]) -> Said:
        """As it was typed; raises `click.BadParameter` with what is wrong."""
        typed: dict[str, Any] = dict(_option(one) for one in options)
        meant: dict[str, dict[str, str | None]] = {}
        for name, written, code in map(_code, codes):
            meant.setdefault(name, {})[written] = code
        return cls(tuple(_pair(one, "--map") for one in columns), replace(Options(**typed), codes=meant))

    def mapping(self, proposal: Proposal, upload: Upload) -> dict[int, str]:
        """The proposed mapping, with what was said put over it."""
        mapping = dict(proposal.mapping)
        known = {one.name for one in presenter.schema_of(upload.kind).fields}
        for position, name in self._placed(proposal):
            if name and name not in known:
                raise click.BadParameter(
                    _("There is no field %(name)s. There are: %(fields)s.", name=name, fields=", ".join(sorted(known))),
                    param_hint="--map",
                )
            mapping = {at: one for at, one in mapping.items() if at != position and one != name}
            if name:
                mapping[position] = name
        return mapping

    def still_open(self, proposal: Proposal, upload: Upload, mapping: dict[int, str]) -> Iterator[str]:
        """What nobody has settled, in sentences that say how to."""
        schema = presenter.schema_of(upload.kind)
        for one in schema.required:
            if one.name not in mapping.values():
                yield _("No column holds %(label)s: --map 'HEADER=%(name)s'", label=say(one.label), name=one.name)
        said = {position for position, _name in self._placed(proposal)}
        for guess in proposal.columns:
            if guess.is_danger and guess.position not in said and guess.position in mapping:
                yield _doubt(guess, mapping[guess.position])
        for name in self.options.or_else(proposal.options).unsettled:
            allowed = _ALLOWED.get(name)
            yield _("The values leave open: --option %(name)s=%(allowed)s", name=name, allowed=either(allowed))
        if proposal.is_written_otherwise and not self._says_how():
            yield _("Amounts or dates are written otherwise than last time: say how with --option")
        for value in proposal.unknown:
            if value.written not in self.options.codes.get(value.field, {}):
                hint = f"--code '{value.field}:{value.written}={value.likely or ''}'"
                yield _("%(count)s times a value nobody explained: %(hint)s", count=value.count, hint=hint)

    def _says_how(self) -> bool:
        return self.options.date_order is not None or self.options.decimal is not None

    def _placed(self, proposal: Proposal) -> Iterator[tuple[int, str]]:
        for header, name in self.columns:
            exact = [one.position for one in proposal.columns if one.header == header]
            found = exact or [one.position for one in proposal.columns if normal(one.header) == normal(header)]
            if len(found) != 1:
                headers = ", ".join(one.header for one in proposal.columns)
                raise click.BadParameter(
                    _(
                        "Not one column, but %(count)s, is called %(header)s. There are: %(headers)s.",
                        count=len(found),
                        header=header,
                        headers=headers,
                    ),
                    param_hint="--map",
                )
            yield found[0], name


def either(values: Sequence[str] | None) -> str:
    """What may be written; a comma and a point between quotes, as they would be taken for punctuation."""
    if values is None:
        return "…"
    if all(one.isalnum() for one in values):
        return "|".join(values)
    return str(format_list([_("“%(value)s”", value=one) for one in values], style="or", locale=get_locale()))


def _doubt(guess: ColumnGuess, name: str) -> str:
    return _(
        "Look whether %(header)s is %(name)s (%(samples)s), and say so: --map '%(header)s=%(name)s'",
        header=guess.header,
        name=name,
        samples=", ".join(guess.samples),
    )


def _pair(typed: str, option: str) -> tuple[str, str]:
    left, sign, right = typed.rpartition("=")
    if not sign or not left:
        raise click.BadParameter(_("Write it as NAME=VALUE: %(typed)s", typed=typed), param_hint=option)
    return left.strip(), right.strip()


def _option(typed: str) -> tuple[str, str]:
    name, value = _pair(typed, "--option")
    if name not in _ALLOWED:
        raise click.BadParameter(
            _("There is no option %(name)s. There are: %(names)s.", name=name, names=", ".join(_ALLOWED)),
            param_hint="--option",
        )
    allowed = _ALLOWED[name]
    if allowed is not None and value not in allowed:
        raise click.BadParameter(
            _("%(name)s can be: %(names)s.", name=name, names=either(allowed)), param_hint="--option"
        )
    return name, value


def _code(typed: str) -> tuple[str, str, str | None]:
    left, code = _pair(typed, "--code")
    name, sign, written = left.partition(":")
    if not sign or not name or not written:
        raise click.BadParameter(_("Write it as FIELD:VALUE=CODE: %(typed)s", typed=typed), param_hint="--code")
    return name, written, code
