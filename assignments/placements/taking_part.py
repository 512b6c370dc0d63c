"""Who takes part in a wave: the agencies of its mandates, and the terms their cases would be placed under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Mandate, Service
from agencies.mandates.queries import terms_of, version_in_force
from agencies.organisations.models import Organisation, OrganisationState
from assignments.placements.planning import Terms


class NoAgencies(Invalid):
    """Somebody has to work the cases."""

    text = msg("Choose at least one mandate.")


class AgencyTwice(Invalid):
    """One agency takes part under one mandate."""

    text = msg("You chose two mandates of the same agency. Choose one of them.")


class AgencySuspended(Invalid):
    """Only approved agencies receive cases."""

    text = msg("%(name)s is suspended and may not receive cases.")


class OtherService(Invalid):
    """A mandate to locate people agrees on no commission: cases under it would be collected for nothing."""

    text = msg("%(name)s is a mandate for another service. Choose a mandate for collection.")


def terms_for(session: Session, actor: Actor, mandate_ids: Sequence[int], *, service: Service, on: date) -> list[Terms]:
    """The terms of each mandate on a date; raises what keeps one of them from taking part."""
    if not mandate_ids:
        raise NoAgencies
    terms = [_terms_of(session, actor, mandate_id, service, on) for mandate_id in sorted(set(mandate_ids))]
    if len({one.agency_id for one in terms}) < len(terms):
        raise AgencyTwice
    return terms


def _terms_of(session: Session, actor: Actor, mandate_id: int, service: Service, on: date) -> Terms:
    version = version_in_force(session, actor, mandate_id, on)
    name, agreed, agency, state = session.execute(
        select(Mandate.name, Mandate.service, Organisation.name, Organisation.state)
        .join(Organisation, Organisation.id == Mandate.agency_id)
        .where(Mandate.creditor_id == actor.tenant, Mandate.id == mandate_id)
    ).one()
    if agreed is not service:
        raise OtherService(name=name)
    if state is not OrganisationState.APPROVED:
        raise AgencySuspended(name=agency)
    sheet = terms_of(session, actor, [version.id])[version.id]
    return Terms(version.agency_id, agency, mandate_id, name, version.id, sheet)
