"""A project's own function, lazily and before the view."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser

from sessionauth import InvalidCredential, LoginState, UserToken
from sessionauth.authenticators.callback import CallbackAuthenticator
from sessionauth.models import AccessToken
from tests.asking import WAYS, Sent, ask
from tests.contracts import NOBODY, AuthenticatorContract, LazyContract, who

PATH = "sessionauth.authenticators.callback.CallbackAuthenticator"
HEADER = "X-Gateway-User"


class Gateway(AuthenticatorContract):
    """A gateway in front names the user."""

    vary = frozenset({HEADER.lower()})
    method = "callback"

    def issue(self, user):
        return Sent({HEADER: f"gateway:{user.get_username()}"}), None

    def foreign(self):
        return [Sent({HEADER: value}) for value in ("", "gateway", "other:alice")]

    def unknown(self):
        return Sent({HEADER: "gateway:nobody"})

    def secrets_of(self, sent):
        return []


class TestLazily(Gateway, LazyContract):
    entry = {"NAME": PATH, "OPTIONS": {"callback": "tests.project.ways.gateway", "vary": [HEADER]}}
    ambient = True
    frees_from_csrf = False


class TestLazilyAsync(TestLazily):
    entry = {"NAME": PATH, "OPTIONS": {"callback": "tests.project.ways.agateway", "vary": [HEADER]}}


class TestBeforeTheView(Gateway):
    entry = {
        "NAME": PATH,
        "OPTIONS": {"callback": "tests.project.ways.gateway", "vary": [HEADER], "ambient": False, "name": "gateway"},
    }
    method = "gateway"

    def test_beside_bearer__may_read_the_same_header(self, settings, make_user):
        """It says only when asked that a value is not its own."""
        options = {"callback": f"{__name__}.says_none", "vary": ["Authorization"], "ambient": False}
        bearer = "sessionauth.authenticators.token.BearerAuthenticator"
        settings.SESSIONAUTH_AUTHENTICATORS = [{"NAME": PATH, "OPTIONS": options}, bearer]
        row, secret = AccessToken.objects.issue(user=make_user("alice"))
        answer = ask("wsgi", "/tell/", Sent({"Authorization": f"Bearer {secret}"}))
        assert (answer.status, who(answer)["user"]) == (200, "alice")


class TestBeforeTheViewAsync(TestBeforeTheView):
    entry = {
        **TestBeforeTheView.entry,
        "OPTIONS": {**TestBeforeTheView.entry["OPTIONS"], "callback": "tests.project.ways.agateway"},
    }


pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


def users():
    return get_user_model()._default_manager


def use(settings, function, **options):
    entry = {"NAME": PATH, "OPTIONS": {"callback": f"{__name__}.{function}", **options}}
    settings.SESSIONAUTH_AUTHENTICATORS = [entry]


def says_none(request):
    return None


def raises(request):
    raise RuntimeError("down")


async def araises(request):
    raise RuntimeError("down")


def refuses(request):
    raise InvalidCredential("denied")


def says_token(request):
    return UserToken(users().get(), LoginState.STALE, "mine")


def says_false(request):
    return False


def says_word(request):
    return "alice"


def says_many(request):
    return ["alice"]


def says_anonymous(request):
    return AnonymousUser()


class Callable:
    async def __call__(self, request):
        return None


class CallableUser:
    async def __call__(self, request):
        return await users().aget()


a_callable, a_callable_user = Callable(), CallableUser()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "name",
    [
        "says_none",
        "raises",
        "araises",
        "refuses",
        "says_false",
        "says_word",
        "says_many",
        "says_anonymous",
        "a_callable",
    ],
)
def test_callback__that_names_no_user_lets_nobody_in_and_breaks_no_page(name, way, settings, make_user):
    make_user("alice")
    use(settings, name)
    answer = ask(way, "/tell/")
    assert (answer.status, who(answer)) == (200, NOBODY)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["raises", "araises", "refuses", "says_word", "says_many"])
def test_callback__before_the_view_that_fails_is_a_refusal(name, way, settings, make_user):
    make_user("alice")
    use(settings, name, ambient=False, vary=[HEADER])
    assert ask(way, "/tell/", Sent({HEADER: "x"})).status == 401
    assert ask(way, "/tell/").status == 200


@pytest.mark.parametrize("way", WAYS)
def test_callback__may_be_an_object_with_an_async_call(way, settings, make_user):
    make_user("alice")
    use(settings, "a_callable_user")
    assert who(ask(way, "/tell/"))["user"] == "alice"


@pytest.mark.parametrize("way", WAYS)
def test_callback__may_answer_with_a_token_of_its_own(way, settings, make_user):
    make_user("alice")
    use(settings, "says_token")
    told = who(ask(way, "/tell/"))
    assert (told["user"], told["state"], told["method"]) == ("alice", "stale", "mine")


def test_failure__is_logged_with_its_traceback(settings, caplog):
    use(settings, "raises", name="gateway")
    ask("wsgi", "/tell/")
    (record,) = [record for record in caplog.records if record.name == "sessionauth" and record.exc_info]
    assert "gateway" in record.getMessage()


def test_vary__is_everything_where_the_headers_are_not_named(settings):
    use(settings, "says_none")
    assert ask("wsgi", "/tell/").vary == {"*"}


def test_vary__is_everything_also_beside_headers_that_are_named(settings):
    use(settings, "says_none")
    settings.SESSIONAUTH_AUTHENTICATORS = [
        "sessionauth.authenticators.session.SessionAuthenticator",
        *settings.SESSIONAUTH_AUTHENTICATORS,
    ]
    assert ask("wsgi", "/tell/").vary == {"*"}


def test_non_ambient__needs_the_headers_it_promises_to_read():
    with pytest.raises(ValueError, match="vary"):
        CallbackAuthenticator(callback=f"{__name__}.says_none", ambient=False)
