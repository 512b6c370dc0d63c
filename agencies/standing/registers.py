"""What a company says of registers, data and conduct, as tables: by country, and what is asked everywhere.

Colombia: matrícula mercantil, its yearly renewal, and the register of databases (RNBD, Decreto 1074 de 2015 art.
2.2.2.26). Peru: partida registral (SUNARP) and bank of personal data (Ley 29733 art. 34). Mexico: folio mercantil and,
for who collects for financial institutions, REDECO (CONDUSEF). Chile: inscription in the Registro de Comercio. Ecuador:
Registro Mercantil and the file number at the Superintendencia. Argentina: registro público and the AAIP's register of
databases (Ley 25.326 art. 21).
"""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.organisations.models import OrganisationKind
from agencies.standing.fields import AskedField, FieldKind

_K = FieldKind
_AGENCY = frozenset({OrganisationKind.AGENCY})

_REGISTERED = {
    "registered": msg("Registered"),
    "pending": msg("Being registered"),
    "not_required": msg("Not required to register"),
}
_SINCE = AskedField("registered_on", msg("Registered on"), _K.DATE)

REGISTERS: dict[str, tuple[AskedField, ...]] = {
    "CO": (
        AskedField("register_number", msg("Matrícula mercantil"), is_required=True),
        AskedField("register_office", msg("Chamber of commerce"), is_required=True),
        AskedField("renewed_on", msg("Last renewal of the matrícula"), _K.DATE, is_required=True),
        AskedField("activity_code", msg("Activity code (CIIU)"), hint=msg("8291 is the one of collection agencies.")),
        AskedField("data_register", msg("RNBD of the SIC"), _K.CHOICE, is_required=True, choices=_REGISTERED),
        AskedField("data_register_number", msg("RNBD numbers of the databases")),
        AskedField("data_register_updated_on", msg("Last update of the RNBD"), _K.DATE),
    ),
    "PE": (
        AskedField("register_number", msg("Partida registral (SUNARP)"), is_required=True),
        AskedField("register_office", msg("Registry office"), is_required=True),
        _SINCE,
        AskedField(
            "data_register", msg("National register of personal data"), _K.CHOICE, is_required=True, choices=_REGISTERED
        ),
        AskedField("data_register_number", msg("Code of the registered database")),
    ),
    "MX": (
        AskedField("register_number", msg("Folio mercantil electrónico"), is_required=True),
        AskedField("register_office", msg("Registry office"), is_required=True),
        _SINCE,
        AskedField(
            "redeco",
            msg("REDECO of CONDUSEF"),
            _K.CHOICE,
            is_required=True,
            choices=_REGISTERED,
            kinds=_AGENCY,
            hint=msg("Required of whoever collects for financial institutions."),
        ),
        AskedField("redeco_number", msg("REDECO number"), kinds=_AGENCY),
        AskedField("redeco_phones", msg("Phones used for collecting, as in REDECO"), _K.PARAGRAPH, kinds=_AGENCY),
    ),
    "CL": (
        AskedField("register_number", msg("Sheet and number in the Registro de Comercio"), is_required=True),
        AskedField("register_office", msg("Registrar (conservador)"), is_required=True),
        _SINCE,
    ),
    "EC": (
        AskedField("register_number", msg("Number in the Registro Mercantil"), is_required=True),
        AskedField("register_office", msg("Canton"), is_required=True),
        AskedField("file_number", msg("File number at the Superintendencia de Compañías"), is_required=True),
        _SINCE,
    ),
    "AR": (
        AskedField("register_number", msg("Number in the public register (IGJ or provincial)"), is_required=True),
        AskedField("register_office", msg("Registry office"), is_required=True),
        _SINCE,
        AskedField(
            "data_register", msg("AAIP register of databases"), _K.CHOICE, is_required=True, choices=_REGISTERED
        ),
        AskedField("data_register_number", msg("Number of the registered database")),
    ),
}

_YES_NO = {"no": msg("No"), "yes": msg("Yes")}
#: What is asked everywhere: where data are, what is certified, what was disputed, how data end.
DISCLOSURES: tuple[AskedField, ...] = (
    AskedField("locations", msg("Places where personal data are kept"), _K.PARAGRAPH, is_required=True),
    AskedField("subcontractors", msg("Sub-contractors who see personal data"), _K.PARAGRAPH, kinds=_AGENCY),
    AskedField("iso27001_scope", msg("ISO 27001: scope")),
    AskedField("iso27001_until", msg("ISO 27001: valid until"), _K.DATE),
    AskedField("soc2_scope", msg("SOC 2: kind and scope")),
    AskedField("soc2_until", msg("SOC 2: valid until"), _K.DATE),
    AskedField("procedures_reviewed_on", msg("Procedures last reviewed on"), _K.DATE, kinds=_AGENCY),
    AskedField(
        "litigation",
        msg("Lawsuits or sanctions in the last year"),
        _K.CHOICE,
        is_required=True,
        choices=_YES_NO,
    ),
    AskedField("litigation_facts", msg("Which, before whom, and how they stand"), _K.PARAGRAPH),
    AskedField("destruction", msg("How data are destroyed at the end"), _K.PARAGRAPH, kinds=_AGENCY),
)
