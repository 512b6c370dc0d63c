"""No key or password stands in the product; and what is inside it can be listed for whoever audits it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

ROOT = Path(__file__).parents[1]
PRODUCT = ("agencies", "assignments", "uploads", "portal")
ENDINGS = {".py", ".json", ".js", ".html", ".sql", ".txt", ".css"}
#: What looks like a secret and is none: the letters passwords and recovery codes are made of, the names of a kind of
#: link and of a permission, and the words for a list.
NONE_AT_ALL = {
    "agencies/organisations/links.py",
    "agencies/organisations/permissions.py",
    "agencies/organisations/recovery.py",
    "portal/stack/environment.py",
    "uploads/schemas/inventory.py",
}


def suspects(folder: Path, files: list[Path]) -> set[str]:
    """The files in which something looks like a secret."""
    found = SecretsCollection(root=str(folder))
    with default_settings():
        for file in files:
            found.scan_file(str(file.relative_to(folder)))
    return {name for name, _ in found}


def test_no_secret_stands_in_the_product():
    files = [
        path
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in ENDINGS and not {"vendor", "__pycache__"} & set(path.parts) and "lock" not in path.name
    ]

    assert suspects(ROOT, [*files, ROOT / "config.py", ROOT / "wsgi.py"]) == NONE_AT_ALL
    assert len(files) > 500


def test_a_secret_would_be_found(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text('AWS_KEY = "AKIA' + "QWERTYUIOPASDFGH" + '"\n')

    assert suspects(tmp_path, [planted]) == {"planted.py"}


def test_everything_inside_can_be_listed(tmp_path):
    target = tmp_path / "sbom.json"
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "requirements.txt"), "-o", str(target)],
        check=True,
        capture_output=True,
    )
    listed = {(one["name"], one["version"]) for one in json.loads(target.read_text())["components"]}
    pinned = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+) ", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )

    assert set(pinned) == listed
    assert len(listed) > 50
