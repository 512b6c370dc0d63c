"""Pages of users."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("users", __name__)
