"""Both sides of a mandate in the story: who signs for whom."""

from __future__ import annotations

from datetime import datetime

from agencies.mandates import service as mandates
from agencies.mandates.queries import get_mandate
from agencies.mandates.signing import Signer
from agencies.organisations.permissions import Role
from portal.demo.agencies import Firm
from portal.demo.cast import CreditorProfile, agency_members
from portal.demo.world import World


def for_creditor(creditor: CreditorProfile) -> Signer:
    """The director's signature."""
    return Signer(creditor.member(Role.DIRECTOR).name, "Dirección de recuperaciones")


def for_agency(firm: Firm) -> Signer:
    """The manager's signature."""
    return Signer(agency_members(firm)[0].name, "Gerencia general")


def agree(world: World, firm: Firm, mandate_id: int, version: int, now: datetime) -> None:
    """The agency's manager signs a version, if that is what waits; a story told again finds other terms waiting."""
    with world.acting(agency_members(firm)[0]) as (session, actor):
        row = get_mandate(session, actor, mandate_id)
        if row.proposal is not None and row.proposal.version == version:
            digest = row.digest(row.proposal)
            mandates.accept(session, actor, mandate_id, digest=digest, signer=for_agency(firm), now=now)
