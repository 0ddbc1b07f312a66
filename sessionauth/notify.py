"""Mails to people about what happens to their account; off unless a project connects them.

In the `ready()` of an app of the project, any of::

    signals.account_locked.connect(notify.mail_about_lock)
    signals.remember_token_stolen.connect(notify.mail_about_theft)
    signals.credential_leaked.connect(notify.mail_about_leak)
    user_logged_in.connect(notify.mail_about_new_browser)

Those about impersonation are connected, and wait for SESSIONAUTH_IMPERSONATION_NOTIFY.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sites.shortcuts import get_current_site
from django.core.mail import EmailMessage
from django.db import router
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from sessionauth import http, mail
from sessionauth.audit.text import printable
from sessionauth.conf import settings
from sessionauth.models import AbstractCredential, Impersonation, LoginSession
from sessionauth.request_state import current as current_request
from sessionauth.request_state import state_of
from sessionauth.sessions import browsers, registry

FOLDER = "sessionauth/mail"
#: How many kinds of browsers of a user are looked at.
MANY = 100
LONGEST_URL = 1000


def mail_about_lock(*, request: HttpRequest | None, user: Any, failures: int, until: Any = None, **kwargs: Any) -> None:
    """Receive `account_locked`: write when the waiting begins and when it has no end, not at every failure between."""
    if until is None or failures == settings.LOCKOUT_WAIT_FROM:
        _notify("locked", request, user, {"is_final": until is None})


def mail_about_theft(*, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Receive `remember_token_stolen`."""
    _notify("stolen", request, user, {})


def mail_about_new_browser(*, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Receive Django's `user_logged_in`: write unless the user has signed in by such a browser before, or never yet.

    One query. Browser and system count, not the address, which changes by itself.
    """
    if request is None or not registry.lists(user):
        return
    rows = registry.rows().filter(user_id=user.pk)
    token = state_of(request).token
    if token is not None and isinstance(token.credential, LoginSession):
        rows = rows.exclude(pk=token.credential.pk)
    known = {browsers.words(agent) for agent in rows.values_list("user_agent", flat=True).distinct()[:MANY]}
    if known and browsers.words(http.user_agent(request)) not in known:
        _notify("new_browser", request, user, {})


def mail_about_leak(*, credential: AbstractCredential, url: str, **kwargs: Any) -> None:
    """Receive `credential_leaked`: write to whom the credential stood for, also where a command has found it."""
    user = credential.get_user()
    if user is None:
        return
    # A file of the server's is none of theirs.
    place = printable(url, LONGEST_URL) if url.startswith(("https://", "http://")) else ""
    context = {"user": user, "credential": credential, "url": place}
    # One for each: it has ended, and does not end again.
    kind = f"leaked:{credential._meta.label_lower}:{credential.pk}"
    mail.aside(partial(_write, "leaked", current_request(), user, context, is_due=kind))


def mail_about_impersonation(*, impersonation: Impersonation, **kwargs: Any) -> None:
    """Receive `impersonation_started`: write to whom somebody acts as now."""
    if settings.IMPERSONATION_NOTIFY in ("start", "both"):
        _notify_of_impersonation("impersonation_started", impersonation)


def mail_about_end_of_impersonation(*, impersonation: Impersonation, **kwargs: Any) -> None:
    """Receive `impersonation_ended`: write to whom somebody acted as, whoever or whatever has ended it."""
    if settings.IMPERSONATION_NOTIFY == "both":
        _notify_of_impersonation("impersonation_ended", impersonation)


def _notify_of_impersonation(kind: str, row: Impersonation) -> None:
    request = current_request()
    state, work = None if request is None else state_of(request), partial(_write_of_impersonation, kind, request, row)
    if state is None or state.lazy_user is None or state.is_closed:
        mail.aside(work)
    else:
        state.later.append(partial(mail.aside, work))


def _write_of_impersonation(kind: str, request: HttpRequest | None, row: Impersonation) -> None:
    """Write of `row` as it is in the database: what was rolled back has not been."""
    rows = Impersonation._base_manager.using(router.db_for_write(Impersonation))
    kept = rows.filter(pk=row.pk, ended_at__isnull=kind != "impersonation_ended").first()
    if kept is not None and kept.target is not None:
        context = {"user": kept.target, "impersonation": kept}
        _write(kind, request, kept.target, context, is_due=f"{kind}:{row.pk}")


def _notify(kind: str, request: HttpRequest | None, user: Any, facts: dict[str, Any]) -> None:
    """Have `user` written to, on the way out and aside of the answer, whose time must not tell whether there is one."""
    if user is None or request is None:
        return
    context = {
        "user": user,
        "moment": timezone.now(),
        "ip_address": http.client_ip(request),
        "browser": browsers.words(http.user_agent(request)),
        **facts,
    }
    state, work = state_of(request), partial(_write, kind, request, user, context)
    if state.lazy_user is None or state.is_closed:
        mail.aside(work)
    else:
        state.later.append(partial(mail.aside, work))


def _write(kind: str, request: HttpRequest | None, user: Any, context: dict[str, Any], *, is_due: str = "") -> None:
    address = getattr(user, get_user_model().get_email_field_name(), "")
    if not address or not user.is_active or not mail.is_due(is_due or kind, user.pk):
        return
    context["site_name"] = _site_name(request)
    subject = " ".join(render_to_string(f"{FOLDER}/{kind}_subject.txt", context).split())
    EmailMessage(subject, render_to_string(f"{FOLDER}/{kind}.txt", context), to=[address]).send()


def _site_name(request: HttpRequest | None) -> str:
    """Return what the site is called; a command of a project without the sites framework cannot know."""
    if request is None and not apps.is_installed("django.contrib.sites"):
        return gettext("this site")
    return str(get_current_site(request).name)
