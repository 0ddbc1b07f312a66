"""The rules as decorators and mixins, in every form: the same question gets the same answer."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission

from sessionauth import decorators
from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask
from tests.contracts import signed_in_browser
from tests.guarded_urls import FORMS, SCOPE

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.guarded_urls")]

HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}
EVERY = [(way, form) for way in ("wsgi", "asgi") for form in FORMS]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def may(alice):
    """Let alice hold the scope."""
    alice.user_permissions.add(Permission.objects.get(codename="view_user"))


def session(user, headers=HTML):
    return Sent(headers, signed_in_browser(user))


def key(user, scopes=None, headers=JSON):
    return Sent({**headers, "X-Api-Key": APIKey.objects.issue(user=user, scopes=scopes)[1]})


def token(user):
    return Sent({**JSON, "Authorization": f"Bearer {AccessToken.objects.issue(user=user)[1]}"})


def reached(name, sent, status=200):
    """Assert that every form of a rule gives the same answer, and return it."""
    answers = {ask(way, f"/{name}/{form}/", sent) for way, form in EVERY}
    seen = {(answer.status, answer.header("Location"), answer.header("WWW-Authenticate")) for answer in answers}
    assert len(seen) == 1, seen
    answer = answers.pop()
    assert answer.status == status, answer
    assert (answer.body == b"reached") is (status == 200)
    return answer


def code(answer):
    return json.loads(answer.body)["code"]


def test_login_required__lets_users_in(alice):
    for sent in (session(alice), key(alice), token(alice)):
        reached("login", sent)


def test_login_required__sends_strangers_to_log_in_and_programs_away():
    path = ask("wsgi", "/login/page/", Sent(HTML)).header("Location")
    assert path == "/login/?next=/login/page/"
    for way, form in EVERY:
        assert ask(way, f"/login/{form}/", Sent(HTML)).header("Location") == f"/login/?next=/login/{form}/"
    assert code(reached("login", Sent(JSON), 401)) == "not_authenticated"


def test_login_required__refuses_a_key_of_nobodys():
    reached("login", key(None), 401)


def test_login_required__takes_a_page_and_a_field_of_its_own():
    for way, form in EVERY:
        assert ask(way, f"/own_login/{form}/", Sent(HTML)).header("Location") == f"/own/?back=/own_login/{form}/"


@pytest.mark.parametrize("name", ["login", "own_login", "scope", "method"])
def test_options__is_answered_without_the_view(name, alice):
    for way, form in EVERY:
        answer = ask(way, f"/{name}/{form}/", Sent(), "OPTIONS")
        assert (answer.status, answer.body) == (200, b"")
    assert ask("wsgi", "/login/page/", session(alice), "OPTIONS").body == b"reached"


def test_options__is_refused_where_the_project_exempts_no_method(settings):
    settings.SESSIONAUTH_EXEMPT_METHODS = []
    assert ask("wsgi", "/login/page/", Sent(JSON), "OPTIONS").status == 401


def test_scope_required__lets_in_who_holds_it(alice, may):
    for sent in (session(alice), key(alice), key(alice, [SCOPE]), key(None, [SCOPE])):
        reached("scope", sent)


def test_scope_required__refuses_who_does_not(alice):
    assert reached("scope", session(alice), 403).body != b"reached"
    answer = reached("scope", session(alice, JSON), 403)
    assert (code(answer), json.loads(answer.body)["scope"]) == ("insufficient_scope", SCOPE)
    for sent in (key(alice, [SCOPE]), key(None), key(None, [])):
        assert code(reached("scope", sent, 403)) == "insufficient_scope"


def test_scope_required__wants_all_of_several(alice, may):
    answer = reached("scopes", session(alice, JSON), 403)
    assert json.loads(answer.body)["scope"] == f"{SCOPE} auth.add_user"
    alice.user_permissions.add(Permission.objects.get(codename="add_user"))
    reached("scopes", session(alice))


def test_scope_required__takes_alternatives_and_methods(alice, may):
    for name, scopes in {"any_of": [SCOPE], "by_method": [SCOPE]}.items():
        reached(name, session(alice))
        reached(name, key(alice, scopes))
        assert json.loads(reached(name, key(alice, ["auth.delete_user"]), 403).body)["scope"]
    for way, form in EVERY:
        assert ask(way, f"/by_method/{form}/", key(alice, [SCOPE]), "HEAD").status == 200
        answer = ask(way, f"/by_method/{form}/", key(alice, [SCOPE]), "POST")
        assert (answer.status, json.loads(answer.body)["scope"]) == (403, "auth.add_user")
        answer = ask(way, f"/by_method/{form}/", key(alice, [SCOPE]), "PUT")
        assert (answer.status, "scope" in json.loads(answer.body)) == (403, False)


def test_scope_required__sends_strangers_to_log_in():
    reached("scope", Sent(JSON), 401)
    assert ask("wsgi", "/scope/page/", Sent(HTML)).status == 302


def test_auth_method_required__asks_how(alice):
    for sent in (session(alice), token(alice)):
        reached("method", sent)
    assert code(reached("method", key(alice), 403)) == "wrong_auth_method"
    reached("method", Sent(JSON), 401)


def test_auth_method_required__tells_people_on_a_page_of_the_project(alice):
    answer = ask("wsgi", "/by_key/", session(alice))
    assert (answer.status, answer.header("Content-Type")) == (403, "text/html; charset=utf-8")


def test_anonymous_required__is_for_nobody_else(alice):
    reached("anonymous", Sent(HTML))
    assert reached("anonymous", session(alice), 302).header("Location") == "/whoami/"
    assert reached("anonymous_to", session(alice), 302).header("Location") == "/home/"
    assert code(reached("anonymous", session(alice, JSON), 403)) == "already_authenticated"
    assert code(reached("anonymous", key(None), 403)) == "already_authenticated"


@pytest.mark.parametrize("policy", ["redirect", "raise"])
def test_anonymous_required__is_exempt_from_the_policy_and_from_djangos_middleware(policy, settings):
    settings.SESSIONAUTH_ON_FAILURE = policy
    reached("anonymous", Sent(HTML))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    reached("anonymous", Sent(HTML))
    assert ask("wsgi", "/home/", Sent(HTML)).status in (302, 401)


def test_login_required__tells_djangos_middleware_where_to_log_in(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert ask("wsgi", "/own_login/page/", Sent(HTML)).header("Location") == "/own/?back=/own_login/page/"


def test_credential_allowed__asks_nothing_and_opens_to_all(alice):
    for sent in (Sent(), session(alice), key(alice, []), key(None, [])):
        reached("allowed", sent)


@pytest.mark.parametrize(
    ("decorate", "arguments"),
    [
        *((decorators.scope_required, wrong) for wrong in ((), (lambda request: None,), (1,), (["x"], ["y"]))),
        *((decorators.auth_method_required, wrong) for wrong in ((), (lambda request: None,), (1,), (["x"],))),
    ],
)
def test_decorators__that_need_names_say_so(decorate, arguments):
    with pytest.raises(TypeError, match="takes"):
        decorate(*arguments)


@pytest.mark.parametrize(
    "decorate",
    [
        decorators.login_required,
        decorators.login_required(),
        decorators.anonymous_required,
        decorators.anonymous_required(),
        decorators.credential_allowed,
        decorators.scope_required("a.b"),
        decorators.auth_method_required("session"),
    ],
)
def test_decorators__keep_what_a_view_is_called_and_carries(decorate):
    def view(request):
        """Tell."""

    view.csrf_exempt = True
    decorated = decorate(view)
    assert (decorated.__name__, decorated.__doc__, decorated.csrf_exempt) == ("view", "Tell.", True)
    assert decorated.__wrapped__ is view
    assert not hasattr(view, "login_required")
    assert not hasattr(view, "sessionauth_accepts_restricted")
