"""The demo's two commands: load it, and say who can sign in."""

from __future__ import annotations

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from agencies.kernel.errors import DomainError
from portal.demo.story import CASES, Account, Telling, demo_accounts, load_demo, opens
from portal.ports import Ports

_SAID = {
    Telling.LOADED: "The demo is loaded ({seconds:.0f} s).",
    Telling.ALREADY_THERE: "The demo was loaded before; nothing was changed.",
    Telling.NOT_EMPTY: "This platform is in use; the demo was not loaded.",
}


@click.command("load-demo")
@click.option("--cases", type=click.IntRange(min=2_000), default=CASES, show_default=True, help="How many debts.")
@click.option("--password", envvar="DEMO_PASSWORD", show_envvar=True, required=True, help="Of everybody in it.")
@with_appcontext
def load_demo_command(cases: int, password: str) -> None:
    """Fill an empty platform with an invented year; on one that is in use it does nothing."""
    ports, began = _ports(), time.monotonic()
    try:
        telling = load_demo(ports, now=ports.now(), password=password, cases=cases)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(_SAID[telling].format(seconds=time.monotonic() - began))


@click.command("demo-accounts")
@click.option("--password", envvar="DEMO_PASSWORD", show_envvar=True, default="", help="Shown when it is right.")
@with_appcontext
def demo_accounts_command(password: str) -> None:
    """Say who of the demo can sign in; nothing where it is not loaded."""
    accounts = demo_accounts(_ports())
    if not accounts:
        return
    click.echo("People of the demo:\n")
    width = max(len(account.email) for account in accounts)
    for account in accounts:
        click.echo(_line(account, width))
    if password and opens(_ports(), password):
        click.echo(f"\nPassword of all of them: {password}")
    else:
        click.echo("\nPassword of all of them: the one that was set when the demo was loaded.")


def _line(account: Account, width: int) -> str:
    return f"  {account.email:<{width}}  {account.role:<10}  {account.organisation}"


def _ports() -> Ports:
    ports: Ports = current_app.extensions["encargo"]
    return ports
