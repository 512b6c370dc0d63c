"""A dossier as one archive: every text as it was signed, every file that proves it, and a manifest of their hashes.

Texts leave byte for byte as they were signed, so that anybody can hash them with tools of their own. What a file is now
is compared with what it was when it was attached; the manifest says where they differ.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from zoneinfo import ZoneInfo

from agencies.attestations.register import Dossier, RegisterLine
from agencies.kernel.errors import msg
from agencies.kernel.files import plain_name
from agencies.kernel.sheets import csv_bytes
from portal.i18n import say
from portal.presenters.attestations import SIGNER_ROLES, STATES
from portal.presenters.register_files import as_csv
from portal.presenters.subprocessors import UNDECIDED, VERDICTS
from uploads.storage import Storage
from uploads.verdicts import FileHeld

_PIECE = 1024 * 1024


@dataclass
class _Archive:
    """What was written so far, and the hash of each part."""

    book: zipfile.ZipFile
    manifest: list[list[object]] = field(default_factory=list)

    def put(self, path: str, content: bytes) -> None:
        """Add something that is at hand."""
        self.book.writestr(path, content)
        self.manifest.append([path, len(content), hashlib.sha256(content).hexdigest(), ""])

    def copy(self, path: str, storage: Storage, key: str, expected: bytes) -> None:
        """Add a file of the store, and say so where it is not what was attached."""
        digest, size = hashlib.sha256(), 0
        try:
            with storage.open(key) as source, self.book.open(path, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except FileHeld:
            self.manifest.append([path, 0, "", say(msg("held back: not found free of malicious software"))])
            return
        except FileNotFoundError:
            self.manifest.append([path, 0, "", say(msg("missing"))])
            return
        is_same = digest.digest() == expected
        self.manifest.append([path, size, digest.hexdigest(), "" if is_same else say(msg("differs"))])


def write(found: Dossier, storage: Storage, out: IO[bytes]) -> str:
    """Write the archive; returns the SHA-256 of its manifest."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        archive = _Archive(book)
        archive.put("register.csv", as_csv(found.lines))
        archive.put("history.csv", _history(found))
        for line in found.lines:
            _add(archive, line, found, storage)
        _add_lists(archive, found, storage)
        heads = [say(head) for head in (msg("File"), msg("Bytes"), "SHA-256", msg("Remark"))]
        manifest = csv_bytes([heads, *archive.manifest])
        book.writestr("manifest.csv", manifest)
    return hashlib.sha256(manifest).hexdigest()


def file_name(found: Dossier) -> str:
    """What the downloaded file is called."""
    return plain_name(f"{say(msg('dossier'))}-{found.agency.name}-{found.on:%Y-%m-%d}.zip")


def _add(archive: _Archive, line: RegisterLine, found: Dossier, storage: Storage) -> None:
    if line.row is None:
        return
    folder = line.standing.code
    if line.signature is not None:
        archive.put(f"{folder}/text-{line.signature.language}.txt", line.signature.text.encode())
        archive.put(f"{folder}/signature.csv", _signature(line))
    for number, file in enumerate(found.files.get(line.row.id, ()), start=1):
        archive.copy(f"{folder}/evidence/{number:02}-{plain_name(file.name)}", storage, file.storage_key, file.sha256)


def _signature(line: RegisterLine) -> bytes:
    one, zone = line.signature, ZoneInfo(line.creditor.time_zone)
    if one is None:
        return b""
    told = [
        (msg("Signed by"), one.signer_name),
        (msg("Identity number"), one.signer_id),
        (msg("Signs as"), say(SIGNER_ROLES[one.signer_role])),
        (msg("Signed on"), one.signed_at.astimezone(zone).isoformat(timespec="seconds")),
        (msg("From the address"), one.address),
        ("SHA-256", one.text_sha256.hex()),
    ]
    return csv_bytes([say(head), value] for head, value in told)


def _history(found: Dossier) -> bytes:
    heads = (
        msg("Template"),
        msg("Version of the template"),
        msg("State"),
        msg("Signed on"),
        msg("Reviewed on"),
        msg("Reason"),
        msg("Revoked on"),
        msg("Valid until"),
    )
    return csv_bytes([[say(head) for head in heads], *_past(found)])


def _past(found: Dossier) -> Iterator[list[object]]:
    zone = ZoneInfo(found.creditor.time_zone)
    for row in found.history:
        when = [at and at.astimezone(zone).isoformat(timespec="seconds") for at in (row.submitted_at, row.reviewed_at)]
        revoked = row.revoked_at and row.revoked_at.astimezone(zone).isoformat(timespec="seconds")
        reason = row.revocation_reason or row.review_reason
        until = row.valid_until and row.valid_until.isoformat()
        yield [row.code, row.template_version, say(STATES[row.state]), *when, reason, revoked, until]


def _add_lists(archive: _Archive, found: Dossier, storage: Storage) -> None:
    for listed in found.lists:
        archive.put(f"AT-03/subprocessors-v{listed.version}.txt", (listed.text or "").encode())
    told = [
        [say(head) for head in (msg("Sub-processor"), msg("The creditor's word"), msg("Reason"), msg("Decided on"))]
    ]
    for one in found.entries:
        said = one.decision
        when = (
            said.decided_at.astimezone(ZoneInfo(found.creditor.time_zone)).isoformat(timespec="seconds") if said else ""
        )
        verdict = say(VERDICTS[said.verdict] if said else UNDECIDED)
        told.append([one.row.name, verdict, (said.reason or "") if said else "", when])
    archive.put("AT-03/decisions.csv", csv_bytes(told))
    for number, one in enumerate(found.entries, start=1):
        row = one.row
        if row.contract_file_key and row.contract_sha256:
            path = f"AT-03/contracts/{number:02}-{plain_name(row.contract_name or '')}"
            archive.copy(path, storage, row.contract_file_key, row.contract_sha256)
