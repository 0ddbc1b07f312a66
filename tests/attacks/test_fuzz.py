"""Thousands of malformed credentials through the real handlers: never an error, never an identity, never a query.

Every example goes through WSGI and every third handful through ASGI as well, with raw bytes where the protocol has
them. `--examples` says how many each carrier gets. Hypothesis draws them in handfuls: starting an event loop costs more
than a request.
"""

from __future__ import annotations

import json
import logging
import re
from itertools import count, product
from urllib.parse import unquote_to_bytes

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sessionauth.credentials.formats import FORMATS
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.models import AccessToken, APIKey
from sessionauth.sessions import series
from tests.asking import athrough_asgi, counted, environ_of, scope_of, through_wsgi
from tests.attacks import nasty
from tests.contracts import MODEL_BACKEND, signed_in_browser
from tests.effort import EXAMPLES

HANDFUL = 20
effort = settings(
    max_examples=max(1, EXAMPLES // HANDFUL),
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a failure names its value; shrinking would take as long again
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.slow]

AUTHENTICATORS = [
    "sessionauth.authenticators.token.BearerAuthenticator",
    "sessionauth.authenticators.token.TokenAuthenticator",
    {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "api_key"}},
    "sessionauth.authenticators.basic.BasicAuthenticator",
    "sessionauth.authenticators.session.SessionAuthenticator",
]


class Site:
    """The site with a person, a token, a key and a signed-in browser on it, and both handlers before it."""

    def __init__(self, alice):
        self.token = AccessToken.objects.issue(user=alice)[1].encode()
        self.key = APIKey.objects.issue(user=alice)[1].encode()
        self.refresh = issue_login_token(alice)[2].encode()
        with override_settings(SESSIONAUTH_KEY_ENVIRONMENT="live"):
            self.live = APIKey.objects.issue(user=alice)[1].encode()
        self.session_key = signed_in_browser(alice)["sessionid"].encode()
        self.wsgi, self.asgi = WSGIHandler(), ASGIHandler()

        self.turns = count()

    @property
    def secrets(self):
        return self.token, self.key, self.live

    @property
    def seeds(self):
        """What values are made from; a refresh token is ours, and a credential in no carrier."""
        return *self.secrets, self.refresh

    def answers(self, requests):
        """Yield each of `requests` with its answer and its queries."""
        for headers, query in requests:
            with counted() as statements:
                answer = through_wsgi(self.wsgi, environ_of("/tell/", headers, query))
            yield (headers, query), answer, statements
        if next(self.turns) % 3 == 0:
            yield from async_to_sync(self._through_asgi)(requests)

    async def _through_asgi(self, requests):
        found = []
        for headers, query in requests:
            with counted() as statements:
                answer = await athrough_asgi(self.asgi, scope_of("/atell/", headers, query))
            found.append(((headers, query), answer, statements))
        return found


@pytest.fixture
def silent():
    """Keep Django's own housekeeping after each request out of it: in ASGI every receiver is a hop between threads."""
    kept = {signal: signal.receivers for signal in (request_started, request_finished)}
    for signal in kept:
        signal.receivers = []
        signal.sender_receivers_cache.clear()
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    for signal, receivers in kept.items():
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@pytest.fixture
def headers_only(settings):
    """The programs' carriers, without a session anywhere."""
    settings.SESSIONAUTH_AUTHENTICATORS = AUTHENTICATORS[:-1]
    settings.MIDDLEWARE = ["sessionauth.middleware.AuthenticationMiddleware"]


@pytest.fixture
def with_sessions(settings):
    """All carriers."""
    settings.SESSIONAUTH_AUTHENTICATORS = AUTHENTICATORS
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "sessionauth.middleware.AuthenticationMiddleware",
    ]


@pytest.fixture
def site(make_user, silent, settings):
    """Return the site, without the record: it would be what most of the time is spent on."""
    settings.SESSIONAUTH_AUDIT = False
    return Site(make_user("alice"))


def is_nobody(answer):
    """Say whether `answer` is a clear 4xx or a page for a stranger."""
    if answer.status == 200:
        return json.loads(answer.body)["state"] == "anonymous"
    return answer.status in (400, 401)


def attack(site, requests, cost):
    """Send `requests` and assert that nobody got in, nothing broke, and no more was asked than `cost` allows."""
    for sent, answer, statements in site.answers(requests):
        assert is_nobody(answer), (sent, answer)
        assert len(statements) <= cost(sent), (sent, statements)


def secret_in(value):
    """Return what a server and RFC 9110 leave of a header's value."""
    return value.strip(b" \t")


def cost_of_api_key(sent):
    """Return the most queries that a value of X-Api-Key may cost."""
    (((_, value),), _) = sent
    return int(nasty.is_well_formed(secret_in(value)))


def cost_of_authorization(sent):
    """Return the most queries that a value of Authorization may cost: a password has to be looked up."""
    (((_, value),), _) = sent
    scheme, _, rest = secret_in(value).partition(b" ")
    if scheme.lower() == b"basic":
        return 1
    return int(scheme.lower() in (b"bearer", b"token") and nasty.is_well_formed(secret_in(rest)))


def cost_of_query(sent):
    """Return the most queries that a query string may cost."""
    return int(any(nasty.is_well_formed(unquote_to_bytes(part)) for part in re.split(b"[&=]", sent[1])))


