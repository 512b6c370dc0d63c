"""The scanner of the tests: the system's clamd, else Debian's packages unpacked into `var/`, else none.

It is never installed: the package brings along a service that fetches signatures by itself.
"""

import os
import shutil
import subprocess
from pathlib import Path

from portal.stack.environment import ROOT

PLACES = "/usr/sbin:/usr/local/sbin"
#: The program, and those of its libraries that a bare system lacks.
PACKAGES = ("clamav-daemon", "libclamav12", "libmspack0", "libjson-c5", "libxml2", "libicu72", "libpcre2-8-0")
PRIVATE = ROOT / "var" / "clamd"
LAUNCHER = """#!/bin/sh
# Starts the unpacked clamd with the libraries that came with it.
export LD_LIBRARY_PATH="{libraries}"
exec "{folder}/usr/sbin/clamd" "$@"
"""


def find_clamd() -> str | None:
    """The program named by `CLAMD`, else the one installed, else the unpacked one."""
    named = os.environ.get("CLAMD")
    if named:
        return named if Path(named).exists() else None
    return shutil.which("clamd", path=os.environ.get("PATH", "") + os.pathsep + PLACES) or _unpacked()


def ensure_clamd() -> str | None:
    """The program's path; unpacks one where there is none, and does without where that fails."""
    return find_clamd() or _from_debian()


def _from_debian() -> str | None:
    """Debian's packages, unpacked and not installed, which needs no rights on the machine."""
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or dpkg is None:
        return None
    print("Unpacking clamd for the tests of the scanner (once) ...", flush=True)
    draft = PRIVATE.with_name("clamd.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for package in PACKAGES:
        # One that this system knows by another name may be there already; whether it starts is seen below.
        subprocess.run([apt, "-q", "download", package], cwd=draft, capture_output=True, check=False)
    for file in draft.glob("*.deb"):
        subprocess.run([dpkg, "-x", str(file), str(draft)], capture_output=True, check=False)
        file.unlink()
    libraries = ":".join(f"{PRIVATE}/{folder.relative_to(draft)}" for folder in draft.glob("usr/lib/*-linux-gnu"))
    launcher = draft / "launch"
    launcher.write_text(LAUNCHER.format(folder=PRIVATE, libraries=libraries))
    launcher.chmod(0o755)
    shutil.rmtree(PRIVATE, ignore_errors=True)
    draft.replace(PRIVATE)
    return _unpacked()


def _unpacked() -> str | None:
    """The private program, where it starts."""
    launcher = PRIVATE / "launch"
    if not launcher.exists():
        return None
    tried = subprocess.run([str(launcher), "--help"], capture_output=True, text=True, check=False)
    return str(launcher) if tried.returncode == 0 else None
