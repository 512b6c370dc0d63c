"""A version of a mandate as a document to sign: its terms in Spanish, then in English, and under them both sides.

The sentences are those of the page, so that nobody signs on paper what the portal does not reckon with.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from agencies.kernel.errors import msg
from agencies.mandates.models import MandateVersion
from agencies.mandates.queries import MandateRow
from portal.filters import day, instant
from portal.i18n import say, speaking
from portal.presenters.mandates import SERVICES, SignatureLine, in_words, signatures

_STYLES = getSampleStyleSheet()
_BODY = ParagraphStyle("body", parent=_STYLES["BodyText"], fontSize=9.5, leading=13)
_HEADING, _TITLE = _STYLES["Heading3"], _STYLES["Title"]
#: To sign by hand where nobody has signed in the portal.
_LINE = "_" * 34


def contract(row: MandateRow, version: MandateVersion) -> bytes:
    """The document of a version."""
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"{row.name} · {version.version}",
        author=row.creditor_name,
        invariant=1,
    )
    story: list[Flowable] = []
    for language in ("es", "en"):
        with speaking(language):
            story += [*_told(row, version), PageBreak()]
    document.build(story[:-1])
    return file.getvalue()


def _told(row: MandateRow, version: MandateVersion) -> Iterator[Flowable]:
    yield _text(say(msg("Mandate %(name)s"), {"name": row.name}), _TITLE)
    facts = {
        "creditor": row.creditor_name,
        "agency": row.agency_name,
        "service": say(SERVICES[row.service]),
        "number": version.version,
        "day": day(version.valid_from),
    }
    yield _text(say(msg("Between %(creditor)s, the creditor, and %(agency)s, the agency."), facts))
    yield _text(say(msg("Service: %(service)s. Version %(number)s, in force from %(day)s."), facts))
    for part in in_words(row, version):
        yield _text(part.heading, _HEADING)
        for number, sentence in enumerate(part.sentences, start=1):
            yield _text(f"{number}. {sentence}")
    yield _text(say(msg("Signatures")), _HEADING)
    yield _text(say(msg("SHA-256 of the terms: %(digest)s"), {"digest": row.digest(version).hex()}))
    yield Spacer(1, 6 * mm)
    yield Table([[_signed(line) for line in signatures(row, version)]], colWidths=[82 * mm, 82 * mm])


def _signed(line: SignatureLine) -> list[Flowable]:
    made = line.signature
    if made is None:
        blanks = [say(msg("Name")), say(msg("Position")), say(msg("Date")), say(msg("Signature"))]
        return [
            _text(f"{line.side} · {line.house}"),
            _text(line.note),
            *(_text(f"{label}: {_LINE}") for label in blanks),
        ]
    told = [f"{line.side} · {line.house}", made.signer_name, made.signer_position, instant(made.signed_at), line.note]
    return [_text(one) for one in told if one]


def _text(words: str, style: ParagraphStyle = _BODY) -> Flowable:
    return Paragraph(escape(words), style)
