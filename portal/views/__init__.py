"""One blueprint per noun; a view turns a form into a service call and its answer into a page."""

from portal.views import (
    audit,
    auth,
    cases,
    health,
    home,
    language,
    ledger,
    mandates,
    organisations,
    placements,
    reports,
    scorecards,
    uploads,
    users,
    work,
)

#: In the order of the menu.
BLUEPRINTS = (
    home.blueprint,
    auth.blueprint,
    language.blueprint,
    uploads.blueprint,
    cases.blueprint,
    placements.blueprint,
    mandates.blueprint,
    reports.blueprint,
    ledger.blueprint,
    scorecards.blueprint,
    organisations.blueprint,
    work.blueprint,
    users.blueprint,
    audit.blueprint,
    health.blueprint,
)
