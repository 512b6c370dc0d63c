"""The start page of each role: what needs me today."""

from __future__ import annotations

from flask import Blueprint, render_template

from portal.security import signed_in

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@signed_in
def index() -> str:
    """What waits for the person who looks."""
    return render_template("home/index.html")
