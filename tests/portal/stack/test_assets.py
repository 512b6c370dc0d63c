"""What is installed is exactly what is written down: pins, hashes, integrity, and no address of any registry."""

import json
import re
from pathlib import Path

import pytest

from portal.presenters import navigation
from portal.stack import assets
from portal.stack.environment import ROOT, StackError

LOCKED = ["requirements.txt", "requirements-test.txt"]
SHORT = ["requirements.in", "requirements-test.in"]


@pytest.mark.parametrize("name", [*LOCKED, *SHORT])
def test_requirement_files_name_no_host_and_no_folder(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.findall(r"\S*://\S*|--(?:extra-)?index\S*|--find-links\S*| (?:file:|/)\S+", text)


@pytest.mark.parametrize("name", LOCKED)
def test_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.findall(r"^[a-z0-9][^\n]*(?:\n    --hash=[^\n]*)+", text, re.MULTILINE)
    heads = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert len(packages) == len(heads) > 50
    assert all(re.match(r"[a-z0-9-]+(\[[a-z]+\])?==\S+ \\$", head) for head in heads)


@pytest.mark.parametrize("name", SHORT)
def test_every_wanted_package_has_an_exact_version_and_a_reason(name: str) -> None:
    wanted = [line for line in (ROOT / name).read_text().splitlines() if re.match(r"[a-z]", line)]
    assert wanted
    assert all(re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?==\S+ +# .+", line) for line in wanted)
    locked = {line.split()[0] for line in (ROOT / name).with_suffix(".txt").read_text().splitlines() if line}
    assert {re.sub(r"\[.*\]", "", line.split()[0]) for line in wanted} <= locked


@pytest.mark.parametrize("folder", [assets.STATIC, ROOT / "portal" / "stack" / "browser"])
def test_npm_packages_are_locked_by_integrity_and_name_no_host(folder: Path) -> None:
    package, lock = ((folder / name).read_text() for name in ("package.json", "package-lock.json"))
    assert "://" not in package + lock
    versions = json.loads(package)["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    packages = json.loads(lock)["packages"]
    assert all(facts["integrity"].startswith("sha512-") for name, facts in packages.items() if name)
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in versions.items())


def test_the_pages_load_from_every_package_that_is_fetched() -> None:
    wanted = json.loads((assets.STATIC / "package.json").read_text())["dependencies"]
    assert {*assets.WANTED, assets.ICONS} == wanted.keys()


def test_a_sprite_has_one_symbol_for_each_icon(tmp_path: Path) -> None:
    (tmp_path / "home.svg").write_text('<svg width="24">\n  <path d="M1 1" />\n</svg>')
    drawn = assets.sprite(tmp_path, ["home"])
    assert f'<symbol id="home" viewBox="0 0 24 24" {assets.OUTLINE}><path d="M1 1" /></symbol>' in drawn


def test_an_unknown_icon_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="'no-such-icon'"):
        assets.sprite(tmp_path, ["no-such-icon"])


def test_the_icons_that_pages_use_are_in_the_list() -> None:
    used = {destination.icon for destination in navigation.DESTINATIONS}
    for template in (ROOT / "portal" / "templates").rglob("*.html"):
        named = r'\bicon(?:_name=|\((?:name=)?)"([a-z0-9-]+)"'
        used |= set(re.findall(named, template.read_text(encoding="utf-8")))
    assert len(used) > 10
    assert used - set(assets.icon_names()) == set()


def test_another_list_of_icons_is_another_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = assets.fingerprint()
    monkeypatch.setattr(assets, "ICON_LIST", tmp_path / "icons.txt")
    (tmp_path / "icons.txt").write_text("home # the start page\n\n# a remark\nhome\n")
    assert assets.fingerprint() != before
    assert assets.icon_names() == ["home"]
