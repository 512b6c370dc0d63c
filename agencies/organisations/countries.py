"""What a country decides for an organisation: its currency, its time zone, and the shape of its tax number."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from stdnum.ar import cuit
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.ec import ruc as ruc_ec
from stdnum.exceptions import ValidationError
from stdnum.mx import rfc
from stdnum.pe import ruc as ruc_pe

from agencies.kernel.errors import Invalid, msg


@dataclass(frozen=True)
class Country:
    """Defaults and tax number of one country; the calendar of its business days is the clock's."""

    code: str
    currency: str
    time_zone: str
    tax_name: str
    tax_rule: ModuleType


COUNTRIES = {
    one.code: one
    for one in (
        Country("CO", "COP", "America/Bogota", "NIT", nit),
        Country("PE", "PEN", "America/Lima", "RUC", ruc_pe),
        Country("MX", "MXN", "America/Mexico_City", "RFC", rfc),
        Country("CL", "CLP", "America/Santiago", "RUT", rut),
        Country("EC", "USD", "America/Guayaquil", "RUC", ruc_ec),
        Country("AR", "ARS", "America/Argentina/Buenos_Aires", "CUIT", cuit),
    )
}


class TaxIdInvalid(Invalid):
    """The number is mistyped: its length or check digit is wrong."""

    text = msg("This is not a valid %(name)s: check the number and its check digit.")


class CountryUnknown(Invalid):
    """We keep tax rules and a business calendar for some countries only."""

    text = msg("Organisations of this country cannot be registered yet.")


def country(code: str) -> Country:
    """What we know of a country; raises `CountryUnknown`."""
    try:
        return COUNTRIES[code]
    except KeyError as unknown:
        raise CountryUnknown from unknown


def tax_number(code: str, number: str) -> str:
    """The number without dots and dashes; raises `TaxIdInvalid` or `CountryUnknown`."""
    home = country(code)
    try:
        return str(home.tax_rule.validate(number))
    except ValidationError as wrong:
        raise TaxIdInvalid(name=home.tax_name) from wrong


def shown_tax_number(code: str, number: str) -> str:
    """The number as people of the country write it, such as NIT 900.123.456-8."""
    home = COUNTRIES.get(code)
    if home is None or not home.tax_rule.is_valid(number):
        return ""
    shape = getattr(home.tax_rule, "format", str)
    return f"{home.tax_name} {shape(number)}"
