"""A company's own sign-in: a real provider lets its people in, and nobody's word opens more than it may."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access, company_sign_in, service
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Role
from tests import entering, impostor, openid_process, post
from tests.companies import DOMAIN, come_back, come_in, depart, is_inside, lie, set_up
from tests.people import PASSWORD
from tests.portal.conftest import Browser
from tests.tenants import add_colleague


@pytest.fixture(scope="module")
def provider():
    """Canaille, with people of the first creditor, somebody it has never heard of, and a person of an agency."""
    with openid_process.running(
        f"director@{DOMAIN}", f"nueva@{DOMAIN}", f"desconocida@{DOMAIN}", "manager@agency0.example"
    ) as address:
        yield address


@pytest.fixture
def liar():
    with impostor.running() as running:
        yield running


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


def test_somebody_comes_in_by_a_real_provider_and_is_told(provider, app_ports, world, director, browser):
    set_up(app_ports, world, provider)
    answer = come_in(browser, director.email, "director", next="/users/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/users/")
    assert is_inside(browser)
    prove(app_ports, director, browser)
    (told,) = post.letters_to(app_ports, director.email, "El acceso de su organización ya abre Encargo")
    assert "Banco 0" in told.get_body(("plain",)).get_content()
    with app_ports.session(director.actor) as session:
        actions = session.scalars(text("select action from audit_events order by seq")).all()
    assert "user.sign_in_linked" in actions


def test_an_invited_person_is_let_in_and_the_invitation_is_used_up(provider, app_ports, world, director, browser):
    set_up(app_ports, world, provider)
    with app_ports.session(director.actor) as session, transaction(session):
        invited = service.invite(session, director.actor, email=f"nueva@{DOMAIN}", role=Role.ANALYST, now=utc_now())
    assert come_in(browser, f"nueva@{DOMAIN}", "nueva").status_code == 303

    with app_ports.session(DOOR) as session:
        user = session.get_one(User, invited.user.id)
        assert (user.state, user.name, user.password_hash) == (UserState.ACTIVE, "Nueva", None)
    assert browser.get(f"/invitations/{invited.token}").status_code == 404


def test_nobody_is_made_by_coming_in(provider, app_ports, world, browser):
    set_up(app_ports, world, provider)
    answer = come_in(browser, f"desconocida@{DOMAIN}", "desconocida")

    assert answer.status_code == 403
    assert not is_inside(browser)
    with app_ports.session(DOOR) as session:
        assert session.scalar(text("select count(*) from users where email like 'desconocida%'")) == 0


def test_a_provider_opens_nothing_in_another_organisation(provider, app_ports, world, director, browser):
    """The creditor's provider knows the agency's manager by address; that address is not of its domain, nor of it."""
    manager = world.person(Role.MANAGER)
    set_up(app_ports, world, provider)
    refused = come_back(
        browser, openid_process.pass_through(depart(browser, director.email), manager.email.partition("@")[0])
    )

    assert refused.status_code == 403
    assert not is_inside(browser)


def test_a_wrong_password_at_the_provider_brings_nobody_back(provider, app_ports, world, director, browser):
    set_up(app_ports, world, provider)
    back = openid_process.pass_through(depart(browser, director.email), "director", "not the password")
    assert not back.startswith(openid_process.BACK)


def test_an_answer_is_good_once_and_in_the_browser_that_asked(provider, app_ports, world, director, app, browser):
    set_up(app_ports, world, provider)
    address = openid_process.pass_through(depart(browser, director.email), "director")
    stranger = Browser(app.test_client())
    assert come_back(stranger, address).status_code == 409
    assert not is_inside(stranger)
    assert come_back(browser, address).status_code == 303
    browser.person = director
    browser.post("/sign-out")
    browser.person = None

    assert come_back(browser, address).status_code == 409
    # The code is used up at the provider too, whatever browser carries it.
    parts = urlsplit(address)
    code = parse_qs(parts.query)["code"][0]
    state = parse_qs(urlsplit(depart(Browser(app.test_client()), director.email)).query)["state"][0]
    assert browser.get("/company-sign-in/back", query_string={"code": code, "state": state}).status_code == 409


@pytest.mark.parametrize(
    ("claims", "without", "signs_with"),
    [
        ({"nonce": "another"}, (), "its key"),
        ({}, ("nonce",), "its key"),
        ({"iss": "https://evil.example"}, (), "its key"),
        ({"aud": "another-client"}, (), "its key"),
        ({"aud": ["encargo", "another-client"]}, (), "its key"),
        ({"aud": ["encargo", "another-client"], "azp": "another-client"}, (), "its key"),
        ({"exp": 1_000_000_000}, (), "its key"),
        ({"iat": 1_000_000_000}, (), "its key"),
        ({"iat": 9_000_000_000}, (), "its key"),
        ({}, ("exp",), "its key"),
        ({}, ("sub",), "its key"),
        ({}, (), "another key"),
        ({}, (), "nothing"),
        ({}, (), "the public key as a secret"),
    ],
)
def test_a_word_that_is_not_for_us_now_from_it_opens_nothing(
    liar, app_ports, world, director, browser, claims, without, signs_with
):
    set_up(app_ports, world, liar.address, secret="s")
    liar.claims, liar.without, liar.signs_with = claims, without, signs_with
    assert lie(browser, liar).status_code == 409
    assert not is_inside(browser)

    liar.claims, liar.without, liar.signs_with = {}, (), "its key"
    assert lie(browser, liar).status_code == 303


@pytest.mark.parametrize(
    "given", [{"state": "forged"}, {"state": ""}, {"iss": "https://evil.example"}], ids=["forged", "empty", "mixed up"]
)
def test_a_forged_answer_reaches_no_provider(liar, app_ports, world, director, browser, given):
    set_up(app_ports, world, liar.address, secret="s")
    assert lie(browser, liar, **given).status_code == 409
    assert liar.asked == []
    assert not is_inside(browser)


def test_the_code_goes_with_our_secret_and_the_proof_of_who_asked(liar, app_ports, world, director, browser):
    set_up(app_ports, world, liar.address, secret="s")
    asked = parse_qs(urlsplit(depart(browser, director.email)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [openid_process.BACK]
    assert lie(browser, liar).status_code == 303
    (exchange,) = liar.asked
    assert len(exchange["code_verifier"][0]) >= 43
    assert exchange["authorization"][0].startswith("Basic ")


@pytest.mark.parametrize(
    ("claims", "vouches", "opens"),
    [
        ({"email_verified": True}, False, True),
        ({"email_verified": False}, True, False),
        ({"email_verified": None}, False, False),
        ({"email_verified": None}, True, True),
        ({"email": "director@creditor1.example"}, True, False),
        ({"email": "director@evil.example"}, True, False),
        ({"email": f"director@evil.example@{DOMAIN}"}, True, False),
        ({"email": ""}, True, False),
    ],
)
def test_an_address_counts_when_it_is_vouched_for_and_of_the_organisation(
    liar, app_ports, world, director, browser, claims, vouches, opens
):
    world.person(Role.DIRECTOR, organisation=1)
    set_up(app_ports, world, liar.address, secret="s", vouches_for_emails=vouches)
    liar.claims = claims
    answer = lie(browser, liar)

    assert answer.status_code == (303 if opens else 403)
    assert is_inside(browser) == opens


def test_once_linked_the_subject_says_who_it_is_and_not_the_address(liar, app_ports, world, director, app):
    world.person(Role.ANALYST)
    set_up(app_ports, world, liar.address, secret="s")
    tie(app_ports, liar, director, Browser(app.test_client()))
    # Somebody else at the company has been given the director's address.
    liar.claims = {"sub": "subject-2"}
    assert lie(Browser(app.test_client()), liar).status_code == 403
    # And the director's own subject comes with whatever address.
    liar.claims = {"email": f"analyst@{DOMAIN}", "email_verified": False}
    browser = Browser(app.test_client())
    assert lie(browser, liar).status_code == 303
    with app_ports.session(DOOR) as session:
        assert session.scalars(text("select user_id from web_sessions order by id desc limit 1")).one() == (
            director.actor.user_id
        )


@pytest.mark.parametrize("how", ["disable", "suspend"])
def test_whoever_was_put_out_stays_out(liar, app_ports, world, director, app, how):
    # The last who manages an organisation is not disabled.
    add_colleague(app_ports, director.actor, Role.DIRECTOR)
    set_up(app_ports, world, liar.address, secret="s")
    assert lie(Browser(app.test_client()), liar).status_code == 303
    browser = Browser(app.test_client())
    asked = parse_qs(urlsplit(depart(browser, director.email)).query)
    liar.nonce = asked["nonce"][0]
    with app_ports.session(world.operator) as session, transaction(session):
        if how == "disable":
            access.disable(session, world.operator, director.actor.user_id, now=utc_now())
        else:
            access.suspend(session, world.operator, director.actor.tenant, now=utc_now())
    query = {"code": "a-code", "state": asked["state"][0]}
    assert browser.get("/company-sign-in/back", query_string=query).status_code == 403
    assert not is_inside(browser)


def test_the_way_to_a_company_tells_nothing_of_who_is_here(liar, app_ports, world, director, browser):
    set_up(app_ports, world, liar.address, secret="s")
    known, unknown = depart(browser, director.email), depart(browser, f"nadie@{DOMAIN}")
    assert {urlsplit(one).path for one in (known, unknown)} == {"/authorize"}
    nowhere = browser.post("/company-sign-in/", {"email": "x@nowhere.example"})
    assert nowhere.status_code == 400
    assert "x@nowhere.example" in nowhere.text


def test_a_domain_the_operator_has_not_approved_leads_nowhere(liar, app_ports, world, director, browser):
    actor = director.actor
    set_up(app_ports, world, liar.address, secret="s")
    with app_ports.session(actor) as session, transaction(session):
        company_sign_in.ask_domain(session, actor, "otro.example", now=utc_now())
    assert browser.post("/company-sign-in/", {"email": "x@otro.example"}).status_code == 400


def test_where_it_is_required_passwords_and_their_letters_stop_until_the_operator_lets_them_in(
    liar, app_ports, world, director, browser, app
):
    with pytest.raises(company_sign_in.NotTried):
        set_up(app_ports, world, liar.address, secret="s", required=True)
    set_up(app_ports, world, liar.address, secret="s")
    tie(app_ports, liar, director, Browser(app.test_client()))
    configure = {"client_id": "encargo", "client_secret": "", "trusts_factor": False, "vouches_for_emails": False}
    with app_ports.session(director.actor) as session, transaction(session):
        company_sign_in.configure(
            session, director.actor, issuer=liar.address, required=True, now=utc_now(), **configure
        )
    assert sign_in_with(browser, director) == 401
    browser.post("/forgotten", {"email": director.email})
    (letter,) = post.letters_to(app_ports, director.email, "Usted ingresa con el acceso de su propia organización")
    assert post.path_in(letter) == "/sign-in"

    with app_ports.session(world.operator) as session, transaction(session):
        company_sign_in.release(session, world.operator, director.actor.tenant, now=utc_now())
    assert sign_in_with(browser, director) == 303


def prove(app_ports, person, browser):
    """Give one's own second factor here."""
    return browser.post("/second-factor/", {"code": entering.next_code(app_ports, person)})


