"""A small site with an API in REST framework and its document, as a project has it. A URLconf."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import generics, routers, serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from sessionauth import get_auth
from sessionauth.contrib.rest_framework import (
    AccessTokenAuthentication,
    APIKeyAuthentication,
    HasScope,
    IsFresh,
    RequestAuthentication,
)
from tests.contrib.rest_framework import app
from tests.contrib.rest_framework.app import READ, WRITE, GroupSerializer


class WhoSerializer(serializers.Serializer):
    user = serializers.CharField()
    method = serializers.CharField()


class RenameSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=20)


class Groups(app.Groups):
    """Groups of people."""

    renderer_classes = [JSONRenderer]
    rename = closed = opened = None


class Whoami(generics.GenericAPIView):
    """Tell who is there."""

    authentication_classes = [RequestAuthentication]
    permission_classes = [HasScope([[READ], [WRITE]])]
    renderer_classes = [JSONRenderer]
    serializer_class = WhoSerializer

    def get(self, request):
        return Response({"user": str(request.user), "method": get_auth(request).method})


class Names(generics.ListAPIView):
    """The names of all groups."""

    authentication_classes = [AccessTokenAuthentication]
    permission_classes = [HasScope(READ) | IsAuthenticated]
    renderer_classes = [JSONRenderer]
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer


class Rename(generics.GenericAPIView):
    """Rename a group."""

    authentication_classes = [APIKeyAuthentication, RequestAuthentication]
    permission_classes = [HasScope(WRITE) & (IsFresh() | HasScope("auth.change_group"))]
    renderer_classes = [JSONRenderer]
    queryset = Group.objects.order_by("pk")
    serializer_class = RenameSerializer

    def post(self, request, pk):
        data = self.get_serializer(data=request.data)
        data.is_valid(raise_exception=True)
        return Response({"name": data.validated_data["name"], "was": self.get_object().name})


class Open(generics.ListAPIView):
    """What everybody may see."""

    authentication_classes = [RequestAuthentication]
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer


router = routers.SimpleRouter()
router.register("groups", Groups)

api = [
    path("api/", include(router.urls)),
    path("api/whoami/", Whoami.as_view()),
    path("api/names/", Names.as_view()),
    path("api/groups/<int:pk>/rename/", Rename.as_view()),
    path("api/open/", Open.as_view()),
]

document = SpectacularAPIView.as_view(patterns=api, authentication_classes=[], permission_classes=[AllowAny])

urlpatterns = [
    *api,
    path("schema/", document),
    path("account/", include("sessionauth.urls")),
    path("account/api/", include("sessionauth.api_urls")),
]
