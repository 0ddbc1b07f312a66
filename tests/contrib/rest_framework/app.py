"""An API of groups, as a project writes it with REST framework. A URLconf."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.utils.decorators import method_decorator
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action, api_view, authentication_classes, permission_classes
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    DjangoModelPermissions,
    IsAdminUser,
    IsAuthenticated,
)
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth import get_auth
from sessionauth.contrib.rest_framework import (
    HasScope,
    IsFresh,
    RequestAuthentication,
)
from sessionauth.decorators import credential_allowed
from sessionauth.mixins import CredentialAllowedMixin, ScopeRequiredMixin

SCOPES = {
    "groups:read": ("Read groups.", ["auth.view_group"]),
    "groups:write": ("Write groups.", ["auth.add_group", "auth.change_group", "auth.delete_group"]),
}
READ, WRITE = "groups:read", "groups:write"
BY_METHOD = {"GET": READ, "OPTIONS": READ, "*": WRITE}


def told(request):
    """Tell everything by which a view may learn who it is."""
    inner = request._request
    return {
        "user": request.user.get_username() if request.user else None,
        "auth": type(request.auth).__name__,
        "inner": inner.user.get_username() if inner.user else None,
        "asked": get_auth(inner).user.get_username(),
        "face": str(getattr(inner, "auth", None) or ""),
        "method": get_auth(request).method,
    }


class Tell(APIView):
    """Says who is there."""

    authentication_classes = [RequestAuthentication]
    renderer_classes = [JSONRenderer]

    def get(self, request, **kwargs):
        return Response(told(request))

    post = put = delete = get


def tell(*permissions, by=(RequestAuthentication,), view=Tell):
    return view.as_view(authentication_classes=list(by), permission_classes=list(permissions))


@api_view(["GET", "POST"])
@authentication_classes([RequestAuthentication])
@permission_classes([HasScope(READ)])
def function(request):
    return Response(told(request))


@api_view(["GET", "POST"])
@authentication_classes([RequestAuthentication])
@permission_classes([IsAuthenticated])
def closed_function(request):
    return Response(told(request))


class CanRead(HasScope):
    scopes = READ


class OwnScope(Tell):
    permission_classes = [HasScope]
    scope_required = READ


class AskedScope(Tell):
    permission_classes = [HasScope]

    def get_scope_required(self):
        return BY_METHOD


class ByOverride(Tell):
    """States a scope nowhere but in an override, which looks at the user."""

    def get_permissions(self):
        return [HasScope(READ)] if self.request.user.is_authenticated else [IsAuthenticated()]


class Overridden(Tell):
    """States a scope, and then takes it back."""

    permission_classes = [HasScope(READ)]

    def get_permissions(self):
        return [IsAuthenticated()]


class Lazy(Tell):
    """Asks who it is only in the handler."""

    permission_classes = [AllowAny]

    def perform_authentication(self, request):
        pass


class LazyPermissions(Lazy):
    permission_classes = [IsAuthenticated]


class LazyMixed(Lazy):
    permission_classes = [(HasScope(READ) & IsAdminUser) | IsAuthenticated]


class NoInitial(Tell):
    """Skips all checks, and then looks at the user."""

    permission_classes = [IsAuthenticated]

    def initial(self, request, *args, **kwargs):
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)


class NoChecks(Tell):
    permission_classes = [IsAuthenticated]

    def check_permissions(self, request):
        pass


class Unlisted(Tell):
    """Has authenticators that no class attribute tells of."""

    authentication_classes = [RequestAuthentication]
    permission_classes = [AllowAny]

    def get_authenticators(self):
        return []


class Inner(Tell):
    """Goes by the user of Django's request."""

    authentication_classes = []

    def dispatch(self, request, *args, **kwargs):
        self.who = request.user.get_username()
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, **kwargs):
        return Response({"user": self.who})


class IsMine(BasePermission):
    """Speaks of objects alone."""

    def has_object_permission(self, request, view, obj):
        return obj.name == "mine"


class Objects(generics.RetrieveAPIView):
    authentication_classes = [RequestAuthentication]
    permission_classes = [(HasScope(READ) & IsMine) | IsAuthenticated]
    renderer_classes = [JSONRenderer]
    queryset = Group.objects.all()
    lookup_field = "name"

    def get_serializer_class(self):
        return GroupSerializer


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ("id", "name")


class Groups(viewsets.ModelViewSet):
    """Groups, read and written by scopes."""

    authentication_classes = [RequestAuthentication]
    permission_classes = [HasScope(BY_METHOD)]
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer

    @action(detail=True, methods=["post"], permission_classes=[HasScope(WRITE) & IsFresh()])
    def rename(self, request, pk=None):
        """Rename a group."""
        return Response(told(request))

    @action(detail=False, permission_classes=[IsAuthenticated])
    def closed(self, request):
        """Say who is there, and state no scope."""
        return Response(told(request))

    @action(detail=False, permission_classes=[IsAuthenticated])
    @credential_allowed
    def opened(self, request):
        """Say who is there, whatever their scopes."""
        return Response(told(request))


class PerAction(Groups):
    """States by action what it asks for."""

    permission_classes = [IsAuthenticated]

    def get_permissions(self):
        asked = {"list": [HasScope(READ)], "create": [HasScope(WRITE)()]}
        return asked.get(self.action) or super().get_permissions()


class StockGroups(viewsets.ModelViewSet):
    authentication_classes = [RequestAuthentication]
    permission_classes = [DjangoModelPermissions]
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer


class Browsable(Tell):
    renderer_classes = [BrowsableAPIRenderer]


@credential_allowed
class AllowedClass(Tell):
    permission_classes = [IsAuthenticated]


class AllowedMixin(CredentialAllowedMixin, Tell):
    permission_classes = [IsAuthenticated]


class AllowedHandler(Tell):
    permission_classes = [IsAuthenticated]

    @method_decorator(credential_allowed)
    def get(self, request):
        return Response(told(request))


class ScopedByMixin(ScopeRequiredMixin, Tell):
    scope_required = READ
