"""One blueprint per noun; a view turns a form into a service call and its answer into a page."""

from portal.views import (
    audit,
    auth,
    health,
    home,
    language,
    ledger,
    mandates,
    organisations,
    reports,
    scorecards,
    users,
)

#: In the order of the menu.
BLUEPRINTS = (
    home.blueprint,
    auth.blueprint,
    language.blueprint,
    mandates.blueprint,
    reports.blueprint,
    ledger.blueprint,
    scorecards.blueprint,
    organisations.blueprint,
    users.blueprint,
    audit.blueprint,
    health.blueprint,
)
