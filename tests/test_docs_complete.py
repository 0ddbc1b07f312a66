"""The documentation names everything there is, and nothing that is not."""

from __future__ import annotations

import inspect
import pkgutil
import re
import tomllib
from importlib import import_module
from typing import get_args

import pytest
from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.dispatch import Signal

import sessionauth
from sessionauth import (
    access,
    conf,
    decorators,
    exceptions,
    forms,
    mixins,
    models,
    signals,
    testing,
    urls,
    user_token,
)
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.base import BaseAuthenticator
from sessionauth.authenticators.basic import BasicAuthenticator
from sessionauth.authenticators.callback import CallbackAuthenticator
from sessionauth.authenticators.remember import RememberAuthenticator
from sessionauth.authenticators.session import SessionAuthenticator
from sessionauth.authenticators.token import BearerAuthenticator, TokenAuthenticator
from sessionauth.exceptions import LoginDenied
from sessionauth.logs import ATTRIBUTES
from sessionauth.sessions.timeouts import PRESETS
from tests.pages import DOCS, ROOT, name_of, pages
from tests.test_conformance import MENTION, fault

pytestmark = pytest.mark.once

REFERENCE = DOCS / "reference"
PACKAGE = ROOT / "sessionauth"

AUTHENTICATORS = [
    APIKeyAuthenticator,
    BasicAuthenticator,
    BearerAuthenticator,
    CallbackAuthenticator,
    RememberAuthenticator,
    SessionAuthenticator,
    TokenAuthenticator,
]


def text_of(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """The text below the heading `title`, up to the next of its level."""
    _, found, rest = text.partition(f"\n## {title}\n")
    assert found, f"there is no section {title!r}"
    return rest.partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Every name in code in the first cell of a table's row."""
    rows = re.findall(r"^\| (`[^|]*?) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


# ---- everything there is


def test_public_names():
    named = re.findall(r"\{py:\w+\}`(\w+) <", text_of("package"))
    assert sorted(named) == sorted(sessionauth.__all__)


def test_user_token__every_attribute():
    public = [name for name in dir(user_token.UserToken) if not name.startswith("_")]
    attributes = {name for name in public if not inspect.isfunction(getattr(user_token.UserToken, name))}
    assert set(first_cells(section(text_of("user-token"), "Attributes"))) == attributes


def test_user_token__every_method():
    methods = {name for name, _ in inspect.getmembers(user_token.UserToken, inspect.isfunction) if name[0] != "_"}
    told = section(text_of("user-token"), "Operators and methods")
    assert {name for name in methods if f"auth.{name}(" not in told} == set()


def test_user_token__every_state():
    told = (DOCS / "topics" / "user-token.md").read_text()
    assert {state.name for state in user_token.LoginState if f"`{state.name}`" not in told} == set()


def test_signals__every_one_with_its_arguments():
    source = (PACKAGE / "signals.py").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", text_of("signals"), re.MULTILINE))
    for name in (name for name, value in vars(signals).items() if isinstance(value, Signal)):
        comment = re.search(rf"((?:^#:.*\n)+){name} = ", source, re.MULTILINE)
        assert comment is not None
        arguments = re.findall(r"`(\w+)`", comment[1].partition("Arguments:")[2].partition(".\n")[0])
        assert arguments
        assert [one for one in arguments if f"`{one}`" not in rows[name]] == [], name


@pytest.mark.parametrize("kind", AUTHENTICATORS, ids=lambda kind: kind.__name__)
def test_authenticators__every_option_with_its_default(kind):
    told = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section(text_of("authenticators"), kind.__name__), re.MULTILINE))
    parameters = [one for name, one in inspect.signature(kind).parameters.items() if one.kind is one.KEYWORD_ONLY]
    assert sorted(told) == sorted(one.name for one in parameters)
    for one in parameters:
        default = kind.name if one.name == "name" and one.default is None else one.default
        expected = "–" if default is one.empty else f"`{default!r}`".replace("'", '"')
        assert told[one.name] == expected, one.name


def test_authenticators__every_one_there_is():
    found = set()
    for module in pkgutil.iter_modules([str(PACKAGE / "authenticators")]):
        for _, kind in inspect.getmembers(import_module(f"sessionauth.authenticators.{module.name}"), inspect.isclass):
            if issubclass(kind, BaseAuthenticator) and kind.name:
                found.add(kind)
    assert found == set(AUTHENTICATORS)


