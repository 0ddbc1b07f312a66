"""Channels: who a socket is, by a session, a header or a subprotocol, and whether it still is.

application = ProtocolTypeRouter({
"http": get_asgi_application(),
"websocket": AuthMiddlewareStack(URLRouter([path("notes/", Notes.as_asgi())])),
})
"""

from __future__ import annotations

from sessionauth.contrib.channels.handshake import OFFER, PROTOCOL
from sessionauth.contrib.channels.middleware import AuthConsumerMixin, AuthMiddleware, AuthMiddlewareStack

__all__ = ["OFFER", "PROTOCOL", "AuthConsumerMixin", "AuthMiddleware", "AuthMiddlewareStack"]
