"""The beginning: the platform's operator, the organisations, their people and the mandates between them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.co import nit

from agencies.kernel import clock
from agencies.kernel.clock import local_date
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.mandates import service as mandates
from agencies.mandates.models import Service
from agencies.mandates.queries import MandateRow, list_mandates
from agencies.organisations import service as organisations
from agencies.organisations.models import Organisation, OrganisationKind, User
from agencies.organisations.permissions import Role
from agencies.standing import accounts, filing, people
from agencies.standing.models import AccountKind, CredentialKind, OfferedService, PrincipalRole, Product
from portal.demo import agreeing
from portal.demo.agencies import FIRMS, GUADUVIO, OCARIMBA, TINTALUZ, AgencyProfile, Firm
from portal.demo.cast import BANK, CREDITORS, OPERATOR, CreditorProfile, Member, agency_members
from portal.demo.chronology import ZONE
from portal.demo.terms import FULL, Terms, collecting
from portal.demo.world import World

#: The bank pays its strongest agency less from here on.
GUADUVIO_AMENDED_BP = 2200
#: What every agency has on its file: kind, what it is, number, who issued it, and up to which amount it covers.
_CREDENTIALS = (
    (CredentialKind.LICENCE, "Matrícula mercantil", "00-999001", "Cámara de comercio inventada", None),
    (CredentialKind.INSURANCE, "Responsabilidad civil profesional", "RC-999", "Seguros Inventados", 2_000_000_000_00),
)


def make_operator(world: World, now: datetime) -> None:
    """The first person on the platform; everything else begins with her."""
    if _find_user(world, OPERATOR) is None:
        platform = Actor(side=Side.PLATFORM)
        with world.ports.session(platform) as session, transaction(session):
            organisations.create_operator(
                session, email=OPERATOR.email, name=OPERATOR.name, password=world.password, now=now
            )


def bring_in_organisations(world: World, now: datetime) -> None:
    """Register the creditors and the agencies, invite their people, who accept at once."""
    for creditor in CREDITORS:
        organisation_id = _register(
            world, OrganisationKind.CREDITOR, creditor.name, creditor.legal_name, creditor.tax_id, now
        )
        for member in creditor.members:
            _bring_in(world, member, creditor.members[0], organisation_id, now)
    for agency in FIRMS:
        legal = f"{agency.name} S.A.S. (empresa inventada)"
        organisation_id = _register(world, OrganisationKind.AGENCY, agency.name, legal, agency.tax_id, now)
        for member in agency_members(agency):
            _bring_in(world, member, agency_members(agency)[0], organisation_id, now)


def make_mandates(world: World, now: datetime) -> None:
    """Each creditor makes its mandates, in force from the month after."""
    for creditor in CREDITORS:
        with world.acting(creditor.member(Role.DIRECTOR)) as (session, actor):
            known = {row.name for row in list_mandates(session, actor)}
            for terms in creditor.mandates:
                name = mandate_name(creditor, terms)
                if name not in known:
                    mandates.make(
                        session,
                        actor,
                        agency_id=agency_id(world, terms.agency),
                        name=name,
                        terms=terms.sheet,
                        service=terms.service,
                        valid_from=world.chronology.month(8),
                        signer=agreeing.for_creditor(creditor),
                        now=now,
                    )
            rows = list_mandates(session, actor)
        for terms in creditor.mandates:
            agreeing.agree(world, terms.agency, find_mandate(rows, creditor, terms.agency).id, 1, now)


def state_files(world: World, now: datetime) -> None:
    """Each agency says what it offers and shows its licence and its insurance."""
    for firm in FIRMS:
        with world.acting(agency_members(firm)[0]) as (session, actor):
            known = filing.get_file(session, actor, actor.tenant)
            if known.updated_at is not None:
                continue
            is_locator = not isinstance(firm, AgencyProfile)
            filing.state(
                session,
                actor,
                filing.Statement(
                    services=(OfferedService.LOCATE,) if is_locator else (OfferedService.COLLECT,),
                    countries=("CO",),
                    regions="Todo el país",
                    capacity=None if is_locator else 40_000,
                    complaints_contact=f"quejas@{firm.key}-demo.example",
                    incidents_contact=f"incidentes@{firm.key}-demo.example",
                    second_complaints_contact=f"gerencia@{firm.key}-demo.example",
                    notice_hours=24,
                    products=() if is_locator else (Product.CARD, Product.CONSUMER, Product.TELECOM),
                ),
                now=now,
            )
            _show_more(session, actor, firm, now)
            for kind, title, number, issuer, limit in _CREDENTIALS:
                told = filing.Credential(
                    kind, "CO", title, number, issuer, world.chronology.month(-6), limit, "COP" if limit else None
                )
                filing.add_credential(session, actor, told, now=now)


def _show_more(session: Session, actor: Actor, firm: Firm, now: datetime) -> None:
    """Who owns the agency, what registers say, and where it is paid; the first account came before there were two."""
    manager = agency_members(firm)[0]
    told = people.PrincipalFacts(
        manager.name, PrincipalRole.LEGAL_REPRESENTATIVE, "CC", f"{firm.tax_id}9", 10_000, local_date(now, ZONE)
    )
    people.add_principal(session, actor, told, now=now)
    filing.disclose(
        session,
        actor,
        registers={
            "register_number": f"00-{firm.tax_id}",
            "register_office": "Cámara de comercio inventada",
            "renewed_on": local_date(now, ZONE).isoformat(),
            "data_register": "registered",
        },
        disclosures={"locations": "Bogotá, centro de datos contratado", "litigation": "no"},
        now=now,
    )
    home = session.get_one(Organisation, actor.tenant)
    holder = accounts.Holder(home.legal_name, home.tax_id)
    account = accounts.Account("CO", "COP", "Banco Inventado", AccountKind.CHECKING, f"{firm.tax_id}77", holder)
    accounts.put_in_force(session, actor.tenant, account, now=now)


def amend_mandate(world: World, now: datetime) -> None:
    """The bank negotiates its dearest commission down; what is already placed keeps the old one."""
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        row = find_mandate(list_mandates(session, actor), BANK, GUADUVIO)
        if row.version == 1 and row.proposal is None:
            mandates.amend(
                session,
                actor,
                row.id,
                terms=collecting(GUADUVIO_AMENDED_BP, discount_bp=2_500),
                valid_from=world.chronology.month(5),
                signer=agreeing.for_creditor(BANK),
                now=now,
            )
    agreeing.agree(world, GUADUVIO, row.id, 2, now)


def propose_terms(world: World, now: datetime) -> None:
    """What waits for a signature at the end of the story: one proposal of the bank, and one to it."""
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        rows = list_mandates(session, actor)
        row = find_mandate(rows, BANK, TINTALUZ)
        begins = clock.add_months(local_date(now, ZONE), 1)
        if row.version == 1 and row.proposal is None:
            signer = agreeing.for_creditor(BANK)
            mandates.amend(session, actor, row.id, terms=FULL, valid_from=begins, signer=signer, now=now)
    with world.acting(agency_members(OCARIMBA)[0]) as (session, actor):
        row = find_mandate(rows, BANK, OCARIMBA)
        if row.version == 1 and row.proposal is None:
            terms, signer = collecting(1800, discount_bp=2_500, tail_days=45), agreeing.for_agency(OCARIMBA)
            mandates.amend(session, actor, row.id, terms=terms, valid_from=begins, signer=signer, now=now)


def mandate_name(creditor: CreditorProfile, terms: Terms) -> str:
    """How a mandate of the story is called."""
    if terms.service is Service.LOCATE:
        return f"Localización · {terms.agency.name}"
    kind = "Cartera castigada" if creditor is BANK else "Servicios suspendidos"
    return f"{kind} · {terms.agency.name}"


def find_mandate(rows: list[MandateRow], creditor: CreditorProfile, agency: Firm) -> MandateRow:
    """The mandate of a creditor with an agency, among the creditor's own."""
    terms = next(terms for terms in creditor.mandates if terms.agency is agency)
    return next(row for row in rows if row.name == mandate_name(creditor, terms))


