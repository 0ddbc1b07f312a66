"""Lists of a million rows: never counted to the end, and never asked about what is secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    Pages = Paginator[Any]
else:
    Base, Pages = admin.ModelAdmin, Paginator

#: The stylesheet of our parts of the admin.
LOOK: dict[str, Sequence[str]] = {"all": ["sessionauth/admin/parts.css"]}
#: So many rows are counted, and so far one can turn the pages; whoever looks for an older one searches or filters.
MOST = 10_000
#: What no URL may ask about: with `__startswith` a digest could be guessed letter by letter.
NEVER_ASKED = (
    "digest",
    "session_digest",
    "refresh_digest",
    "imported_digest",
    "previous_digest",
    "selector",
    "sid",
)


class BoundedPaginator(Pages):
    """Counts at most MOST rows: counting them all reads the whole table."""

    @cached_property
    def count(self) -> int:
        """How many there are, or MOST."""
        rows: Any = self.object_list
        return int(rows[:MOST].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than can be turned to."""
        return self.count == MOST


class ChoiceFilter(admin.SimpleListFilter):
    """Narrows a list down by one of a few words, which are known without reading the table; others are not heard."""

    #: What can be chosen, by what stands for it in the URL.
    words: Any = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what can be chosen."""
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of what was chosen."""
        chosen = self.value()
        return queryset if chosen not in dict(self.lookup_choices) else self.narrowed(queryset, chosen)

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return those of `rows` that `chosen`, one of the words, stands for."""
        raise NotImplementedError


class BoundedList(Base):
    """A list that costs as much with a million rows as with a hundred."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    change_list_template = "sessionauth/admin/list.html"
    never_asked: tuple[str, ...] = NEVER_ASKED

    class Media:
        css: ClassVar = LOOK

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse questions about digests, which Django would let any URL ask."""
        if any(part in self.never_asked for part in lookup.split("__")):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
