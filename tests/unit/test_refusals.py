"""The catalogue of refusals is whole: every code that is used has a text in both languages, every blank is filled."""

from __future__ import annotations

import ast
import re
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
        text = path.read_text(encoding="utf-8")
        if path.name == "refusals.py" or "refusal(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "refusal":
                match node.args:
                    case [ast.Constant(value=str(code))]:
                        yield code, {keyword.arg or "**" for keyword in node.keywords}


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
USED = list(calls())


def test_every_refusal_is_used_and_none_is_missing() -> None:
    assert {code for code, _ in USED} == set(REFUSALS)


@pytest.mark.parametrize(("code", "given"), USED)
def test_a_refusal_is_given_the_values_it_names(code: str, given: set[str]) -> None:
    chinese, english = (named(text) for text in REFUSALS[code])
    assert chinese == given
    assert english <= given
    assert not HAN.search(REFUSALS[code].english.replace("停办日期", "")), "but for the name of a column"


def test_a_refusal_is_an_error_of_whoever_asked() -> None:
    error = refusal("filing-unknown", number="12")
    assert isinstance(error, UsageError)
    assert str(error) == "没有备案 12"
    assert error.english == "there is no filing 12"


def test_braces_in_a_value_are_only_text() -> None:
    assert str(refusal("class-unknown", name="{code}")) == "名册里没有这个班：{code}"


def test_an_unknown_refusal_is_loud() -> None:
    with pytest.raises(KeyError):
        refusal("no-such-code")
