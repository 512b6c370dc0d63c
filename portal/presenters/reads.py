"""What the pages say of reads: purposes, ways in which data were shown, and fields."""

from __future__ import annotations

from agencies.kernel.errors import msg
from assignments.contacts.models import ContactKind
from assignments.contacts.revealing import BIRTH_DATE, DOCUMENT
from assignments.reads.models import Purpose

PURPOSES = {
    Purpose.CALL: msg("To call or write to the person"),
    Purpose.VERIFY_IDENTITY: msg("To make sure of the person's identity"),
    Purpose.ANSWER: msg("To answer the person"),
    Purpose.LEGAL: msg("For a court or an authority"),
    Purpose.QUALITY: msg("To check the quality of data or work"),
    Purpose.DATA_SUBJECT: msg("For a request of the data subject"),
}
FIELDS = {
    "name": msg("name"),
    DOCUMENT: msg("identity number"),
    BIRTH_DATE: msg("date of birth"),
    ContactKind.PHONE.value: msg("phone"),
    ContactKind.EMAIL.value: msg("e-mail"),
    ContactKind.ADDRESS.value: msg("address"),
    "finding": msg("what was found"),
    "employer": msg("employer"),
    "evidence": msg("file of evidence"),
    "words": msg("question and answer"),
    "file": msg("rows of a file"),
}
