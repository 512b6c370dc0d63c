"""No field of a request reaches a column that it was not made for: what forms and views read, and hostile posts."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from wtforms.fields.core import UnboundField

import portal.forms
from agencies.approvals.models import Approval, ApprovalKind
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Role
from assignments.incidents.models import Incident
from assignments.marketplace.models import Bid, Lot
from assignments.placements.models import Placement, Wave
from assignments.subjects.models import SubjectRequest
from portal.forms.base import PortalForm
from portal.schema import metadata
from tests import loop, market
from tests.approving import limit_of
from tests.portal import test_agency_parts, test_incidents, test_mandates, test_market, test_placements, test_requests
from tests.portal.conftest import Browser

ROOT = Path(__file__).parents[2]
#: What a request never says: whose a row is, who somebody is and may be, in what state it is, what is owed, at what
#: price, who decided, and what secrets are kept of it.
GUARDED = {
    "agency_id",
    "approved_by",
    "asked_by",
    "balance_minor",
    "commission_bp",
    "created_at",
    "creditor_id",
    "decided_by",
    "failed_sign_ins",
    "id",
    "organisation_id",
    "password_hash",
    "placed_minor",
    "role",
    "signed_by",
    "state",
    "subject_sha256",
    "token_hash",
    "user_id",
}
#: Forms that are made for it: as what somebody is invited, a principal's part in a company, what is done with a member
#: of the panel, each judged by its verb; and filters of lists, which change nothing.
MADE_FOR = {
    ("CaseFilterForm", "state"),
    ("InvitationForm", "role"),
    ("PanelForm", "state"),
    ("PrincipalForm", "role"),
    ("RegisterForm", "state"),
    ("RequestRegisterForm", "state"),
    ("RuleForm", "state"),
    ("SegmentForm", "state"),
    ("WaveForm", "state"),
}
#: An id, an amount and a price that nothing of ours has.
UNHEARD = "987654321"
#: What reads of a request more than the fields it names: columns and codes of a file, of which it knows how many.
READERS = {"CombinedMultiDict", "chosen_columns", "codes_of"}


def reads_of_forms(file: Path) -> Iterator[tuple[ast.AST | None, ast.Attribute]]:
    """Every `request.form` and the like in a file, with what is done with it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"request.form", "request.values", "request.json"}:
            parent = parents[node]
            yield (parents[parent] if isinstance(parent, ast.List | ast.IfExp) else parent), node


def is_by_name(parent: ast.AST | None, outer: str) -> bool:
    """Whether fields are read one by one: by a form, or by a name that stands in the code."""
    if isinstance(parent, ast.Call):
        name = ast.unparse(parent.func).rpartition(".")[2]
        return name.endswith(("Form", "_form")) or name in READERS
    return isinstance(parent, ast.Compare) or (isinstance(parent, ast.Attribute) and parent.attr in {"get", "getlist"})


def test_views_read_of_a_request_what_they_name_and_nothing_else():
    found, seen = [], 0
    for file in sorted((ROOT / "portal" / "views").glob("*.py")):
        for parent, node in reads_of_forms(file):
            seen += 1
            if not is_by_name(parent, ast.unparse(node)):
                found.append(f"{file.name}:{node.lineno} {ast.unparse(parent) if parent else ''}")

    assert found == []
    assert seen > 100


def test_no_view_reads_by_name_what_a_request_never_says():
    found = {
        (file.name, node.args[0].value)
        for file in (ROOT / "portal" / "views").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"request.form.get", "request.form.getlist", "request.values.get"}
        and isinstance(node.args[0], ast.Constant)
    }

    assert {name for _, name in found} & {"kind", "then", "people"} == {"kind", "then", "people"}
    # The role somebody is changed to, by whoever may.
    assert {one for one in found if one[1] in GUARDED} == {("users.py", "role")}


