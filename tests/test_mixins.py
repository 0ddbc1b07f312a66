"""What mixins have beside decorators; that both give the same answers, test_decorators.py tells."""

from __future__ import annotations

import pytest
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.views import View

from sessionauth import mixins
from tests.asking import Sent, ask
from tests.contracts import signed_in_browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.guarded_urls")]

HTML = {"Accept": "text/html"}


def test_raise_exception__leaves_the_answer_to_the_projects_403():
    answer = ask("wsgi", "/raising/", Sent(HTML))
    assert (answer.status, answer.header("Location")) == (403, None)


def test_beside_djangos_mixins__each_refuses_in_its_own_way(make_user):
    assert ask("wsgi", "/both/", Sent(HTML)).header("Location") == "/login/?next=/both/"
    assert ask("wsgi", "/both/", Sent(HTML, signed_in_browser(make_user("alice")))).status == 403
    assert ask("wsgi", "/both/", Sent(HTML, signed_in_browser(make_user("root", is_superuser=True)))).status == 200


def test_handle_no_permission__may_be_overridden(rf):
    class Own(mixins.LoginRequiredMixin, View):
        def handle_no_permission(self):
            return HttpResponse("own", status=418)

    assert Own.as_view()(rf.get("/")).status_code == 418
    assert issubclass(Own, AccessMixin)


@pytest.mark.parametrize(
    ("mixin", "attributes"),
    [
        (mixins.ScopeRequiredMixin, {}),
        (mixins.ScopeRequiredMixin, {"scope_required": []}),
        (mixins.AuthMethodRequiredMixin, {}),
        (mixins.AuthMethodRequiredMixin, {"auth_methods": "session"}),
    ],
)
def test_mixins__that_need_names_say_so(mixin, attributes, rf):
    view = type("Thing", (mixin, View), attributes).as_view()
    with pytest.raises(ImproperlyConfigured, match="Thing needs"):
        view(rf.get("/"))


def test_rule_mixin__needs_a_rule(rf):
    view = type("Thing", (mixins.RuleMixin, View), {}).as_view()
    with pytest.raises(NotImplementedError, match="Thing"):
        view(rf.get("/"))


def test_get_rule__may_depend_on_the_request(rf, make_user):
    class ByMethod(mixins.ScopeRequiredMixin, View):
        def get_scope_required(self):
            return ("auth.view_user",) if self.request.method == "GET" else ("auth.add_user",)

    view = ByMethod()
    view.setup(rf.post("/"))
    assert view.get_rule().requirement.names() == ["auth.add_user"]


def test_login_url__may_be_lazy(rf):
    from django.urls import reverse_lazy

    class Own(mixins.LoginRequiredMixin, View):
        login_url = reverse_lazy("home")

    response = Own.as_view()(rf.get("/", headers=HTML))
    assert response["Location"] == "/home/?next=/"
