"""The parts of an application, as a table: what is asked of an agency and of a creditor (market practice, DCA files).

A part is filled in once, or row by row; what an agency's own file later holds has the same names.
"""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.organisations.models import OrganisationKind
from agencies.standing.fields import AskedField, FieldKind
from agencies.standing.models import AccountKind, CredentialKind, DocumentKind, OfferedService, PrincipalRole, Product
from agencies.standing.registers import DISCLOSURES, REGISTERS

_K = FieldKind
_AGENCY = frozenset({OrganisationKind.AGENCY})
_BOTH = frozenset({OrganisationKind.AGENCY, OrganisationKind.CREDITOR})
_YES_NO = {"no": msg("No"), "yes": msg("Yes")}

SERVICE_NAMES = {
    OfferedService.COLLECT: msg("Collection"),
    OfferedService.LOCATE: msg("Locating people"),
    OfferedService.FIELD: msg("Field visits"),
    OfferedService.LEGAL: msg("Legal collection"),
}
PRODUCT_NAMES = {
    Product.CARD: msg("Credit cards"),
    Product.CONSUMER: msg("Consumer loans"),
    Product.MORTGAGE: msg("Mortgages"),
    Product.VEHICLE: msg("Vehicle loans"),
    Product.MICRO: msg("Microcredit"),
    Product.COMMERCIAL: msg("Commercial loans"),
    Product.TELECOM: msg("Telecommunications"),
    Product.UTILITY: msg("Public utilities"),
    Product.OTHER: msg("Other products"),
}
PRINCIPAL_NAMES = {
    PrincipalRole.LEGAL_REPRESENTATIVE: msg("Legal representative"),
    PrincipalRole.DIRECTOR: msg("Member of the board"),
    PrincipalRole.PARTNER: msg("Partner or shareholder"),
    PrincipalRole.BENEFICIAL_OWNER: msg("Beneficial owner"),
    PrincipalRole.COMPLIANCE_OFFICER: msg("Compliance officer"),
    PrincipalRole.DATA_OFFICER: msg("Data protection officer"),
}
ACCOUNT_NAMES = {AccountKind.CHECKING: msg("Current account"), AccountKind.SAVINGS: msg("Savings account")}
CREDENTIAL_NAMES = {
    CredentialKind.LICENCE: msg("Licence or registration"),
    CredentialKind.INSURANCE: msg("Insurance"),
}
DOCUMENT_NAMES = {
    DocumentKind.INCORPORATION: msg("Certificate of existence and representation"),
    DocumentKind.TAX_REGISTER: msg("Tax registration"),
    DocumentKind.BANK_LETTER: msg("Bank letter"),
    DocumentKind.LICENCE: msg("Licence"),
    DocumentKind.INSURANCE: msg("Insurance policy"),
    DocumentKind.BACKGROUND_CHECK: msg("Background checks of the principals"),
    DocumentKind.SECURITY_CERTIFICATE: msg("Security certificate"),
    DocumentKind.POLICY: msg("Policy or procedure"),
    DocumentKind.OTHER: msg("Other document"),
}
#: What must be attached before anybody can submit.
REQUIRED_DOCUMENTS: dict[OrganisationKind, tuple[DocumentKind, ...]] = {
    OrganisationKind.AGENCY: (DocumentKind.INCORPORATION, DocumentKind.TAX_REGISTER, DocumentKind.BANK_LETTER),
    OrganisationKind.CREDITOR: (DocumentKind.INCORPORATION, DocumentKind.TAX_REGISTER),
}


@dataclass(frozen=True)
class Section:
    """One page of an application."""

    code: str
    title: str
    lead: str
    fields: tuple[AskedField, ...]
    #: Filled in row by row, such as principals.
    is_list: bool = False
    #: Rows there must be.
    least: int = 0
    kinds: frozenset[OrganisationKind] = _BOTH


_CONTACT = (
    ("name", msg("Name or team"), _K.TEXT),
    ("email", msg("E-mail"), _K.EMAIL),
    ("phone", msg("Phone"), _K.TEXT),
)


def _person(prefix: str, title: str) -> tuple[AskedField, ...]:
    return tuple(
        AskedField(f"{prefix}_{name}", label, kind, is_required=name != "phone", hint=title, of_whom=title)
        for name, label, kind in _CONTACT
    )