def test_nothing_is_filled_from_a_request_as_it_comes():
    found = []
    for file in sorted((ROOT / "portal").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                spread = [ast.unparse(one.value) for one in node.keywords if one.arg is None]
                is_raw = any(one.endswith(".data") or "request." in one for one in spread)
                if is_raw or getattr(node.func, "attr", "") == "populate_obj":
                    found.append(f"{file.relative_to(ROOT)}:{node.lineno} {spread}")

    # Parts of an address that lead back to the same page, with its filter.
    assert [one for one in found if "request.args.to_dict()" not in one] == []


def fields() -> dict[str, set[str]]:
    """Every form -> its fields."""
    for module in pkgutil.iter_modules(portal.forms.__path__):
        importlib.import_module(f"portal.forms.{module.name}")
    known, waiting = {}, [PortalForm]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        known[one.__name__] = {name for name in dir(one) if isinstance(getattr(one, name), UnboundField)}
    return known


def test_no_form_has_a_field_that_a_request_never_says():
    known = fields()
    assert len(known) > 60
    assert {(form, name) for form, names in known.items() for name in names & GUARDED} == MADE_FOR


def hostile_names() -> list[str]:
    """The name of every column that is no form's field, and of those that are guarded."""
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    asked = {name for names in fields().values() for name in names}
    return sorted((columns - asked) | (columns & GUARDED))


@pytest.fixture(params=["unheard", "stranger"])
def hostile(request, monkeypatch, world, database) -> Iterator[None]:
    """Every form that is sent carries every column's name; afterwards nothing of it stands anywhere."""
    engine = create_engine(database.superuser_url)
    stranger = world.creditors[1].id
    value = UNHEARD if request.param == "unheard" else str(stranger)
    names, plain, posts = hostile_names(), Browser.post, []
    before = theirs(engine, stranger)

    def post(self: Browser, path: str, data: dict[str, object] | None = None, **options: object):
        posts.append(path)
        return plain(self, path, {**dict.fromkeys(names, value), **(data or {})}, **options)

    monkeypatch.setattr(Browser, "post", post)
    yield
    assert posts
    assert theirs(engine, stranger) == before
    assert [table for table in metadata.tables if holds(engine, table)] == []
    engine.dispose()


def theirs(engine, stranger: int) -> dict[str, str | None]:
    """What belongs to the other creditor, by table."""
    found = {}
    with engine.connect() as connection:
        for table in metadata.tables.values():
            for name in {"organisation_id", "creditor_id"} & set(table.columns.keys()):
                rows = f"select md5(string_agg(t::text, '|' order by t::text)) from {table.name} t where {name} = :one"
                found[f"{table.name}.{name}"] = connection.scalar(text(rows), {"one": stranger})
    return found


def holds(engine, table: str) -> bool:
    """Whether what nothing of ours has stands somewhere in a table."""
    with engine.connect() as connection:
        return bool(connection.scalar(text(f"select exists(select 1 from {table} t where t::text like '%{UNHEARD}%')")))


def rows(world, role: Role, statement):
    with world.ports.session(world.actor(role)) as session:
        return session.scalars(statement).all()


def test_somebody_invited_is_of_our_house_in_the_role_that_was_chosen(world, sign_in, hostile):
    director = sign_in(Role.DIRECTOR)
    assert director.post("/users/invite", {"email": "n@b.example", "role": "finance"}).status_code == 303

    [made] = rows(world, Role.DIRECTOR, select(User).where(User.email == "n@b.example"))
    assert (made.organisation_id, made.role, made.state) == (world.creditors[0].id, Role.FINANCE, UserState.INVITED)
    assert made.password_hash is None


def test_terms_are_ours_with_that_agency_at_that_rate(world, sign_in, hostile):
    assert sign_in(Role.DIRECTOR).post("/mandates/new", test_mandates.terms(world)).status_code == 302

    [made] = test_mandates.listed(world, Role.DIRECTOR)
    assert (made.commission_bp, made.agency_name) == (1850, "Cobranzas 0")


def test_a_limit_is_asked_for_by_one_and_approved_by_another_whatever_the_form_says(world, sign_in, hostile):
    asked = sign_in(Role.DIRECTOR).post("/approvals/limits/", {"limit": "export:", "value": "70"})
    [row] = rows(world, Role.FINANCE, select(Approval))
    assert (row.state, row.decided_by, row.asked_by) == ("pending", None, world.actor(Role.DIRECTOR).user_id)
    finance = sign_in(Role.FINANCE)
    assert finance.post(f"{asked.location}/approve", {"seen": row.subject_sha256.hex()}).status_code == 303

    assert limit_of(world.ports, world.actor(Role.FINANCE), ApprovalKind.EXPORT) == 70


def test_a_bank_account_waits_for_a_second_person_whatever_the_form_says(world, sign_in, hostile):
    assert sign_in(Role.MANAGER).post("/agency-file/account", test_agency_parts.ACCOUNT).status_code == 303

    [row] = rows(world, Role.MANAGER, select(Approval))
    mine = (world.actor(Role.MANAGER).user_id, world.agencies[0].id)
    assert (row.state, row.asked_by, row.organisation_id, row.decided_by) == ("pending", *mine, None)


def test_a_bid_is_the_bidder_s_at_the_rate_it_named(world, sign_in, hostile):
    creditor = world.actor(Role.DIRECTOR)
    market.attest(world.ports, creditor, [world.actor(Role.MANAGER, organisation=number) for number in (0, 1)])
    market.add_portfolio(world.ports, creditor)
    director = sign_in(Role.DIRECTOR)
    page = director.post("/market/new", test_market.form()).location
    assert director.post(f"{page}/list").status_code == 303
    assert sign_in(Role.MANAGER).post(f"{page}/bid", test_market.bid_form()).status_code == 303

    [bid] = rows(world, Role.MANAGER, select(Bid))
    assert (bid.agency_id, bid.creditor_id, bid.commission_bp) == (world.agencies[0].id, creditor.tenant, 1_850)
    [lot] = rows(world, Role.DIRECTOR, select(Lot))
    assert (lot.state, lot.creditor_id) == ("listed", creditor.tenant)


def test_a_wave_places_what_was_shown_with_whom_it_was_shown(world, sign_in, hostile):
    creditor = world.actor(Role.DIRECTOR)
    loop.add_cases(world.ports, creditor, [loop.NewCase(f"A-{number}", 10_000) for number in range(8)])
    mandate = loop.add_mandate(world.ports, creditor, world.actor(Role.MANAGER))
    director = sign_in(Role.DIRECTOR)
    # The filter by state is a field of this form; of the rest nothing is heard.
    form = {**test_placements.form(world, [mandate]), "state": ""}
    page = director.post("/placements/new", form).location
    [wave] = rows(world, Role.DIRECTOR, select(Wave))
    assert wave.state == "draft"
    sure = {"digest": test_placements.digest(director.get(page).text), "is_sure": "y"}
    assert director.post(f"{page}/place", sure).status_code == 302

    placed = rows(world, Role.DIRECTOR, select(Placement))
    assert {(one.agency_id, one.creditor_id, one.placed_minor) for one in placed} == {
        (world.agencies[0].id, creditor.tenant, 10_000)
    }


def test_an_incident_and_a_request_are_told_in_the_teller_s_name(world, sign_in, hostile):
    loop.place_with(
        world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER), [loop.NewCase("A-1", 100, name="Rosa")]
    )
    loop.acknowledge_all(world.ports, world.actor(Role.MANAGER))
    assert sign_in(Role.MANAGER).post("/incidents/new", test_incidents.said()).status_code == 303
    assert sign_in(Role.COMPLIANCE).post("/requests/new", test_requests.said()).status_code == 303

    [part] = rows(world, Role.DIRECTOR, select(Incident))
    assert (part.creditor_id, part.agency_id) == (world.creditors[0].id, world.agencies[0].id)
    assert part.state == "reported"
    [request] = rows(world, Role.DIRECTOR, select(SubjectRequest))
    assert (request.creditor_id, request.agency_id, request.state) == (world.creditors[0].id, None, "received")
