"""The demo's commands: load it, say who can sign in, and with which code just now."""

from __future__ import annotations

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from agencies.kernel.errors import DomainError
from agencies.organisations import totp
from portal.demo.factors import give_factors, is_theirs
from portal.demo.story import CASES, Account, Telling, demo_accounts, load_demo, opens
from portal.ports import Ports
from portal.postbox import newest_left

_SAID = {
    Telling.LOADED: "The demo is loaded ({seconds:.0f} s).",
    Telling.ALREADY_THERE: "The demo was loaded before; nothing was changed.",
    Telling.NOT_EMPTY: "This platform is in use; the demo was not loaded.",
}
_AUTHENTICATOR = click.option(
    "--authenticator",
    envvar="DEMO_AUTHENTICATOR",
    show_envvar=True,
    default="",
    help="The key of everybody's authenticator app: 32 letters, base 32.",
)


@click.command("load-demo")
@click.option("--cases", type=click.IntRange(min=2_000), default=CASES, show_default=True, help="How many debts.")
@click.option("--password", envvar="DEMO_PASSWORD", show_envvar=True, required=True, help="Of everybody in it.")
@_AUTHENTICATOR
@with_appcontext
def load_demo_command(cases: int, password: str, authenticator: str) -> None:
    """Fill an empty platform with an invented year; on one that is in use it does nothing."""
    ports, began = _ports(), time.monotonic()
    try:
        telling = load_demo(ports, now=ports.now(), password=password, cases=cases)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if authenticator and telling is not Telling.NOT_EMPTY:
        give_factors(ports, authenticator, now=ports.now())
    click.echo(_SAID[telling].format(seconds=time.monotonic() - began))


@click.command("demo-accounts")
@click.option("--password", envvar="DEMO_PASSWORD", show_envvar=True, default="", help="Shown when it is right.")
@_AUTHENTICATOR
@with_appcontext
def demo_accounts_command(password: str, authenticator: str) -> None:
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
    if authenticator and is_theirs(_ports(), authenticator):
        click.echo("Code of all of them: make code prints the one of this half minute,")
        click.echo(f"or give this key to an authenticator app: {authenticator}")


@click.command("demo-code")
@_AUTHENTICATOR
@with_appcontext
def demo_code_command(authenticator: str) -> None:
    """Say the code the demo's authenticator shows now; for the people of the demo and for nobody else."""
    if not authenticator or not is_theirs(_ports(), authenticator):
        raise click.ClickException("There is no demo here whose authenticator has this key.")
    now = _ports().now()
    click.echo(f"{totp.code_of(authenticator, totp.step_of(now))}  (for {totp.seconds_left(now)} s)")


@click.command("demo-letter")
@click.argument("to", required=False)
@with_appcontext
def demo_letter_command(to: str | None) -> None:
    """Say the newest letter as it is read, or the newest to an address, where letters are left in a folder."""
    folder = _ports().settings.mail_folder
    if folder is None:
        raise click.ClickException("Letters leave through a mail server here; none is kept.")
    told = newest_left(folder, to)
    if told is None:
        raise click.ClickException("There is no such letter yet; one that was just asked for takes a few seconds.")
    click.echo(told)


def _line(account: Account, width: int) -> str:
    return f"  {account.email:<{width}}  {account.role:<10}  {account.organisation}"


def _ports() -> Ports:
    ports: Ports = current_app.extensions["encargo"]
    return ports
