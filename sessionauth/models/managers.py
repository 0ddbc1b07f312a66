"""How credentials are issued and found again by their secrets."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from asgiref.sync import sync_to_async
from django.db import models, router
from django.db.models.manager import BaseManager
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessionauth import compiled, crypto
from sessionauth.conf import djangos, settings
from sessionauth.exceptions import InvalidCredential
from sessionauth.late import LateModule
from sessionauth.models import limiting, tagging
from sessionauth.models.lasting import lasts
from sessionauth.signals import credential_issued

if TYPE_CHECKING:
    from sessionauth.models import tombstones
else:
    tombstones = LateModule("sessionauth.models.tombstones")


class CredentialQuerySet(models.QuerySet[Any]):
    """Questions about many credentials at once."""

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(lasts(timezone.now()), revoked_at=None)

    def update(self, **kwargs: Any) -> int:
        """See Django's. The cache of credentials is told, and only what it is told of is changed."""
        if not tombstones.is_on() or kwargs.keys() <= {"last_used_at"}:
            return super().update(**kwargs)
        self._for_write = True
        using = self.db
        known = dict(self.using(using).order_by().values_list("pk", "digest")[: tombstones.MOST + 1])
        if len(known) > tombstones.MOST:
            with tombstones.all_void(using):
                return super().update(**kwargs)
        rows = self.model._base_manager.using(using).filter(pk__in=known)
        with tombstones.buried(lambda: [*known.values(), *rows.values_list("digest", flat=True)], using):
            return super(CredentialQuerySet, self.filter(pk__in=known)).update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        """See Django's. Where it changes rows that are there, the cache of credentials forgets all."""
        with tombstones.all_void(self.db) if kwargs.get("update_conflicts") else nullcontext():
            return super().bulk_create(*args, **kwargs)

    def issued_during(self, impersonation: Any) -> Self:
        """Return those that end with `impersonation`, the ended among them."""
        path = self.model.user_path
        if path is None or impersonation.target_id is None:
            return self.none()
        return self.filter(**{path: impersonation.target_id}, impersonation=impersonation.pk)  # for that is the index

    def of(self, user: Any) -> Self:
        """Return those that stand for `user`, by whatever path their model names; none where it names no path."""
        path = self.model.user_path
        return self.none() if path is None else self.filter(**{path: user.pk})