def test_problem_codes():
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    answered = set(re.findall(r"\b(?:problem|WrongBody)\(\s*(\d{3}), \"(\w+)\"", source))
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", section(text_of("problems"), "Codes"), re.MULTILINE)
    assert len(answered) > 5
    refused = {(str(kind.status), kind.code) for kind in denials() if kind.public}
    assert set(rows) == answered | refused


def test_failure_codes():
    told = first_cells(section(text_of("exceptions"), "Codes of InvalidCredential"))
    assert sorted(told) == sorted(get_args(exceptions.FailureCode))


def denials():
    return {kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, LoginDenied)}


def test_exceptions__what_a_refused_login_answers():
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| (\d{3}) \| (?:\"(.*?)(?: …)?\"|empty:.*) \|$", text_of("exceptions"), re.M
    )
    assert {kind.__name__ for kind in denials()} == {name for name, *_ in rows}
    for name, code, status, public in rows:
        kind = getattr(exceptions, name)
        assert (kind.code, str(kind.status)) == (code, status)
        assert str(kind.public).startswith(public)
        assert bool(kind.public) == bool(public)


def classes_of(module):
    """The classes that a module defines."""
    found = inspect.getmembers(module, inspect.isclass)
    return {name for name, value in found if value.__module__ == module.__name__}


def test_exceptions():
    told = text_of("exceptions")
    assert {name for name in classes_of(exceptions) if f"autoexception:: {name}\n" not in told} == set()


def test_decorators_and_mixins():
    told = text_of("decorators")
    assert {name for name in {*decorators.__all__, *classes_of(mixins)} if name not in told} == set()


def test_access():
    told = text_of("decorators")
    assert {name for name in access.__all__ if not re.search(rf":: {name}$", told, re.MULTILINE)} == set()


RECORDS = [getattr(models, name) for name in models.__all__ if hasattr(getattr(models, name), "_meta")]


@pytest.mark.parametrize("model", [one for one in RECORDS if not one._meta.abstract], ids=lambda one: one.__name__)
def test_models__every_column(model):
    columns = {field.name for field in model._meta.concrete_fields} - {"id"}
    for told in (text_of("models"), (DOCS / "topics" / "storage.md").read_text()):
        titles = [
            title for title in re.findall(r"^## (.*)$", told, re.MULTILINE) if model.__name__ in re.split(r"\W", title)
        ]
        assert len(titles) == 1
        assert sorted(set(first_cells(section(told, titles[0])))) == sorted(columns)


def test_models__every_public_name():
    assert {name for name in models.__all__ if name not in text_of("models")} == set()


def test_urls__every_one_with_its_view_and_whether_it_is_open():
    told = re.findall(r"^\| `([^`]*/)` \| `(\w+)` \| `(\w+)` \| (yes|no) \|", text_of("pages"), re.MULTILINE)
    found = [
        (re.sub(r"<\w+:", "<", str(one.pattern)), one.name, view.__name__, "yes" if view.is_open else "no")
        for one in urls.urlpatterns
        for view in [one.callback.view_class]
    ]
    assert sorted(told) == sorted(found)


def test_templates__every_block_that_is_told_of():
    rows = re.findall(r"^\| `(\w+\.html)` \| (.*) \|$", section(text_of("pages"), "Templates"), re.MULTILINE)
    assert len(rows) > 2
    for name, told in rows:
        text = (PACKAGE / "templates" / "sessionauth" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"`(\w+)`", told)) == set(re.findall(r"{% block (\w+) %}", text)), name


def test_forms():
    names = {name for name in classes_of(forms) if name.endswith("Form") and not name.startswith("_")}
    assert {name for name in names if f"autoclass:: {name}\n" not in text_of("pages")} == set()


def test_presets__are_those_of_the_code():
    length = {"–": None, "30 days": 30 * 86400, "24 hours": 86400, "12 hours": 43200, "1 hour": 3600, "15 minutes": 900}
    text = (DOCS / "topics" / "session-protection.md").read_text(encoding="utf-8")
    rows = re.findall(r'^\| `"(\w+)"` \| ([^|]+) \| ([^|]+) \| ', text, re.MULTILINE)
    told = {name: (length[idle], length[absolute]) for name, absolute, idle in rows if name in PRESETS}
    assert told == PRESETS