COMPANY = Section(
    "company",
    msg("Company"),
    msg("As the company register has it."),
    (
        AskedField("legal_name", msg("Legal name"), is_required=True),
        AskedField("trade_name", msg("Name on screens"), is_required=True),
        AskedField("tax_id", msg("Tax number"), is_required=True, hint=msg("With its check digit.")),
        AskedField("address", msg("Address"), is_required=True),
        AskedField("city", msg("City"), is_required=True),
        AskedField("phone", msg("Phone")),
        AskedField("website", msg("Website")),
    ),
)
PRINCIPALS = Section(
    "principals",
    msg("Principals"),
    msg("Who represents, directs or owns the company: at least one person, and everybody who holds a tenth or more."),
    (
        AskedField("name", msg("Full name"), is_required=True),
        AskedField("role", msg("Role"), _K.CHOICE, is_required=True, choices=PRINCIPAL_NAMES),
        AskedField("document_type", msg("Kind of identity document"), is_required=True),
        AskedField(
            "document",
            msg("Number of the document"),
            is_required=True,
            hint=msg("Kept encrypted; only its end is shown."),
        ),
        AskedField("share_bp", msg("Share of the company, percent"), _K.PERCENT),
        AskedField("background_checked_on", msg("Background check made on"), _K.DATE),
        AskedField("is_exposed", msg("Politically exposed person"), _K.CHOICE, is_required=True, choices=_YES_NO),
    ),
    is_list=True,
    least=1,
)
CREDENTIALS = Section(
    "credentials",
    msg("Licences and insurance"),
    msg("Registrations with an authority, licences and insurance policies, each with its end."),
    (
        AskedField("kind", msg("Kind"), _K.CHOICE, is_required=True, choices=CREDENTIAL_NAMES),
        AskedField("country", msg("Country"), _K.COUNTRY, is_required=True),
        AskedField("title", msg("What it is"), is_required=True),
        AskedField("number", msg("Number"), is_required=True),
        AskedField("issuer", msg("Issued by"), is_required=True),
        AskedField("valid_until", msg("Valid until"), _K.DATE),
        AskedField("limit", msg("Limit of cover"), _K.AMOUNT),
        AskedField("currency", msg("Currency of the limit"), _K.CURRENCY),
    ),
    is_list=True,
    least=1,
    kinds=_AGENCY,
)
COVERAGE = Section(
    "coverage",
    msg("Coverage and capacity"),
    msg("What you do, where, and how much of it at a time."),
    (
        AskedField("services", msg("Services offered"), _K.CHOICES, is_required=True, choices=SERVICE_NAMES),
        AskedField("countries", msg("Countries covered"), _K.COUNTRIES, is_required=True),
        AskedField("regions", msg("Regions or cities covered"), _K.PARAGRAPH),
        AskedField("products", msg("Products worked"), _K.CHOICES, choices=PRODUCT_NAMES),
        AskedField("capacity", msg("Capacity: cases at a time for one creditor"), _K.INTEGER, is_required=True),
    ),
    kinds=_AGENCY,
)
BANK = Section(
    "bank",
    msg("Bank account"),
    msg("Where creditors pay commissions to. It must be held by the company itself; the number is kept encrypted."),
    (
        AskedField("bank", msg("Bank"), is_required=True),
        AskedField("account_kind", msg("Kind of account"), _K.CHOICE, is_required=True, choices=ACCOUNT_NAMES),
        AskedField(
            "number",
            msg("Account number"),
            is_required=True,
            hint=msg("The CBU in Argentina, the CLABE in Mexico, the CCI in Peru."),
        ),
        AskedField("currency", msg("Currency"), _K.CURRENCY, is_required=True),
        AskedField("holder_name", msg("Name of the holder"), is_required=True),
        AskedField("holder_tax_id", msg("Tax number of the holder"), is_required=True),
    ),
    kinds=_AGENCY,
)
_FIRST, _SECOND = msg("First contact for complaints"), msg("Second contact for complaints")
CONTACTS = Section(
    "contacts",
    msg("Contacts"),
    msg("Two ways to reach you about complaints, and one for security incidents at any hour."),
    (
        *_person("complaints_1", _FIRST),
        *_person("complaints_2", _SECOND),
        *_person("incidents", msg("Contact for security incidents")),
        AskedField(
            "notice_hours",
            msg("Hours within which you report an incident"),
            _K.INTEGER,
            is_required=True,
            kinds=_AGENCY,
            hint=msg("Creditors here expect 24 or fewer."),
        ),
    ),
)
DATA = Section(
    "data",
    msg("Data and conduct"),
    msg("Where personal data are kept, what is certified, and what was disputed in the last year."),
    DISCLOSURES,
)
REGISTER_LEAD = msg("What the registers of your country say of the company.")


def sections(kind: OrganisationKind, country: str) -> tuple[Section, ...]:
    """The parts an applicant fills in, in their order, each with the fields that are meant for it."""
    registers = Section("registers", msg("Registers"), REGISTER_LEAD, REGISTERS[country])
    offered = (COMPANY, registers, PRINCIPALS, CREDENTIALS, COVERAGE, BANK, CONTACTS, DATA)
    return tuple(
        Section(one.code, one.title, one.lead, _of(kind, one), one.is_list, one.least, one.kinds)
        for one in offered
        if kind in one.kinds
    )


def _of(kind: OrganisationKind, section: Section) -> tuple[AskedField, ...]:
    return tuple(one for one in section.fields if kind in one.kinds)
