"""The running product as a test sees it: its address, its commands, its logs."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
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

    def letter(self, path: str, *, to: str | None = None, seconds: float = 60) -> str:
        """Where the link of this kind leads in the newest letter that has come, to somebody or to anybody."""
        folder = Path(self.environ["MAIL_URL"].removeprefix("file://"))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for file in sorted(folder.glob("*.eml"), key=lambda one: -one.stat().st_mtime):
                letter = message_from_bytes(file.read_bytes(), policy=default)
                body = letter.get_body(("plain",))
                found = re.search(rf"http://[^/\s]+({path}\S+)", body.get_content() if body else "")
                if found and to in (None, letter["To"]):
                    return found[1]
            time.sleep(0.3)
        raise AssertionError(self.logs())

    def logs(self) -> str:
        """What web server, worker and sweep said, for a failed test."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-6000:]}" for log in self.folder.glob("*.log"))
