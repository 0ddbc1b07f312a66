"""Pages in which the banner is to stand, or is to keep out of."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import Context, Template
from django.urls import include, path

from tests.impersonation import site

PAGE = "<!doctype html><html><body><p>{}</p>{}</BODY >\n</html>"


def page(request: HttpRequest) -> HttpResponse:
    """Touches nothing, and says whatever it is asked to."""
    response = HttpResponse(
        request.GET.get("page", PAGE.format("here", "")), status=int(request.GET.get("status", 200))
    )
    for name in ("Content-Type", "Content-Encoding", "Content-Disposition", "ETag", "Content-Security-Policy"):
        if name in request.GET:
            response.headers[name] = request.GET[name]
    if "length" in request.GET:
        response.headers["Content-Length"] = str(len(response.content))
    return response


async def apage(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format("here", ""))


def asking(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format(request.user.get_username(), ""))


def with_nonce(request: HttpRequest) -> HttpResponse:
    setattr(request, request.GET["name"], "r4nd0m")
    return page(request)


def tagged(request: HttpRequest) -> HttpResponse:
    tag = Template("{% load sessionauth %}{% impersonation_banner %}").render(Context({"request": request}))
    return HttpResponse(PAGE.format("here", tag))


def button(request: HttpRequest) -> HttpResponse:
    template = Template("{% load sessionauth %}{% if request|can_impersonate:target %}yes{% else %}no{% endif %}")
    target = get_user_model()._base_manager.get(pk=request.GET["target"])
    return HttpResponse(template.render(Context({"request": request, "target": target})))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse([PAGE.format("here", "")])


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(iter([PAGE.format("here", "").encode()]), content_type="text/html")


def data(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"page": PAGE.format("here", "")})


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def handler500(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format("broken", ""), status=500)


urlpatterns = [
    path("page/", page),
    path("apage/", apage),
    path("asking/", asking),
    path("nonce/", with_nonce),
    path("tagged/", tagged),
    path("button/", button),
    path("stream/", stream),
    path("file/", file),
    path("data/", data),
    path("broken/", broken),
    path("", include(site.urlpatterns)),
]
