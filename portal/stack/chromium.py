"""The browser of the tests: the system's Chromium, else Debian's package, else one unpacked into `var/`."""

import os
import shutil
import subprocess
from pathlib import Path

from portal.stack import npm
from portal.stack.environment import ROOT, StackError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = "/usr/bin:/usr/local/bin:/snap/bin"
PACKAGES = ("chromium", "fonts-liberation")  # Without a font, a screenshot shows boxes.
PRIVATE = ROOT / "var" / "chromium"

#: The packed browser is made for a bare server; the variable has its libraries unpacked with it.
UNPACK = 'import("@sparticuz/chromium").then(async (found) => console.log(await found.default.executablePath()))'
LAUNCHER = """#!/bin/sh
# Starts the unpacked Chromium with the libraries and, where the system has none, the fonts that came with it.
export LD_LIBRARY_PATH="{folder}/al2023/lib"
test -d /etc/fonts || export FONTCONFIG_PATH="{folder}/fonts"
exec "{folder}/chromium" "$@"
"""


def find_chromium() -> str | None:
    """The browser named by `CHROMIUM`, else the first one installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    search = os.environ.get("PATH", "") + os.pathsep + PLACES
    return next((found for name in NAMES if (found := shutil.which(name, path=search))), None)


def ensure_chromium() -> str:
    """The browser's path; installs one where there is none, and says what to do where that fails."""
    if found := find_chromium() or _unpacked():
        return found
    print("Installing Chromium for the browser tests (once) ...", flush=True)
    if (found := _from_debian()) or (found := _from_npm()):
        return found
    message = "The browser tests need Chromium: install the package chromium, or set CHROMIUM to its program."
    raise StackError(message)


def _from_debian() -> str | None:
    """Debian's package, where we may install it."""
    apt = shutil.which("apt-get", path=f"/usr/bin:{os.environ.get('PATH', '')}")
    if os.geteuid() != 0 or apt is None:
        return None
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    environ["PATH"] = f"{environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run([apt, "-q", *arguments], env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stderr.strip(), flush=True)
    return find_chromium()


def _from_npm() -> str | None:
    """A packed Chromium with its libraries, which needs no rights on the machine."""
    workshop = ROOT / "var" / "npm" / "browser"
    node = npm.install(Path(__file__).parent / "browser", workshop).node
    draft = PRIVATE.with_name("chromium.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    environ = {**os.environ, "TMPDIR": str(draft), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    done = subprocess.run([node, "-e", UNPACK], cwd=workshop, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr.strip(), flush=True)
        return None
    launcher = draft / "launch"
    launcher.write_text(LAUNCHER.format(folder=PRIVATE))
    launcher.chmod(0o755)
    shutil.rmtree(PRIVATE, ignore_errors=True)
    draft.replace(PRIVATE)
    shutil.rmtree(workshop)
    return _unpacked()


def _unpacked() -> str | None:
    """The private browser, where it starts."""
    launcher = PRIVATE / "launch"
    if not launcher.exists():
        return None
    tried = subprocess.run([str(launcher), "--version"], capture_output=True, text=True, check=False)
    return str(launcher) if tried.returncode == 0 else None
