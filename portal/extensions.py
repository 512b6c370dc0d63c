"""The Flask extensions, made once and bound to an app by `create_app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from agencies.kernel.base import Base
from agencies.kernel.tenancy import DOOR


class Database(SQLAlchemy):
    """Flask-SQLAlchemy around the plain metadata: one session per request, which starts as nobody (`DOOR`)."""

    if TYPE_CHECKING:
        session: Session  # type: ignore[assignment]  # a proxy of the request's session


db = Database(metadata=Base.metadata, session_options={"expire_on_commit": False, "info": {"actor": DOOR}})
login_manager = LoginManager()
babel = Babel()
limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)
