"""What the pages say where an impersonation has ended by itself, or goes no further."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

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
