"""Page assets: fetched with npm at locked versions, of which only the files pages load are kept."""

import hashlib
import re
import shutil
from pathlib import Path

from portal.stack import npm
from portal.stack.environment import ROOT, StackError

STATIC = ROOT / "portal" / "static"
VENDOR = STATIC / "vendor"
MANIFEST = (STATIC / "package.json", STATIC / "package-lock.json")
ICON_LIST = STATIC / "icons.txt"

#: Package -> the files of it that pages load.
WANTED = {
    "@tabler/core": ("dist/css/tabler.min.css", "dist/js/tabler.min.js"),
    "htmx.org": ("dist/htmx.min.js",),
    "echarts": ("dist/echarts.min.js",),
}
ICONS = "@tabler/icons"
#: How a drawing is inked; the width of its stroke is left to the style sheet.
OUTLINE = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'


def install_assets() -> None:
    """Put the page assets in `portal/static/vendor`; does nothing when they are there already."""
    stamp = VENDOR / "stamp"
    wanted = fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    workshop = ROOT / "var" / "npm" / "pages"
    npm.install(STATIC, workshop)
    draft = VENDOR.with_name("vendor.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for package, files in WANTED.items():
        source = workshop / "node_modules" / package
        for file in files:
            shutil.copy(source / file, draft / Path(file).name)
        _copy_licence(source, draft, package)
    icons = workshop / "node_modules" / ICONS
    (draft / "icons.svg").write_text(sprite(icons / "icons" / "outline", icon_names()), encoding="utf-8")
    _copy_licence(icons, draft, ICONS)
    (draft / "stamp").write_text(wanted)
    shutil.rmtree(VENDOR, ignore_errors=True)
    draft.replace(VENDOR)
    shutil.rmtree(workshop)


def fingerprint() -> str:
    """What the installed assets are made from; another fingerprint means another installation."""
    parts = [file.read_bytes() for file in (*MANIFEST, ICON_LIST, Path(__file__))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def icon_names() -> list[str]:
    """The icons the pages use, from `icons.txt`: one name a line."""
    lines = (line.partition("#")[0].strip() for line in ICON_LIST.read_text(encoding="utf-8").splitlines())
    return sorted({line for line in lines if line})


def sprite(folder: Path, names: list[str]) -> str:
    """One SVG file with a symbol for each icon: a page names an icon instead of carrying its drawing."""
    symbols = []
    for name in names:
        path = folder / f"{name}.svg"
        if not path.exists():
            message = f"portal/static/icons.txt names the icon {name!r}, which {ICONS} does not have."
            raise StackError(message)
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
        body = re.sub(r"\s*\n\s*", "", drawing[1]) if drawing else ""
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {OUTLINE}>{body}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def _copy_licence(source: Path, target: Path, package: str) -> None:
    """Each package's licence travels with its files."""
    name = re.sub(r"\W+", "-", package).strip("-")
    for licence in sorted([*source.glob("LICEN[CS]E*"), *source.glob("NOTICE*")]):
        shutil.copy(licence, target / f"{name}.{licence.stem}.txt")
