"""Who is in the story: two creditors, six agencies, the platform's operator and their people.

Every name is made up so as not to be taken for a company that exists; tax numbers begin with 999, addresses end in
`.example`.
"""

from __future__ import annotations

from dataclasses import dataclass

from agencies.organisations.permissions import Role
from portal.demo.agencies import BAQUIANELA, FIRMS, GUADUVIO, MARIMONDE, OCARIMBA, PIRANDELA, TINTALUZ, Firm
from portal.demo.exports import BANK_EXPORT, TELCO_EXPORT, Exporter
from portal.demo.terms import BANK_TERMS, TELCO_TERMS, Terms


@dataclass(frozen=True)
class Member:
    """A person of the demo who can sign in."""

    email: str
    name: str
    role: Role


@dataclass(frozen=True)
class CreditorProfile:
    """One creditor of the demo."""

    key: str
    name: str
    legal_name: str
    tax_id: str
    members: tuple[Member, ...]
    exporter: Exporter
    mandates: tuple[Terms, ...]

    def member(self, role: Role) -> Member:
        """Its person in a role."""
        return next(member for member in self.members if member.role is role)


OPERATOR = Member("olga.operadora@encargo-demo.example", "Olga Lucía Buitrago", Role.OPERATOR)

BANK = CreditorProfile(
    key="banco",
    name="Banco Nubelar",
    legal_name="Banco Nubelar S.A. (empresa inventada)",
    tax_id="999000001",
    members=(
        Member("ana.directora@banco-demo.example", "Ana María Cárdenas", Role.DIRECTOR),
        Member("andres.analista@banco-demo.example", "Andrés Felipe Osorio", Role.ANALYST),
        Member("fabiola.finanzas@banco-demo.example", "Fabiola Quintero", Role.FINANCE),
        Member("camilo.cumplimiento@banco-demo.example", "Camilo Ibáñez", Role.COMPLIANCE),
        Member("aurora.auditora@banco-demo.example", "Aurora Lucía Benavides", Role.AUDITOR),
    ),
    exporter=BANK_EXPORT,
    mandates=BANK_TERMS,
)
TELCO = CreditorProfile(
    key="telco",
    name="Zumbatel",
    legal_name="Zumbatel Comunicaciones S.A.S. (empresa inventada)",
    tax_id="999000002",
    members=(
        Member("diego.director@telco-demo.example", "Diego Fernando Salazar", Role.DIRECTOR),
        Member("adriana.analista@telco-demo.example", "Adriana Beltrán", Role.ANALYST),
        Member("felipe.finanzas@telco-demo.example", "Felipe Arias", Role.FINANCE),
        Member("carolina.cumplimiento@telco-demo.example", "Carolina Mejía", Role.COMPLIANCE),
    ),
    exporter=TELCO_EXPORT,
    mandates=TELCO_TERMS,
)
CREDITORS = (BANK, TELCO)

_MANAGERS = {
    GUADUVIO.key: "Mónica Restrepo",
    TINTALUZ.key: "Tomás Giraldo",
    OCARIMBA.key: "Óscar Iván Pineda",
    MARIMONDE.key: "Martha Lucía Peña",
    PIRANDELA.key: "Pablo Chaparro",
    BAQUIANELA.key: "Beatriz Elena Cuéllar",
}
_AGENTS = {
    GUADUVIO.key: "Gloria Inés Zapata",
    TINTALUZ.key: "Tatiana Murillo",
    OCARIMBA.key: "Orlando Caicedo",
    MARIMONDE.key: "Miguel Ángel Rojas",
    PIRANDELA.key: "Paola Andrea Ávila",
}


def agency_members(agency: Firm) -> tuple[Member, ...]:
    """The people of an agency who can sign in, the manager first."""
    domain = f"{agency.key}-demo.example"
    manager = Member(f"gerencia@{domain}", _MANAGERS[agency.key], Role.MANAGER)
    if agency is BAQUIANELA:
        return manager, Member(f"investigador@{domain}", "Iván Darío Sandoval", Role.INVESTIGATOR)
    return manager, Member(f"gestor@{domain}", _AGENTS[agency.key], Role.AGENT)


def all_members() -> list[tuple[str, Member]]:
    """Everybody who can sign in, with the name of the organisation."""
    creditors = [(creditor.name, member) for creditor in CREDITORS for member in creditor.members]
    agencies = [(agency.name, member) for agency in FIRMS for member in agency_members(agency)]
    return [*creditors, *agencies, ("Encargo", OPERATOR)]
