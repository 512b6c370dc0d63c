"""`python -m portal.stack`: the commands behind `make run`, `make test` and a developer's shell."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from portal.stack.assets import install_assets
from portal.stack.environment import ROOT, Places, StackError, application_environment
from portal.stack.servers import borrowed
from portal.stack.supervisor import Supervisor
from portal.stack.testing import run_tests


def main(arguments: list[str]) -> int:
    """Run one command; a refusal is one message and code 1."""
    own, passed_on = _split(arguments)
    options = _parser().parse_args(own)
    try:
        if options.command == "run":
            Supervisor(Places.of(os.environ), os.environ, options.port, demo=not options.empty).run()
            return 0
        if options.command == "env":
            return run_with_servers(passed_on, options.port)
        if options.command == "test":
            return run_tests(passed_on, os.environ)
        install_assets()
    except StackError as refusal:
        print(refusal, file=sys.stderr, flush=True)
        return 1
    return 0


def run_with_servers(command: list[str], port: int) -> int:
    """Run a developer's command with the stack's servers up and its environment set."""
    places = Places.of(os.environ)
    places.create()
    with borrowed(places, os.environ) as servers:
        environ = application_environment(places, os.environ, local=servers.addresses(), port=port)
        # The product's own flask comes before any other the developer has.
        environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
        process = subprocess.Popen(command or [os.environ.get("SHELL", "/bin/sh")], cwd=ROOT, env=environ)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # The terminal sent Ctrl-C to the command too; how it ends is its own affair.


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments and, after `--`, those of the command that is run."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    port = argparse.ArgumentParser(add_help=False)
    default = os.environ.get("PORT") or "8080"
    port.add_argument("--port", type=int, default=default, help="of the web server (PORT, else 8080)")
    run = commands.add_parser("run", parents=[port], help="run the whole product until Ctrl-C")
    run.add_argument("--empty", action="store_true", help="do not load the demo")
    commands.add_parser("env", parents=[port], help="run the command after -- with servers and environment")
    commands.add_parser("test", help="lint, types and tests; after -- arguments for pytest alone")
    commands.add_parser("assets", help="fetch the page assets")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
