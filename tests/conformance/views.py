"""Views that ask who is there, and views that only let somebody in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.views import View

from sessionauth import access, aget_auth, get_auth
from sessionauth.decorators import login_required
from sessionauth.mixins import LoginRequiredMixin


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def told(auth) -> JsonResponse:
    name = auth.user.get_username() if auth.has_user else None
    return JsonResponse({"user": name, "method": auth.method, "state": auth.state.value, "fresh": auth.is_fresh})


def who(request: HttpRequest) -> JsonResponse:
    return told(get_auth(request))


async def awho(request: HttpRequest) -> JsonResponse:
    return told(await aget_auth(request))


@login_required
def secret(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"secret of {request.user}")


@login_required
async def asecret(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"secret of {await request.auser()}")


class Secret(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")


def login_here(request: HttpRequest) -> JsonResponse:
    """A login page that looks at the user first, and then for the way back."""
    return JsonResponse({"anonymous": request.user.is_anonymous, "next": access.pop_next(request)})


def queued_messages(request: HttpRequest) -> JsonResponse:
    found = [{"text": str(one), "level": one.level, "tags": one.tags} for one in messages.get_messages(request)]
    return JsonResponse({"messages": found})


def template(request: HttpRequest) -> HttpResponse:
    source = "{{ current_user.is_anonymous }} {{ current_user }} {{ auth.display_name }} {{ user.is_anonymous }}"
    return HttpResponse(engines["django"].from_string(source).render({}, request))