def tie(app_ports, liar, person, browser):
    """Come in for the first time, and prove one's own second factor: from then on the subject is this person."""
    assert lie(browser, liar).status_code == 303
    assert prove(app_ports, person, browser).status_code == 303


def sign_in_with(browser, person):
    return browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code


@pytest.mark.parametrize(
    "target", ["//evil.example", "https:evil.example", "/\\evil.example", "/\t/evil.example", "///evil.example"]
)
def test_coming_in_leads_nowhere_else(liar, app_ports, world, director, browser, target):
    set_up(app_ports, world, liar.address, secret="s")
    asked = parse_qs(urlsplit(depart(browser, director.email, next=target)).query)
    liar.nonce = asked["nonce"][0]
    answer = browser.get("/company-sign-in/back", query_string={"code": "a", "state": asked["state"][0]})
    assert answer.headers["Location"] == "/"


def test_the_secret_is_sealed_and_neither_side_reads_it(liar, app_ports, world, director):
    set_up(app_ports, world, liar.address, secret="a-sentinel-secret")
    with app_ports.session(DOOR) as session:
        kept = session.scalar(text("select encode(client_secret, 'escape') from sign_in_providers"))
        assert "sentinel" not in kept
    for actor in (director.actor, world.operator):
        with app_ports.session(actor) as session, pytest.raises(Exception, match="permission denied"):
            session.execute(text("select client_secret from sign_in_providers"))
    with app_ports.session(world.actor(Role.DIRECTOR, organisation=1)) as session:
        assert session.scalar(text("select count(*) from sign_in_domains")) == 0


@pytest.mark.parametrize(
    ("claims", "trusts", "is_enough"),
    [
        ({"amr": ["pwd", "otp", "mfa"]}, True, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True, True),
        ({"amr": ["pwd", "otp", "mfa"]}, False, False),
        ({"amr": ["pwd"]}, True, False),
        ({}, True, False),
    ],
)
def test_the_providers_second_factor_counts_only_where_it_is_trusted_and_said(
    liar, app_ports, world, director, app, browser, claims, trusts, is_enough
):
    set_up(app_ports, world, liar.address, secret="s", trusts_factor=trusts)
    tie(app_ports, liar, director, Browser(app.test_client()))
    liar.claims = claims
    assert lie(browser, liar).status_code == 303

    assert (browser.get("/users/").status_code == 200) == is_enough
    with app_ports.session(DOOR) as session:
        newest = text("select factor_at from web_sessions order by id desc limit 1")
        assert (session.scalar(newest) is not None) == is_enough
