"""Who makes an issue of which code with which details: read from the source, as far as it stands there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.issues import CATALOGUE

_MAKERS = {
    "Issue",
    "Bad",
    "CellQuestion",
    "Unsound",
    "add_issue",
    "_add_issue",
    "_refused",
    "_refuse",
    "_issue",
    "_of_field",
    "_Done",
}
_CALLED = re.compile(rf"\b({'|'.join(sorted(_MAKERS))})\(")
_WORDS = {"add_issue", "_refused", "_refuse", "_of_field"}  # their keywords are the details
_ISSUE = {"code", "sheet", "cell", "row", "column", "value", "details"}


@dataclass(frozen=True)
class Maker:
    """One call. `codes` or `names` None: not told by literals of its function."""

    where: str
    codes: frozenset[str] | None
    names: frozenset[str] | None


def makers(root: Path) -> Iterator[Maker]:
    """Every call in `root` that makes an issue."""
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not {"issues", "cli"} & set(path.parts) and _CALLED.search(text):
            tree = ast.parse(text)
            for function in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
                yield from _of(function, path.relative_to(root).as_posix())


def _of(scope: ast.AST, path: str) -> Iterator[Maker]:
    nodes = list(_own(scope))
    said: dict[str, list[ast.expr]] = {}
    for node in nodes:
        for name, value in _assigned(node):
            said.setdefault(name, []).append(value)
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) in _MAKERS:
            yield Maker(f"{path}:{node.lineno}", _codes(node, said), _details(node, said))


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value
    if not isinstance(node, ast.Assign):
        return
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from ((_name(one), given) for one, given in zip(target.elts, value.elts, strict=False))
    else:
        yield _name(target), value


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a scope but those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own(child)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _codes(call: ast.Call, said: dict[str, list[ast.expr]]) -> frozenset[str] | None:
    found = {text for arg in call.args[:2] for text in _texts(arg, said) if text in CATALOGUE}
    return frozenset(found) or None


def _texts(node: ast.expr, said: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body, said), *_texts(node.orelse, said))
    elif isinstance(node, ast.Name):
        for value in said.get(node.id, ()):
            if not isinstance(value, ast.Name):
                yield from _texts(value, said)
    elif isinstance(node, ast.Call | ast.Dict):  # code.get(state, "…")
        for child in ast.walk(node):
            if isinstance(child, ast.Constant | ast.Name):
                yield from _texts(child, said)


def _details(call: ast.Call, said: dict[str, list[ast.expr]]) -> frozenset[str] | None:
    kind = _name(call.func)
    if kind in _WORDS:
        words = [word.arg for word in call.keywords]
        return None if None in words else frozenset(word for word in words if word)
    if kind == "Unsound":
        return frozenset({"kind"} if len(call.args) > 1 else ())
    if kind == "_Done":
        return frozenset({"reason"} if len(call.args) > 2 else ())
    given = next((word.value for word in call.keywords if word.arg == "details"), None)
    if kind in {"Bad", "CellQuestion"} and len(call.args) > 1:
        given = call.args[1]
    if kind in {"Issue", "_issue"} and len(call.args) > 6:
        given = call.args[6]
    names = _pairs([given], said) if given is not None else set()
    return None if names is None else frozenset(names)


def _pairs(nodes: Iterable[ast.expr | None], said: dict[str, list[ast.expr]]) -> set[str] | None:
    """The names in pairs, tuples of pairs, dicts; None where one of them cannot be read."""
    found: set[str] = set()
    for node in nodes:
        more: set[str] | None
        if isinstance(node, ast.Tuple | ast.List) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
            more = {str(node.elts[0].value)}
        elif isinstance(node, ast.Tuple | ast.List):
            more = _pairs(node.elts, said)
        elif isinstance(node, ast.Dict):
            more = {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
        elif isinstance(node, ast.Starred):
            more = _pairs([node.value], said)
        elif isinstance(node, ast.IfExp):
            more = _pairs([node.body, node.orelse], said)
        elif isinstance(node, ast.Name) and node.id in said:
            more = _pairs(said[node.id], said)
        elif isinstance(node, ast.Call) and ast.unparse(node).startswith("tuple(") and "items()" in ast.unparse(node):
            more = _pairs([node.args[0].func.value], said)  # type: ignore[attr-defined]  # tuple(told.items())
        else:
            more = None
        if more is None:
            return None
        found |= more
    return found
