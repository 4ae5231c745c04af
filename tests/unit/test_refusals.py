"""The catalogue of refusals is whole: every code that is used has a text, every blank is filled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import pipeline
from pipeline.errors import UsageError
from pipeline.issues.refusals import REFUSALS, refusal

ROOT = Path(pipeline.__file__).parent


def calls() -> Iterator[tuple[str, set[str]]]:
    """Each code that a room uses, with the names of the values given with it."""
    for path in ROOT.rglob("*.py"):
        if path.name == "refusals.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"refusal", "reason"}:
                match node.args:
                    case [ast.Constant(value=str(code))]:
                        yield code, {keyword.arg or "**" for keyword in node.keywords}


USED = list(calls())


def test_every_refusal_is_used_and_none_is_missing() -> None:
    assert {code for code, _ in USED} == set(REFUSALS)


@pytest.mark.parametrize(("code", "given"), USED)
def test_a_refusal_is_given_the_values_it_names(code: str, given: set[str]) -> None:
    assert {name for _, name, _, _ in Formatter().parse(REFUSALS[code]) if name is not None} == given


def test_a_refusal_is_an_error_of_whoever_asked() -> None:
    error = refusal("filing-unknown", number="12")
    assert isinstance(error, UsageError)
    assert str(error) == "没有备案 12"


def test_braces_in_a_value_are_only_text() -> None:
    assert str(refusal("class-unknown", name="{code}")) == "名册里没有这个班：{code}"


def test_an_unknown_refusal_is_loud() -> None:
    with pytest.raises(KeyError):
        refusal("no-such-code")
