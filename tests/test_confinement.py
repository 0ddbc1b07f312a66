"""Which views take which credential; that every carrier is held to it, the attacks tell."""

from __future__ import annotations

from functools import partial, wraps

import pytest
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.urls import ResolverMatch, include, path
from django.views import View

from sessionauth import LoginState, UserToken, confinement
from sessionauth.models import AnonymousUser
from tests.project.views import untouched

pytestmark = pytest.mark.urls(__name__)


class Unhashable:
    """A callable that stands for a view, and cannot be a key."""

    __hash__ = None

    def __eq__(self, other):
        return True

    def __call__(self, request):
        return HttpResponse()


class Desk:
    def page(self, request):
        return HttpResponse()


def wrapped(view, times):
    """Wrap `view` as decorators do."""
    for _ in range(times):
        inner = view

        @wraps(inner)
        def view(request, inner=inner, *args):
            return inner(request, *args)

    return view


def holding(view):
    """Wrap `view` in a closure, as most decorators do."""

    @wraps(view)
    def wrapper(request):
        return view(request)

    return wrapper


class Marked(View):
    pass


confinement.mark(Marked)

VIEWS = {
    "plain": untouched,
    "unhashable": Unhashable(),
    "method": Desk().page,
    "partial": partial(untouched),
    "class": View.as_view(),
    "marked": confinement.mark(holding(untouched)),
    "marked_class": Marked.as_view(),
    "marked_inside": holding(confinement.mark(holding(untouched))),
    "marked_partial": partial(confinement.mark(holding(untouched))),
    "password": auth_views.PasswordChangeView.as_view(),
    "reset": holding(auth_views.PasswordResetConfirmView.as_view()),
    "admin_view": admin.site.admin_view(untouched),
    "admin_view_inside": holding(holding(admin.site.admin_view(untouched))),
    "admin_view_of_class": admin.site.admin_view(View.as_view()),
    "admin_view_of_marked": admin.site.admin_view(confinement.mark(holding(untouched))),
}

urlpatterns = [
    path("admin/", admin.site.urls),
    path("ours/", include(([path("page/", untouched)], "sessionauth"))),
    *(path(f"{name}/", view) for name, view in VIEWS.items()),
]

ALL, NONE, PEOPLE = (None, None), (None, "insufficient_scope"), ("people_only", "people_only")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/plain/", NONE),
        ("/unhashable/", NONE),
        ("/method/", NONE),
        ("/partial/", NONE),
        ("/class/", NONE),
        ("/marked/", ALL),
        ("/marked_class/", ALL),
        ("/marked_inside/", ALL),
        ("/marked_partial/", NONE),
        ("/password/", PEOPLE),
        ("/reset/", PEOPLE),
        ("/admin_view/", PEOPLE),
        ("/admin_view_inside/", PEOPLE),
        ("/admin_view_of_class/", PEOPLE),
        ("/admin_view_of_marked/", PEOPLE),
        ("/admin/", PEOPLE),
        ("/admin/auth/user/", PEOPLE),
        ("/ours/page/", PEOPLE),
        ("/nowhere/", NONE),
    ],
)
def test_refusal__of_unrestricted_and_restricted_programs(place, expected, rf, caplog):
    request = rf.get(place)
    tokens = [UserToken(AnonymousUser(), LoginState.PROGRAM, granted=granted) for granted in (None, frozenset())]
    assert tuple(confinement.refusal(request, token) for token in tokens) == expected
    is_told = "states no scope" in caplog.text
    assert is_told == (expected[1] == "insufficient_scope" and confinement.match_of(request) is not None)


@pytest.mark.parametrize("state", [state for state in LoginState if state is not LoginState.PROGRAM])
def test_refusal__speaks_of_programs_only(state, rf):
    for place in ("/admin/", "/plain/", "/password/"):
        assert confinement.refusal(rf.get(place), UserToken(AnonymousUser(), state)) is None


def test_match_of__is_what_django_has_resolved_or_would(rf):
    request = rf.get("/plain/")
    assert confinement.match_of(request).func is untouched
    request.urlconf = "tests.denied_urls"
    assert confinement.match_of(request) is None
    request.resolver_match = "resolved"
    assert confinement.match_of(request) == "resolved"


def test_mark__is_on_the_view_alone():
    assert not hasattr(untouched, confinement.MARK)


def judge(view, request):
    """Stand for a framework whose views have one mark for each method."""
    return getattr(view, "judged", {}).get(request.method)


def judged(**admissions):
    view = holding(untouched)
    view.judged = {method: confinement.Admission(admission) for method, admission in admissions.items()}
    return view


@pytest.fixture
def judges(monkeypatch):
    monkeypatch.setattr(confinement, "_judges", [])
    assert confinement.ask(judge) is judge
    confinement.ask(judge)
    return confinement._judges


RESTRICTED = UserToken(AnonymousUser(), LoginState.PROGRAM, granted=frozenset())


def test_ask__a_judge_is_kept_once(judges):
    assert judges == [judge]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("get", (None, False)),
        ("post", (None, True)),
        ("put", ("insufficient_scope", False)),
        ("patch", ("insufficient_scope", False)),
    ],
)
def test_ask__a_judge_answers_for_each_method(judges, rf, method, expected):
    request = getattr(rf, method)("/")
    view = judged(GET="admitted", POST="as nobody", PUT="refused")
    request.resolver_match = ResolverMatch(view, (), {})
    code = confinement.refusal(request, RESTRICTED)
    assert (code, code is None and confinement.is_pending(request, RESTRICTED)) == expected


def test_ask__a_mark_is_believed_before_any_judge(judges, rf):
    assert confinement.admission(confinement.mark(judged(GET="refused")), rf.get("/")) is confinement.Admission.ADMITTED


def test_ask__an_unrestricted_program_and_a_person_are_never_pending(judges, rf):
    request = rf.post("/")
    request.resolver_match = ResolverMatch(judged(POST="as nobody"), (), {})
    for token in (UserToken(AnonymousUser(), LoginState.PROGRAM), UserToken(AnonymousUser(), LoginState.FRESH)):
        assert not confinement.is_pending(request, token)


def test_without_judges__nothing_is_asked(monkeypatch, rf):
    monkeypatch.setattr(confinement, "_judges", [])
    assert confinement.admission(untouched, rf.get("/")) is confinement.Admission.REFUSED
