"""What the pages say where an impersonation has ended by itself, or goes no further."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules
from sessionauth.models import AuthEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("expired", "The time is over."),
        ("idle", "for too long."),
        ("revoked", "Somebody in charge has ended it."),
        ("target", "Something has changed"),
    ],
)
def test_ended__says_why_and_who_one_is_now(browser, alice, how, says):
    row = browser.begin(alice)
    if how == "expired":
        row.change(expires_at=timezone.now())
    elif how == "idle":
        row.change(last_seen_at=timezone.now() - timedelta(days=1))
    elif how == "revoked":
        row.end("revoked")
    else:
        alice.is_active = False
        alice.save()
    page = browser.get("/who/", accept="text/html")
    told = " ".join(page.content.decode().split())
    assert page.status_code == 409
    assert '<h1 id="sessionauth-heading">You are yourself again</h1>' in told
    assert says in told


@pytest.mark.parametrize("referer", ["", "http://testserver/form/?a=1"])
def test_read_only__leads_to_the_upgrade_and_back_if_that_is_known(browser, alice, referer):
    browser.begin(alice)
    more = {"referer": referer} if referer else {}
    page = browser.post("/act/", accept="text/html", **more).content.decode()
    back = "?next=%2Fform%2F%3Fa%3D1" if referer else ""
    assert f'href="/account/impersonation/upgrade/{back}">Change things</a>' in page


def silent(request, *, actor, target):
    return False


def test_denial__names_the_guard_in_the_log_and_its_event(browser, alice, settings, caplog):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.rules.has_permission", f"{__name__}.silent"]
    assert browser.start(alice).status_code == 403
    (event,) = AuthEvent.objects.filter(event="impersonation_denied")
    assert (event.reason, event.data["guard"]) == ("guard", f"{__name__}.silent")
    assert f"impersonation_denied: guard, {__name__}.silent, user {alice.pk}" in caplog.text


def test_denial__says_in_a_traceback_what_its_code_means(rf, alice):
    with pytest.raises(ImpersonationDenied, match="nobody: nobody is signed in"):
        rules.check(rf.get("/"), AnonymousUser(), alice)
