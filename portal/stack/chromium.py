"""The browser of the tests: the system's Chromium, installed by the test set-up where that is possible."""

import os
import shutil
import subprocess
from pathlib import Path

from portal.stack.environment import StackError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation")  # Without a font, a screenshot shows boxes.
PLACES = "/usr/bin:/usr/local/bin:/snap/bin"


def find_chromium() -> str | None:
    """The browser named by `CHROMIUM`, else the first one installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    search = os.environ.get("PATH", "") + os.pathsep + PLACES
    return next((found for name in NAMES if (found := shutil.which(name, path=search))), None)


def ensure_chromium() -> str:
    """The browser's path; installs Debian's package when there is none and we may, else says what to do."""
    if found := find_chromium():
        return found
    if os.geteuid() == 0 and (apt := shutil.which("apt-get", path=f"/usr/bin:{os.environ.get('PATH', '')}")):
        print("Installing Chromium for the browser tests (once) ...", flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        environ["PATH"] = f"{environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"
        said = ""
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run([apt, "-q", *arguments], env=environ, capture_output=True, text=True, check=False)
            said = done.stderr.strip() or said
        if found := find_chromium():
            return found
        message = f"Chromium could not be installed:\n{said}"
        raise StackError(message)
    message = "The browser tests need Chromium: install the package chromium, or set CHROMIUM to its program."
    raise StackError(message)
