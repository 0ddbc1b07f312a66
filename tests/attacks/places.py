"""A site in which nobody thought of scopes, views that did, and every way to tell on whose behalf a view ran."""

from __future__ import annotations

from functools import partial, wraps

from django.contrib.admin import AdminSite, ModelAdmin, site
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth import get_user_model, login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required as django_login_required
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import CreateView, DetailView, ListView, RedirectView, TemplateView, View
from rest_framework import permissions, routers, serializers, viewsets
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth import UserToken, aget_auth, get_auth
from sessionauth import decorators as ours
from sessionauth import mixins as our_mixins
from sessionauth.user_token import LoginState

User = get_user_model()
SCOPE = "auth.view_user"


def on_behalf_of(request):
    return HttpResponse(f"on behalf of <{request.user.get_username()}>")


def plain(request):
    return on_behalf_of(request)


async def aplain(request):
    user = await request.auser()
    return HttpResponse(f"on behalf of <{user.get_username()}>")


def asks_get_auth(request):
    return HttpResponse(f"on behalf of <{get_auth(request).user.get_username()}>")


async def asks_aget_auth(request):
    return HttpResponse(f"on behalf of <{(await aget_auth(request)).user.get_username()}>")


def raising(request):
    raise ValueError(f"on behalf of <{request.user.get_username()}>")


def denying(request):
    raise PermissionDenied(f"on behalf of <{request.user.get_username()}>")


def missing(request):
    raise Http404(f"on behalf of <{request.user.get_username()}>")


def signs_in(request):
    """Make a session of whoever it is: what a token must not be able to become."""
    if request.user.is_authenticated:
        login(request, request.user, backend="django.contrib.auth.backends.ModelBackend")
    return on_behalf_of(request)


class Page(View):
    def dispatch(self, request, *args, **kwargs):
        return on_behalf_of(request)


class AsyncPage(View):
    async def get(self, request):
        return await aplain(request)


class Template(TemplateView):
    def render_to_response(self, context, **kwargs):
        return on_behalf_of(self.request)


class Listing(PermissionRequiredMixin, ListView):
    permission_required = SCOPE
    model = User

    def render_to_response(self, context, **kwargs):
        return on_behalf_of(self.request)


class Detail(DetailView):
    def get(self, request, *args, **kwargs):
        return on_behalf_of(request)


class Create(CreateView):
    def get(self, request, *args, **kwargs):
        return on_behalf_of(request)


class Redirect(RedirectView):
    def get_redirect_url(self, *args, **kwargs):
        return f"/on-behalf-of/<{self.request.user.get_username()}>"


class Callable:
    def __call__(self, request):
        return on_behalf_of(request)


class Api(APIView):
    def get(self, request):
        return Response({"on behalf of": f"<{request.user.get_username()}>"})


class ClosedApi(Api):
    permission_classes = [permissions.IsAuthenticated]


@api_view(["GET"])
def api_function(request):
    return Response({"on behalf of": f"<{request.user.get_username()}>"})


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["username"]


