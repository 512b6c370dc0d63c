"""A creditor asks for more than the common templates: it drafts its own, publishes versions of them, withdraws them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import OWN
from agencies.attestations.models import CreditorTemplate
from agencies.attestations.templates import LANGUAGES, Act, Effect
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember

MOST_TEMPLATES = 50
MOST_QUESTIONS = 5
HIGHEST_WEIGHT = 5
LONGEST_VALIDITY = 60
#: What a template of a creditor can stop; closing a recall has its own.
STOPPABLE = (Act.PLACE, Act.DOWNLOAD, Act.BID, Act.ORDER_LOCATE)
#: Words of one language that stand in for those of another are no translation.
_BLANK = re.compile(r"^\W*$")


class WordingIncomplete(Invalid):
    """Both sides read it, each in its language."""

    text = msg("Write the title, the statement, what proves it and each question in both languages.")


class OutOfRange(Invalid):
    """A template holds for some months and weighs something."""

    text = msg("A template holds for 1 to 60 months and weighs 0 to 5.")


class TooManyTemplates(Invalid):
    """What nobody can read nobody can attest to."""

    text = msg("There are fifty templates of your own already. Withdraw one, or put them together.")


class TemplateTooSoon(Invalid):
    """Nobody's day breaks off."""

    text = msg("A template is asked for from tomorrow at the earliest, so that agencies can sign it before.")


class TemplatePublished(Conflict):
    """A published version is never edited."""

    text = msg("This version was published. Begin a new one to change it.")


class AlreadyRetired(Conflict):
    """It is not asked for any more."""

    text = msg("This template was withdrawn already.")


@dataclass(frozen=True)
class Wording:
    """A template as it is written: each text by language."""

    title: dict[str, str]
    statement: dict[str, str]
    hint: dict[str, str]
    questions: Sequence[dict[str, str]]
    needs_evidence: bool
    months: int
    blocks: Collection[Act]
    weight: int
    #: Whether what was signed by an earlier version has to be renewed when this one comes into force.
    renews: bool = True


def draft_template(
    session: Session, actor: Actor, wording: Wording, *, code: str | None = None, now: datetime
) -> CreditorTemplate:
    """Keep the draft of a new template, or of the next version of one; a draft there is already is written over.

    Raises `WordingIncomplete`, `OutOfRange`, `TooManyTemplates`, `NotFound`.
    """
    creditor_id = _author(actor)
    body = _body(wording)
    session.execute(text("select pg_advisory_xact_lock(hashtextextended('templates', :id))"), {"id": creditor_id})
    mine = CreditorTemplate.creditor_id == creditor_id
    if code is None:
        used = session.scalars(select(CreditorTemplate.code).where(mine).distinct()).all()
        if len(used) >= MOST_TEMPLATES:
            raise TooManyTemplates
        # Also of those that were dropped or withdrawn no number is given twice.
        code = f"{OWN}{max((int(one.removeprefix(OWN)) for one in used), default=0) + 1:02}"
        version = 1
    else:
        newest = session.scalar(
            select(func.max(CreditorTemplate.version)).where(
                mine, CreditorTemplate.code == code, CreditorTemplate.published_at.is_not(None)
            )
        )
        known = session.scalar(select(func.count()).where(mine, CreditorTemplate.code == code))
        if not known:
            raise NotFound
        version = (newest or 0) + 1
    return session.scalars(
        insert(CreditorTemplate)
        .values(
            creditor_id=creditor_id,
            code=code,
            version=version,
            body=body,
            created_at=now,
            created_by=actor.user_id,
        )
        .on_conflict_do_update(
            index_elements=["creditor_id", "code"],
            index_where=text("published_at is null"),
            set_={"body": body, "created_at": now, "created_by": actor.user_id},
        )
        .returning(CreditorTemplate)
        .execution_options(populate_existing=True)
    ).one()


def publish_template(
    session: Session, actor: Actor, template_id: int, *, valid_from: date, now: datetime
) -> CreditorTemplate:
    """Ask every agency of the panel for it from a day on; a second press changes nothing.

    Raises `TemplateTooSoon`, and `TemplatePublished` when it was published for another day.
    """
    row = _own(session, actor, template_id)
    if row.published_at is not None:
        if row.valid_from == valid_from:
            return row
        raise TemplatePublished
    if valid_from <= local_date(now, actor.time_zone):
        raise TemplateTooSoon
    row.valid_from, row.published_at, row.published_by = valid_from, now, actor.user_id
    session.flush()
    _tell(session, actor, row, "template.published", now, version=row.version, valid_from=valid_from)
    return row