def agency_id(world: World, agency: Firm) -> int:
    """The organisation's id of an agency."""
    return world.actor(agency_members(agency)[0]).tenant


def _register(world: World, kind: OrganisationKind, name: str, legal_name: str, tax_id: str, now: datetime) -> int:
    number = tax_id + nit.calc_check_digit(tax_id)
    with world.acting(OPERATOR) as (session, actor):
        found = session.scalar(select(Organisation.id).where(Organisation.tax_id == number))
        if found is not None:
            return found
        made = organisations.register(
            session,
            actor,
            kind=kind,
            name=name,
            legal_name=legal_name,
            tax_id=number,
            country="CO",
            now=now,
        )
        return made.id


def _bring_in(world: World, member: Member, head: Member, organisation_id: int, now: datetime) -> None:
    """The operator invites whoever manages an organisation, who invites the others."""
    user = _find_user(world, member)
    if user is not None and user.password_hash:
        return
    with world.acting(OPERATOR if member == head else head) as (session, actor):
        if user is None:
            invited = organisations.invite(
                session,
                actor,
                email=member.email,
                role=member.role,
                name=member.name,
                organisation_id=organisation_id,
                now=now,
            )
        else:
            invited = organisations.invite_again(session, actor, user.id, now=now)
    with world.ports.session(DOOR) as session, transaction(session):
        organisations.accept_invitation(session, invited.token, name=member.name, password=world.password, now=now)


def _find_user(world: World, member: Member) -> User | None:
    with world.ports.session(DOOR) as session:
        return session.scalar(select(User).where(User.email == member.email))