class Users(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    permission_classes = [permissions.DjangoModelPermissions]


class Things(viewsets.ViewSet):
    def list(self, request):
        return Response({"on behalf of": f"<{request.user.get_username()}>"})


router = routers.SimpleRouter()
router.register("users", Users)
router.register("things", Things, basename="thing")


def careless(view):
    """A project's decorator, which keeps what it wraps apart."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return wrapper


backoffice = AdminSite(name="backoffice")
backoffice.register(User, ModelAdmin)

#: Views that state no scope, by name.
UNSTATED = {
    "plain": plain,
    "aplain": aplain,
    "get_auth": asks_get_auth,
    "aget_auth": asks_aget_auth,
    "csrf_exempt": csrf_exempt(plain),
    "never_cache": never_cache(plain),
    "careless": careless(plain),
    "partial": partial(plain),
    "callable": Callable(),
    "raising": raising,
    "denying": denying,
    "missing": missing,
    "signs_in": signs_in,
    "django_login_required": django_login_required(plain),
    "django_permission_required": permission_required(SCOPE)(plain),
    "staff_member_required": staff_member_required(plain),
    "our_login_required": ours.login_required(plain),
    "our_alogin_required": ours.login_required(aplain),
    "our_method_required": ours.auth_method_required("api_key", "bearer", "token", "callback")(plain),
    "page": Page.as_view(),
    "async_page": AsyncPage.as_view(),
    "template": Template.as_view(),
    "listing": Listing.as_view(),
    "detail": Detail.as_view(),
    "create": Create.as_view(),
    "redirect": Redirect.as_view(),
    "api": Api.as_view(),
    "closed_api": ClosedApi.as_view(),
    "api_function": api_function,
}

#: Pages where people manage accounts.
FOR_PEOPLE = {
    "password_change": auth_views.PasswordChangeView.as_view(success_url="/"),
    "password_change_done": auth_views.PasswordChangeDoneView.as_view(template_name="admin/base.html"),
    "password_reset": auth_views.PasswordResetView.as_view(success_url="/"),
    "own_password_change": careless(auth_views.PasswordChangeView.as_view(success_url="/")),
    "admin_view": site.admin_view(plain),
    "cacheable_admin_view": site.admin_view(plain, cacheable=True),
}


@method_decorator(ours.scope_required(SCOPE), name="dispatch")
class DecoratedPage(Page):
    pass


class ScopePage(our_mixins.ScopeRequiredMixin, Page):
    scope_required = SCOPE


class AllowedPage(our_mixins.CredentialAllowedMixin, Page):
    pass


#: Views that say they look at scopes, and need SCOPE.
STATED = {
    "scope": ours.scope_required(SCOPE)(plain),
    "ascope": ours.scope_required(SCOPE)(aplain),
    "scope_page": ScopePage.as_view(),
    "decorated_page": DecoratedPage.as_view(),
    "scope_on_class": ours.scope_required(SCOPE)(Page.as_view()),
    "scope_below_login": ours.login_required(ours.scope_required(SCOPE)(plain)),
    "scope_above_login": ours.scope_required(SCOPE)(ours.login_required(plain)),
}

#: Views that take every restricted credential.
ALLOWED = {
    "allowed": ours.credential_allowed(plain),
    "aallowed": ours.credential_allowed(aplain),
    "allowed_page": AllowedPage.as_view(),
}


def handler404(request, exception):
    return HttpResponse(f"nothing here for <{request.user.get_username()}>", status=404)


def handler500(request):
    return HttpResponse(f"an error for <{request.user.get_username()}>", status=500)


class FlatpageMiddleware:
    """Answers a 404 with a page for members, as FlatpageFallbackMiddleware does."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 404 and request.user.is_authenticated:
            return on_behalf_of(request)
        return response


class EarlyMiddleware(FlatpageMiddleware):
    """Answers before any view, as maintenance pages and debug tools for staff do."""

    def __call__(self, request):
        if request.path_info == "/early/" and request.user.is_authenticated:
            return on_behalf_of(request)
        return self.get_response(request)


class SwitchUrlconf(FlatpageMiddleware):
    """Picks the URLs by the host, as django-hosts does, after we have looked."""

    def __call__(self, request):
        if request.GET.get("urlconf"):
            request.urlconf = "tests.attacks.other_places"
        return self.get_response(request)


def owner():
    return User.objects.get(username="root")


def restricted_callback(request):
    """A project's own kind of credential, with scopes."""
    given = request.META.get("HTTP_X_PASS")
    if given is None:
        return None
    return UserToken(owner(), LoginState.PROGRAM, "callback", granted=frozenset(given.split()))


urlpatterns = [
    path("admin/", site.urls),
    path("backoffice/", backoffice.urls),
    path("nested/", include(([path("admin/", backoffice.urls)], "nested"))),
    path("api/", include(router.urls)),
    *(path(f"{name}/", view) for name, view in {**UNSTATED, **FOR_PEOPLE, **STATED, **ALLOWED}.items()),
    re_path(r"^admin-like/(?P<rest>.*)$", lambda request, rest: plain(request)),
]
