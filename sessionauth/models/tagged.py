"""What may be issued while somebody acts as somebody else: it names that, and is good no longer than it runs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessionauth.models.lasting import LastingModel


class TaggedModel(LastingModel):
    """A row that may be tied to an impersonation: whoever uses it acts as its user, and is that one's actor."""

    #: Whether it runs is asked of that row at each use, so that a row that is gone, or ended by SQL, ends this as well.
    impersonation = models.ForeignKey(
        "sessionauth.Impersonation",
        models.DO_NOTHING,
        verbose_name=_("impersonation"),
        null=True,
        editable=False,
        related_name="+",
        # Those of one are found by their user, for that is the index there is.
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        abstract = True

    _not_saved_again: ClassVar = LastingModel._not_saved_again | {"impersonation"}