def test_authorization(headers_only, site):
    @effort
    @given(st.lists(nasty.authorization(b"alice", *site.seeds), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if secret_in(secret_in(value).partition(b" ")[2]) not in site.secrets]
        attack(site, [([(b"Authorization", value)], b"") for value in values], cost_of_authorization)

    send()


def test_api_key(headers_only, site):
    @effort
    @given(st.lists(nasty.values(*site.seeds), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if secret_in(value) not in site.secrets]
        attack(site, [([(b"X-Api-Key", value)], b"") for value in values], cost_of_api_key)

    send()


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_refresh_token__is_refused_in_every_carrier_without_a_query(way, headers_only, site):
    site.turns = count(way == "wsgi")
    carriers = [([(b"X-Api-Key", site.refresh)], b""), ([], b"api_key=" + site.refresh)]
    carriers += [([(b"Authorization", scheme + b" " + site.refresh)], b"") for scheme in (b"Bearer", b"Token")]
    for sent, answer, statements in site.answers(carriers):
        assert (sent, answer.status, statements) == (sent, 401, [])


def test_imported_formats(settings, headers_only, site):
    """Where the formats of other packages are claimed, what looks like theirs costs one look, and the rest nothing."""
    options = {"claim": ["brand", *FORMATS]}
    names = ("token.TokenAuthenticator", "api_key.APIKeyAuthenticator")
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": f"sessionauth.authenticators.{name}", "OPTIONS": options} for name in names
    ]
    theirs = [b"0123456789abcdef" * 4, b"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", b"Ab3dEf6h." + b"x" * 32]

    @effort
    @given(st.lists(nasty.values(*theirs, *site.seeds), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if secret_in(value) not in site.secrets]
        half = len(values) // 2  # each header gets what tests.attacks.test_imported does not send it
        for header, before, part in ((b"X-Api-Key", b"", values[:half]), (b"Authorization", b"Token ", values[half:])):
            attack(site, [([(header, before + value)], b"") for value in part], cost_of_any_format)

    send()


def cost_of_any_format(sent):
    """Return the most queries that a value may cost: none that holds what no secret of any format does."""
    (((_, value),), _) = sent
    value = secret_in(value).removeprefix(b"Token ").strip(b" \t")
    return int(nasty.is_well_formed(value) or re.fullmatch(rb"[0-9A-Za-z.]{40,80}", value) is not None)


def test_cookie(with_sessions, site):
    """A cookie that could be a session's costs one look for it, as it does in Django; nothing else of ours follows."""

    @effort
    @given(st.lists(nasty.cookies(site.session_key), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if site.session_key not in value]
        attack(site, [([(b"Cookie", value)], b"") for value in values], lambda sent: 1)

    send()


def test_remember_cookie(with_sessions, site, settings):
    """What is not of our form costs nothing; what is, one look for its row, and the end of a series it pretends to."""
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.remember.RememberAuthenticator"]
    token, validator = series.enter(get_user_model().objects.get(), 3600, backend=MODEL_BACKEND)
    good = f"{token.selector}.{validator}".encode()

    @effort
    @given(st.lists(nasty.cookies(good, b"sessionauth_remember"), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if good not in value]
        attack(site, [([(b"Cookie", value)], b"") for value in values], cost_of_remember_cookie)

    send()


def cost_of_remember_cookie(sent):
    """Return the most queries that a remember cookie may cost; ending a series and telling of it are several."""
    (((_, value),), _) = sent
    return 20 if re.search(rb"[\w-]{22}\.[\w-]{43}", value) else 0


def test_query(headers_only, site):
    @effort
    @given(st.lists(nasty.queries(*site.seeds), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if not any(one in unquote_to_bytes(value) for one in site.secrets)]
        attack(site, [([], value) for value in values], cost_of_query)

    send()


def test_several_headers(with_sessions, site):
    """Carriers side by side, and one header several times: a server joins them, ASGI hands them over one by one."""
    name = st.sampled_from([b"Authorization", b"X-Api-Key", b"Cookie"])
    line = st.one_of(
        st.tuples(name, nasty.values(*site.seeds)),
        st.tuples(st.just(b"Authorization"), nasty.authorization(b"alice", *site.seeds)),
        st.tuples(st.just(b"Authorization"), nasty.values(*site.seeds).map(lambda value: b"Bearer " + value)),
    )

    @effort
    @given(st.lists(st.lists(line, min_size=2, max_size=4), min_size=5, max_size=5))
    def send(requests):
        known = (*site.secrets, site.session_key)
        requests = [lines for lines in requests if not any(one in value for _, value in lines for one in known)]
        attack(site, [(lines, b"") for lines in requests], lambda sent: 2)

    send()


@pytest.mark.parametrize("carrier", [b"Authorization", b"X-Api-Key", b"Cookie", b"query"])
def test_megabyte(with_sessions, site, carrier):
    parts = [b"x", b"sa_key_", b"a,", b"\x00", b"\xff", b"=", b" ", b";", b"%00"]
    heads = [b"", b"Bearer sa_pat_", b"sa_key_", b"sessionid=", b"Basic ", b"api_key=sa_key_"]
    for part, head in product(parts, heads):
        huge = head + part * (nasty.MEGABYTE // len(part))
        request = ([], huge) if carrier == b"query" else ([(carrier, huge)], b"")
        attack(site, [request], lambda sent: 1)


def test_oracle__knows_a_good_secret(with_sessions, site):
    assert all(nasty.is_well_formed(secret) for secret in site.secrets)
    for secret in site.secrets:
        for _, answer, _ in site.answers([([(b"X-Api-Key", secret)], b"")]):
            assert json.loads(answer.body)["user"] == "alice"