class CredentialManager(models.Manager.from_queryset(CredentialQuerySet)):  # type: ignore[misc]
    """Issues credentials and finds them again by their secret."""

    @sensitive_variables("secret")
    def issue(
        self,
        *,
        name: str = "",
        scopes: Collection[str] | None = None,
        expires_at: datetime | None = None,
        **fields: Any,
    ) -> tuple[Any, str]:
        """Make a credential and return `(row, secret)`; the secret exists nowhere else and cannot be had again.

        `name` is a label for lists. `scopes` restricts the credential: None for all that its owner may, an empty list
        for nothing. `expires_at` is the moment it ends, None for never. `fields` go to the model, `user` above all.

        Raises ValidationError for a scope that means nothing here, or a value its field refuses, TypeError for a string
        where a list of scopes belongs, and TooManyCredentials where the user has as many as SESSIONAUTH_MAX_TOKENS or
        SESSIONAUTH_MAX_KEYS allows. Raises ImpersonationDenied ("issuing") for whoever acts as somebody else, unless
        SESSIONAUTH_IMPERSONATION_CREDENTIALS says otherwise: then it ends with that.
        """
        row, secret = self.draft(name=name, scopes=scopes, expires_at=expires_at, **fields)
        # The database is named, because Django's routers would follow the user's.
        using = self._db or router.db_for_write(self.model)
        with tagging.held(row, using):
            limiting.enter(row, using)
        credential_issued.send_robust(sender=self.model, credential=row)
        return row, secret

    async def aissue(self, **fields: Any) -> tuple[Any, str]:
        """See issue()."""
        issued: tuple[Any, str] = await sync_to_async(self.issue)(**fields)
        return issued

    @sensitive_variables("secret")
    def draft(self, *, scopes: Collection[str] | None = None, **fields: Any) -> tuple[Any, str]:
        """Return a credential that is not saved yet, and its secret. See issue() for what is given and raised."""
        if isinstance(scopes, str):
            raise TypeError(f"scopes must be a list of scopes, not one string: [{scopes!r}]")
        row, secret = self._new(scopes=None if scopes is None else sorted(set(scopes)), **fields)
        tagging.tag(row)
        row.clean_scopes()
        # Foreign keys are left to the database: validating them here costs a query each.
        row.clean_fields(exclude={field.name for field in row._meta.fields if field.is_relation})
        return row, secret

    @sensitive_variables("secret")
    def renewed(self, **fields: Any) -> tuple[Any, str]:
        """Return a credential with these very `fields`, not saved yet, and its secret.

        They are those of a row that it comes in the place of, and so are not judged: what a scope was called then may
        mean nothing by now, and still grants nothing more. Raises ImpersonationDenied ("issuing") for whoever acts as
        somebody else: what was there before would be gone after that.
        """
        tagging.refuse()
        return self._new(**fields)

    @sensitive_variables("secret")
    def _new(self, **fields: Any) -> tuple[Any, str]:
        secret = crypto.new_secret(settings.KEY_BRAND, self.model.kind, settings.KEY_ENVIRONMENT)
        fields["rate_group"] = fields.get("rate_group") or uuid.uuid4()
        row = self.model(
            digest=crypto.digests(secret, settings.KEY_PEPPERS)[0],
            pepper=crypto.first(settings.KEY_PEPPERS),
            hint=crypto.hint(secret),
            **fields,
        )
        return row, secret

    def lookup(self, parsed: crypto.ParsedSecret, users: models.QuerySet[Any] | None = None) -> Any:
        """Return the row of a secret, joined with its user: one query by the unique index, whatever the number of rows.

        It is found by any of the secret's digests. Should several rows have one, the secret is good only if all are.
        `users` limits whose credentials are found, beyond what the user model's default manager shows.
        Raises InvalidCredential when there is none, or it is not to be used any more.

        The row is read where it is written: a replica that lags would show a revoked credential as good.
        """
        using, owners = self._db or router.db_for_write(self.model), djangos.user_model
        visible = [] if self.model.user_path is None else _visible_users(owners, users)
        is_joined = self.model.user_path is not None and router.db_for_write(owners) == using
        found = self._found(using, parsed.digests, visible, owners if is_joined else None)
        if not found:
            is_elsewhere = parsed.environment != settings.KEY_ENVIRONMENT
            raise InvalidCredential("environment" if is_elsewhere else "unknown")
        for row in found:
            if (code := row.failure()) is not None:
                raise InvalidCredential(code, credential=row)
            if not is_joined and (user := row.get_user()) is not None:
                _must_be_in(visible, user)
        return found[0] if len(found) == 1 else min(found, key=lambda row: parsed.digests.index(row.digest))

    def _found(
        self,
        using: str,
        digests: Sequence[str],
        visible: Sequence[models.QuerySet[Any]],
        owners: type[models.Model] | None,
    ) -> list[Any]:
        """Return the rows of `digests`, with their users if `owners` is their model; compiled once if no more is asked.

        That is wherever no queryset of `visible` limits whose they may be.
        """
        found = None
        if not visible:
            build = _by_digest if owners is None else _with_users
            digest = self.model._meta.get_field("digest")
            found = compiled.rows(build, self, using, [(digest, one) for one in digests], joined=owners)
        if found is None:
            rows = _by_digest(self.using(using), *digests)
            found = list(rows if owners is None else self._joined(rows, visible))
        return found

    def _joined(self, rows: models.QuerySet[Any], visible: Iterable[models.QuerySet[Any]]) -> models.QuerySet[Any]:
        path = self.model.user_path
        rows = rows.select_related(path)
        for shown in visible:
            rows = rows.filter(models.Q(**{f"{path}__isnull": True}) | models.Q(**{f"{path}__in": shown}))
        return rows


def _by_digest(rows: models.QuerySet[Any], *digests: str) -> models.QuerySet[Any]:
    return rows.filter(digest__in=digests).order_by()


def _with_users(rows: models.QuerySet[Any], *digests: str) -> models.QuerySet[Any]:
    model: Any = rows.model
    return _by_digest(rows, *digests).select_related(model.user_path)


def _visible_users(owners: type[models.Model], users: models.QuerySet[Any] | None) -> list[models.QuerySet[Any]]:
    """Return the querysets in which a credential's user must be, of the user model `owners`.

    A join goes round the user model's default manager, so a manager with a `get_queryset` of its own (soft deletion,
    tenants) has to be asked as well; Django's own shows everybody and is spared.
    """
    manager = owners._default_manager
    found = [] if users is None else [users.order_by()]
    if type(manager).get_queryset is not BaseManager.get_queryset:
        found.insert(0, manager.get_queryset().order_by())
    return found


def _must_be_in(visible: Iterable[models.QuerySet[Any]], user: Any) -> None:
    """Ask for each of `visible` whether it shows `user`, who lives in another database than the credential."""
    if not all(shown.using(user._state.db).filter(pk=user.pk).exists() for shown in visible):
        raise InvalidCredential("unknown")
