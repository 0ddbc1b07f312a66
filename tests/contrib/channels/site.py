"""Consumers of Channels, async and sync, with our mixin and without, behind each of our middlewares."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from sessionauth.contrib.channels import AuthConsumerMixin, AuthMiddleware, AuthMiddlewareStack

VIEW = "auth.view_user"
#: How often the consumers that are watched ask again, in seconds.
SOON = 0.05


def told(scope: Any) -> str:
    auth = scope["auth"]
    return json.dumps(
        {
            "user": scope["user"].get_username(),
            "method": auth.method,
            "offers": scope["subprotocols"],
            "headers": sorted(name.decode() for name, _ in scope["headers"]),
            "session": "session" in scope,
        }
    )


class Plain(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        chosen = "chat" if "chat" in self.scope["subprotocols"] else None
        await self.accept(subprotocol=chosen)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data == "still?":
            await self.send(text_data=json.dumps(await self.scope["auth_is_still_good"]()))
        elif text_data == "repr":
            await self.send(text_data=repr(self.scope))
        else:
            await self.send(text_data=told(self.scope))


class Sync(WebsocketConsumer):  # type: ignore[misc]
    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.send(text_data=told(self.scope))


class Mine(AuthConsumerMixin, Plain):
    recheck_every = SOON
    codes: list[int] = []

    async def disconnect(self, code: int) -> None:
        self.codes.append(code)


class MineSync(AuthConsumerMixin, Sync):
    recheck_every = SOON


class Scoped(Mine):
    scopes = VIEW


class Writes(Mine):
    scopes = {"GET": VIEW, "POST": "auth.change_user"}


class Reads(Mine):
    scopes = {"GET": VIEW, "POST": "auth.change_user"}
    read_only = True


class Fresh(Mine):
    fresh = 60


class Open(Mine):
    login_required = False


class Seldom(Mine):
    recheck_every = 3600


class Never(Mine):
    recheck_every = None


class Pump(Mine):
    """Sends without ever listening."""

    async def connect(self) -> None:
        await self.accept()
        while True:
            await self.send(text_data="tick")
            await asyncio.sleep(SOON / 10)


CONSUMERS: dict[str, Any] = {
    "plain": Plain,
    "sync": Sync,
    "mine": Mine,
    "mine-sync": MineSync,
    "scoped": Scoped,
    "writes": Writes,
    "reads": Reads,
    "fresh": Fresh,
    "open": Open,
    "pump": Pump,
    "seldom": Seldom,
    "never-mine": Never,
}

routes = URLRouter(
    [
        *(path(f"{name}/", consumer.as_asgi()) for name, consumer in CONSUMERS.items()),
        path("wrapped/", AuthMiddleware(Plain.as_asgi(), scopes=VIEW, recheck_every=SOON)),
        path("required/", AuthMiddleware(Plain.as_asgi(), required=True)),
        path("never/", AuthMiddleware(Plain.as_asgi(), recheck_every=None)),
        path("friends/", AuthMiddleware(Plain.as_asgi(), origins=["https://friend.example", "https://*.us.example"])),
    ]
)

APPS: dict[str, Any] = {
    "alone": AuthMiddleware(routes),
    "stack": AuthMiddlewareStack(routes),
    "channels": SessionMiddlewareStack(AuthMiddleware(routes)),
    "none": routes,
}

application = ProtocolTypeRouter({"websocket": AuthMiddlewareStack(routes)})
