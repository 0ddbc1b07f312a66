"""How Sphinx builds these pages: offline, and with every warning an error (`./dev docs`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import django
from django.conf import settings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

# autodoc imports the models, and models want a project.
settings.configure(
    SECRET_KEY="only-for-the-documentation-only-for-the-documentation",  # noqa: S106
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "sessionauth",
    ],
    USE_I18N=False,
)
django.setup()

import sessionauth  # noqa: E402 - the path is set above

project = "sessionauth"
author = "The sessionauth developers"
copyright = author
version = release = sessionauth.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "Thumbs.db", ".DS_Store"]
nitpicky = True
default_role = "code"
highlight_language = "python"

myst_enable_extensions = ["colon_fence", "deflist", "tasklist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

# Signatures name types of Django and of the standard library, whose pages cannot be asked offline, and of our own that
# are no part of what a project writes. Everything else that leads nowhere is an error.
nitpick_ignore_regex = [
    (r"py:.*", r"(django|ninja|rest_framework|collections|datetime|asgiref|dataclasses|enum|typing)\..*"),
    (r"py:.*", r"tuple\[str"),
    (r"py:.*", r"(Any|Callable|ClassVar|Collection|Iterable|Mapping|Sequence|Self|Literal|datetime|timedelta)"),
    (r"py:.*", r"(HttpRequest|HttpResponse|QuerySet|models\..*|crypto\..*|V|FailureCode)"),
    (r"py:.*", r"sessionauth\.(crypto|access|decorators\.V|guards\.base\.C|user_token\.RequestState).*"),
]

html_theme = "furo"
html_title = f"sessionauth {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sphinx = False
html_copy_source = False


#: Calls and names of settings, where a docstring leaves them bare as prose does.
CODE = re.compile(r"(?<![\w`.\"])([A-Za-z_][\w.]*\(\)|[A-Z]+(?:_[A-Z]+)+)(?![\w`])")


def _mark_code(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = [CODE.sub(r"``\1``", line) for line in lines]


def setup(app: object) -> None:
    """Connect what prepares the docstrings."""
    app.connect("autodoc-process-docstring", _mark_code)  # type: ignore[attr-defined]
