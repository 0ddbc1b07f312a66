"""Models of a project that had our names before we came: none of them may get in our way, nor we in theirs."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Owned(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    class Meta:
        abstract = True


class APIKey(Owned):
    key = models.CharField(max_length=40)


class AccessToken(Owned):
    token = models.CharField(max_length=40)


class LoginSession(Owned):
    session_key = models.CharField(max_length=40)
