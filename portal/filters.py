"""Numbers, money and dates as the reader's language writes them, and identities that are not shown in full."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_timezone

from agencies.kernel.errors import msg
from agencies.kernel.money import exponent, major
from agencies.organisations.permissions import SUPPORT, Role
from assignments.contacts import masking
from portal.addresses import host_of
from portal.i18n import country_name, locale, say
from portal.presenters.people import ROLE_NAMES

NOTHING = "–"


def money(minor: int | None, currency: str, *, is_bare: bool = False) -> str:
    """An amount with its currency's code, or bare where the column's head names it."""
    if minor is None:
        return NOTHING
    places = exponent(currency)
    shape = "#,##0" + ("." + "0" * places if places else "")
    figure = format_decimal(major(minor, currency), format=shape, locale=locale())
    return figure if is_bare else f"{currency} {figure}"


def number(value: float | Decimal | None, places: int = 0) -> str:
    """A number with the reader's separators."""
    if value is None:
        return NOTHING
    shape = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=shape, locale=locale())


def percent(ratio: float | Decimal | None, places: int = 1) -> str:
    """A ratio as a percentage; nothing where there is not enough data."""
    return NOTHING if ratio is None else f"{number(Decimal(str(ratio)) * 100, places)} %"


def basis_points(value: int | None) -> str:
    """A rate kept in ten-thousandths as a percentage."""
    return NOTHING if value is None else percent(Decimal(value) / 10_000, 2)


def day(value: date | None) -> str:
    """A calendar date, such as 11 mar 2026."""
    return NOTHING if value is None else format_date(value, format="d MMM y", locale=locale())


def instant(value: datetime | None) -> str:
    """A moment on the clock of the visitor's organisation."""
    if value is None:
        return NOTHING
    return format_datetime(value, format="d MMM y, HH:mm", tzinfo=get_timezone(), locale=locale())


def month(value: date | None) -> str:
    """A month, such as mar 2026."""
    return NOTHING if value is None else format_date(value, format="MMM y", locale=locale())


def masked(value: str | None) -> str:
    """The end of an identity number, the rest covered."""
    return masking.document(value) or NOTHING


def masked_email(value: str | None) -> str:
    """The first letters of an e-mail's name and domain, the rest covered."""
    return masking.email(value) or NOTHING


def initials(name: str | None) -> str:
    """A person's name for those whose work is not with people."""
    return masking.name(name)


def file_size(value: int | None) -> str:
    """Bytes in a unit people read."""
    if value is None:
        return NOTHING
    size = float(value)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{number(size, 0 if unit == 'B' else 1)} {unit}"
        size /= 1000
    return f"{number(size, 1)} GB"


def role_name(role: str | None) -> str:
    """A role as the reader's language calls it."""
    if role == SUPPORT:
        return say(msg("Support of the portal"))
    return say(ROLE_NAMES[Role(role)]) if role else NOTHING


def install(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        money=money,
        number=number,
        percent=percent,
        country_name=country_name,
        basis_points=basis_points,
        date=day,
        datetime=instant,
        month=month,
        masked=masked,
        masked_email=masked_email,
        initials=initials,
        file_size=file_size,
        host_of=host_of,
        role_name=role_name,
        say=say,
    )
