"""The view that every stack of REST framework has: it says who is there."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Who(APIView):  # type: ignore[misc]
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(request.user.get_username() if request.user.is_authenticated else "a program")
