"""The exact text somebody signs: every word of it, so that its hash says what was declared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agencies.attestations.answers import shown
from agencies.attestations.models import AttestationFile
from agencies.attestations.rules import FOREVER
from agencies.attestations.templates import Template, in_language, words


@dataclass(frozen=True)
class Party:
    """One of the two organisations, as it is named in the text."""

    legal_name: str
    tax_id: str


@dataclass(frozen=True)
class SignedText:
    """A text and the language it is in."""

    text: str
    language: str

    @property
    def sha256(self) -> bytes:
        """What the signature covers."""
        return hashlib.sha256(self.text.encode()).digest()


def text_of(
    template: Template,
    language: str,
    *,
    agency: Party,
    creditor: Party,
    answers: Mapping[str, Any],
    evidence_on: date | None,
    files: Sequence[AttestationFile],
    until: date,
    recall: str | None = None,
    listed: tuple[int, bytes] | None = None,
) -> SignedText:
    """What is signed, in one of the two languages; a recall by its opaque reference, a list by version and hash."""
    language = in_language(language)

    def word(name: str) -> str:
        return words(name, language)

    def party(name: str, one: Party) -> str:
        return f"{word(name)}: {one.legal_name} ({word('tax_id')} {one.tax_id})"

    nothing = word("none")
    told = [
        f"{field.label[language]}: "
        + (shown(field, answers[field.name], language) if field.name in answers else nothing)
        for field in template.fields
    ]
    proofs = [f"{file.name} (SHA-256 {file.sha256.hex()})" for file in sorted(files, key=lambda file: file.id)]
    lines = [
        f"{word('heading')} {template.code} · {template.title[language]}",
        f"{word('template')}: {template.code} v{template.version} · {word('country')}: {template.country}",
        *([f"{word('recall')}: {recall}"] if recall is not None else []),
        party("by", agency),
        party("to", creditor),
        "",
        f"{word('statement')}:",
        template.statement[language],
        "",
        f"{word('answers')}:",
        *told,
        *([f"{word('list')}: {word('list_version') % _list(listed)}"] if listed else []),
        "",
        f"{word('evidence')}: {'; '.join(proofs) or nothing}",
        f"{word('evidence_on')}: {evidence_on or nothing}",
        f"{word('valid_until')}: {word('forever') if until == FOREVER else until}",
        "",
        word("pledge"),
    ]
    return SignedText("\n".join(lines), language)


def _list(listed: tuple[int, bytes]) -> dict[str, object]:
    version, digest = listed
    return {"version": version, "sha256": digest.hex()}