def drop_draft(session: Session, actor: Actor, template_id: int) -> None:
    """Throw a draft away; raises `TemplatePublished`."""
    row = _own(session, actor, template_id)
    if row.published_at is not None:
        raise TemplatePublished
    session.delete(row)
    session.flush()


def retire_template(
    session: Session, actor: Actor, template_id: int, *, retired_on: date, now: datetime
) -> CreditorTemplate:
    """Ask for a template, in all its versions, no more from a day on; raises `AlreadyRetired`, `TemplateTooSoon`."""
    row = _own(session, actor, template_id)
    if row.published_at is None:
        raise NotFound
    if row.retired_on is not None:
        raise AlreadyRetired
    if retired_on <= local_date(now, actor.time_zone):
        raise TemplateTooSoon
    session.execute(
        update(CreditorTemplate)
        .where(
            CreditorTemplate.creditor_id == row.creditor_id,
            CreditorTemplate.code == row.code,
            CreditorTemplate.published_at.is_not(None),
        )
        .values(retired_on=retired_on)
    )
    _tell(session, actor, row, "template.retired", now, retired_on=retired_on)
    return row


def list_templates(session: Session, actor: Actor) -> list[CreditorTemplate]:
    """Every version of the creditor's own templates, by code, the newest first."""
    require(actor, Permission.ATTESTATION_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    return list(
        session.scalars(
            select(CreditorTemplate)
            .where(CreditorTemplate.creditor_id == creditor_id)
            .order_by(CreditorTemplate.code, CreditorTemplate.version.desc())
        )
    )


def get_template_version(session: Session, actor: Actor, template_id: int) -> CreditorTemplate:
    """One version of a template of the creditor's own; raises `NotFound`."""
    for row in list_templates(session, actor):
        if row.id == template_id:
            return row
    raise NotFound


def _author(actor: Actor) -> int:
    require(actor, Permission.ATTESTATION_REVIEW)
    return require_side(actor, Side.CREDITOR)


def _own(session: Session, actor: Actor, template_id: int) -> CreditorTemplate:
    row = session.scalar(
        select(CreditorTemplate)
        .where(CreditorTemplate.creditor_id == _author(actor), CreditorTemplate.id == template_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def _body(wording: Wording) -> dict[str, Any]:
    """As the common templates stand in their file."""
    texts = [wording.title, wording.statement, wording.hint, *wording.questions]
    if any(set(one) != set(LANGUAGES) or any(_BLANK.match(told) for told in one.values()) for one in texts):
        raise WordingIncomplete
    if not 1 <= wording.months <= LONGEST_VALIDITY or not 0 <= wording.weight <= HIGHEST_WEIGHT:
        raise OutOfRange
    if len(wording.questions) > MOST_QUESTIONS or not set(wording.blocks) <= set(STOPPABLE):
        raise OutOfRange
    return {
        "title": wording.title,
        "statement": wording.statement,
        "evidence": {"required": wording.needs_evidence, "hint": wording.hint},
        "fields": [
            {"name": f"question_{number}", "kind": "paragraph", "required": True, "label": label}
            for number, label in enumerate(wording.questions, start=1)
        ],
        "validity": {"months": wording.months},
        "blocks": [act.value for act in STOPPABLE if act in wording.blocks],
        "effect": (Effect.BLOCKS if wording.blocks else Effect.WARNS).value,
        "weight": wording.weight,
        "renews": wording.renews,
    }


def _tell(session: Session, actor: Actor, row: CreditorTemplate, kind: str, now: datetime, **facts: object) -> None:
    agencies = session.scalars(
        select(PanelMember.agency_id).where(PanelMember.creditor_id == row.creditor_id).order_by(PanelMember.agency_id)
    ).all()
    told: dict[str, Any] = {"code": row.code, **facts}
    audit.record(session, actor, kind, now=now, organisations=[row.creditor_id, *agencies], **told)
    for agency_id in agencies:
        notify(
            session,
            agency_id,
            kind,
            key=f"{kind}:{row.creditor_id}:{row.id}",
            permission=Permission.ATTESTATION_SIGN,
            now=now,
            about=row.creditor_id,
            counterpart_id=row.creditor_id,
            **told,
        )