def test_audit__every_attribute_of_a_line():
    told = first_cells(section(text_of("events"), "The line in the log").partition("`data` holds")[0])
    assert sorted(told) == sorted(ATTRIBUTES)


def test_testing():
    documented = set(re.findall(r"auto(?:class|function):: (\w+)", text_of("testing")))
    assert set(testing.__all__) - documented == set()


# ---- and nothing that is not


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_pages__name_only_settings_there_are(page):
    named = set(re.findall(r"\bSESSIONAUTH_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert named - set(conf.declared()) == set()


def exists(path: str) -> bool:
    """Whether a dotted path leads to a module, or to a name in one."""
    words = path.split(".")
    for end in range(len(words), 0, -1):
        try:
            found = import_module(".".join(words[:end]))
        except ImportError:
            continue
        for word in words[end:]:
            if not hasattr(found, word):
                return False
            found = getattr(found, word)
        return True
    return False


IMPORTS = re.compile(r"^(?:>>> )?from (sessionauth[\w.]*) import ([\w, ]+)$", re.MULTILINE)
MENTIONS = re.compile(r"[`\"](sessionauth(?:\.[A-Za-z_]\w*)+)(?:\(\))?[`\"]")
CHECK = re.compile(r"sessionauth\.[EW]\d{3}")

#: What pages may name although it is not there.
NOT_YET: dict[str, set[str]] = {}


def permissions() -> set[str]:
    """The permissions of our models, by the names that has_perm() takes."""
    metas = [model._meta for model in apps.get_app_config("sessionauth").get_models()]
    defaults = {
        f"sessionauth.{get_permission_codename(act, opts)}" for opts in metas for act in opts.default_permissions
    }
    return defaults | {f"sessionauth.{codename}" for opts in metas for codename, _ in opts.permissions}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_pages__name_only_what_can_be_imported(page):
    text = page.read_text(encoding="utf-8")
    paths = {path for path in MENTIONS.findall(text) if not CHECK.fullmatch(path)}
    paths |= {f"{module}.{name.strip()}" for module, names in IMPORTS.findall(text) for name in names.split(",")}
    assert {path for path in paths - permissions() if not exists(path)} == NOT_YET.get(name_of(page), set())


@pytest.mark.parametrize("page", sorted(DOCS.glob("security/*.md")), ids=name_of)
def test_security__every_proof_is_a_test(page):
    named = set(MENTION.findall(page.read_text(encoding="utf-8")))
    assert {reference: told for reference in named if (told := fault(reference))} == {}


def test_security__every_risk_has_its_proof_and_what_stays_to_do():
    risks = (DOCS / "security" / "risks.md").read_text(encoding="utf-8").split("\n## ")[1:]
    for risk in risks:
        title = risk.partition("\n")[0]
        assert "\nThe app\n: " in risk, title
        assert "\nYour job\n: " in risk, title
        assert "\nProved by\n: * `tests/" in risk or "**Nothing in this release.**" in risk, title


# ---- the README


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme__commands_exist():
    script = (ROOT / "dev").read_text()
    named = set(re.findall(r"\./dev (\w+)", README))
    assert {"demo", "test"} <= named
    assert {name for name in named if not re.search(rf"^{name}\)$", script, re.MULTILINE)} == set()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links__lead_to_files(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#]+)|(?:src|srcset)=\"([^\"]+)", text)
    targets = {one or other for one, other in linked}
    assert {one for one in targets if "://" not in one and not (ROOT / one).is_file()} == set()


def test_versions__agree():
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert metadata["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "sessionauth.__version__"}
    assert re.search(r"^## (?:Unreleased \()?([\d.]+)", changelog, re.MULTILINE)[1] == sessionauth.__version__


def test_versions__supported_ones_are_those_of_the_metadata():
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert metadata["requires-python"] == ">=3.11"
    assert "3.11 or newer" in README
    djangos = next(need for need in metadata["dependencies"] if need.startswith("django>"))
    assert djangos == "django>=5.2,<6.2"
    assert "Django 5.2 LTS, 6.0 and 6.1" in README
