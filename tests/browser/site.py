"""The running product as a test sees it: its address, its commands, its logs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """One running product."""

    url: str
    environ: dict[str, str]
    folder: Path

    def flask(self, *arguments: str) -> str:
        """Run one of the product's commands against it and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def logs(self) -> str:
        """What web server, worker and sweep said, for a failed test."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-6000:]}" for log in self.folder.glob("*.log"))
