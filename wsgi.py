"""What the web server and the commands load; refuses a login that row-level security does not bind."""

from config import Settings
from portal.app import create_app, ports_of
from portal.ports import check_login

app = create_app(Settings.from_env())
check_login(ports_of(app))
