"""All findings together: their ids, their words, their tests, and that looking for them costs nothing."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from django.core.checks import Error, Tags, Warning, registry
from django.core.management import call_command

from sessionauth import checks
from sessionauth.checks.finding import APP
from tests.checks.asking import codes

pytestmark = pytest.mark.once

FINDINGS = checks.findings()


def test_ids__are_unique_and_so_are_their_numbers():
    numbers = [finding.code[1:] for finding in FINDINGS]
    assert len(numbers) == len(set(numbers)) > 50
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.code)
def test_finding__has_an_id_a_sentence_and_a_hint(finding):
    assert re.fullmatch(r"[EW]\d{3}", finding.code)
    assert finding.says.endswith(".")
    assert re.match(r"(\{guess\})?'?[A-Z]", finding.hint)
    assert finding.hint.endswith(".")
    words = {name: "…" for text in (finding.says, finding.hint) for _, name, _, _ in Formatter().parse(text) if name}
    message = finding(**words)
    assert isinstance(message, Error if finding.code[0] == "E" else Warning)
    assert message.id == f"{APP}.{finding.code}"


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.code)
def test_finding__stands_in_a_test(finding):
    assert finding.code in _strings_in_tests()


@cache
def _strings_in_tests() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("test_*.py")]
    return {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_register__twice_registers_nothing_twice():
    before = len(registry.registry.get_checks(include_deployment_checks=True))
    checks.register()
    assert len(registry.registry.get_checks(include_deployment_checks=True)) == before


def test_checks__are_silent_once_the_app_is_out(settings):
    settings.INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
    assert codes(SESSIONAUTH_REALM=5, deploy=True) == []


@pytest.mark.django_db
def test_checks__cost_no_query(django_assert_num_queries):
    scopes = {"read": ("To read", ["auth.view_group", "auth.x"])}
    with django_assert_num_queries(0):
        assert codes(deploy=True) == []
        assert codes(SESSIONAUTH_LOGIN_FIELDS=["email"], SESSIONAUTH_SCOPES=scopes, deploy=True) == ["W017", "W088"]


def test_checks__can_be_silenced(settings, capsys):
    settings.SESSIONAUTH_REALM = "Büro"
    call_command("check", tags=[APP])
    assert f"{APP}.W013" in capsys.readouterr().err
    settings.SILENCED_SYSTEM_CHECKS = [f"{APP}.W013"]
    call_command("check", tags=[APP])
    assert f"{APP}.W013" not in capsys.readouterr().err


@pytest.mark.parametrize("tag", [APP, Tags.security, Tags.models, Tags.urls, Tags.database])
def test_checks__carry_tags(tag):
    ours = {topic.__name__ for topic in checks.topics()}
    tagged = [one for one in registry.registry.get_checks(include_deployment_checks=True) if tag in one.tags]
    assert ours & {one.__module__ for one in tagged}
