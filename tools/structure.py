"""Guards over the whole of `pipeline/`: no circle of imports, no room too large or without order, one class of a name,
no ladder by form, and no word of a closed set beside its enumeration.

Each takes the texts of all its files by path, and is shown failing in tests/unit/test_guards.py.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from tools.finding import Finding

MAX_ROOM_SHARE = 0.15
# file → why it may distinguish forms by name
LADDERS_ALLOWED: dict[str, str] = {
    "pipeline/cli/forms.py": "options of one command that only some forms have",
}
# columns and fields that take the words of an enumeration
WORDED = frozenset((
    "state", "row_state", "kind", "what", "verdict", "opinion", "channel", "mode", "level", "organ", "reason", "part",
    "board", "approved_how",
))  # fmt: skip
BARE_IN_SQL = re.compile(rf"\b(?:{'|'.join(sorted(WORDED))})\s*(?:=|<>|IN\s*\()\s*'\w")
Texts = Mapping[Path, str]
tree_of = cache(ast.parse)


@cache
def nodes_of(text: str) -> tuple[ast.AST, ...]:
    """Return every node of a module."""
    return tuple(ast.walk(tree_of(text)))


def circles(texts: Texts) -> Iterator[Finding]:
    """Files that import each other, directly or through others, at the top of a module, in a function or for types
    only.
    """
    paths = {module_of(path): path for path in texts}
    graph = {module: sorted(_imported(texts[path], paths) - {module}) for module, path in sorted(paths.items())}
    while circle := _circle(graph):
        graph[circle[0]].remove(circle[1])
        yield Finding(paths[circle[0]], 1, f"a circle of imports: {' → '.join(circle)}")


def module_of(path: Path) -> str:
    """Return the dotted name of a module by its file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(text: str, known: Mapping[str, Path]) -> set[str]:
    names: list[str] = []
    for node in nodes_of(text):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    # a name that is not a file of ours is a name in the module before it
    modules = (name if name in known else name.rpartition(".")[0] for name in names)
    return {module for module in modules if module in known}


def _circle(graph: Mapping[str, list[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]  # from who imports to what is imported
    return []


def rooms(texts: Texts) -> Iterator[Finding]:
    """A room (a folder) with more than its share of the lines."""
    lines = Counter[Path]()
    for path, text in texts.items():
        lines[Path(*path.parts[:2])] += len(text.splitlines())
    for room, count in sorted(lines.items()):
        share = count / lines.total()
        if share > MAX_ROOM_SHARE and not room.suffix:
            yield Finding(room, 1, f"{share:.0%} of the lines of {room.parts[0]}/, more than {MAX_ROOM_SHARE:.0%}")


def unordered(texts: Texts, contracts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A folder of several modules without a complete order in import-linter: complete, so that a new file must be
    placed.
    """
    ordered = {
        container
        for contract in contracts
        if contract["type"] == "layers" and contract.get("exhaustive")
        for container in contract["containers"]
    }
    modules = Counter(path.parent for path in texts if path.name != "__init__.py")
    for room, count in sorted(modules.items()):
        if count > 1 and ".".join(room.parts) not in ordered:
            yield Finding(room, 1, "its modules have no order: an exhaustive layers contract in pyproject.toml")


def homonyms(texts: Texts) -> Iterator[Finding]:
    """Two classes of one name at the top of modules: one word, one thing."""
    first: dict[str, Path] = {}
    for path, text in sorted(texts.items()):
        for node in tree_of(text).body:
            if isinstance(node, ast.ClassDef) and first.setdefault(node.name, path) != path:
                yield Finding(path, node.lineno, f"class {node.name} is also in {first[node.name]}")


def ladders(texts: Texts) -> Iterator[Finding]:
    """Two forms distinguished by name in one literal or one function: a form declares what it is, its floor lists it
    once.
    """
    floors = [{path.stem for path in texts if path.parts[1] == room} for room in ("forms", "validate", "issuing")]
    forms = set.intersection(*floors) - {"__init__"}
    for path, text in sorted(texts.items()):
        for node in nodes_of(text):
            named = forms.intersection(_named(node))
            if len(named) > 1 and path.as_posix() not in LADDERS_ALLOWED:
                yield Finding(
                    path, getattr(node, "lineno", 1), f"tells forms apart by name: {', '.join(sorted(named))}"
                )


def _named(node: ast.AST) -> Iterator[object]:
    """The texts in a literal, or those that a function compares something with."""
    if isinstance(node, ast.Dict):
        parts: list[ast.AST | None] = [*node.keys]
    elif isinstance(node, ast.Set | ast.Tuple | ast.List):
        parts = [*node.elts]
    elif isinstance(node, ast.FunctionDef):
        compared = [one for one in ast.walk(node) if isinstance(one, ast.Compare)]
        parts = [part for one in compared for part in ast.walk(one)]
    else:
        return
    yield from (part.value for part in parts if isinstance(part, ast.Constant))


def bare_words(texts: Texts) -> Iterator[Finding]:
    """A word of an enumeration compared, passed, set or asked for in SQL by its letters: it has a name."""
    known = {word for text in texts.values() for node in nodes_of(text) for word in _words_of_enumeration(node)}
    for path, text in sorted(texts.items()):
        for node in nodes_of(text):
            bare = known.intersection(_bare(node))
            if bare or (isinstance(node, ast.Constant) and BARE_IN_SQL.search(str(node.value))):
                said = ", ".join(sorted(bare)) or "in SQL"
                yield Finding(path, getattr(node, "lineno", 1), f"a word that has a name in an enumeration: {said}")


def _words_of_enumeration(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and any(isinstance(one, ast.Name) and one.id == "StrEnum" for one in node.bases):
        yield from (word for one in node.body if isinstance(one, ast.Assign) for word in _texts(one.value))


def _bare(node: ast.AST) -> Iterator[str]:
    """The texts that a node puts beside a field which takes the words of an enumeration."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.Assign):
        sides = [*node.targets, node.value]
    elif isinstance(node, ast.keyword) and (node.arg or "").removesuffix("__in").split("__")[-1] in WORDED:
        yield from _texts(node.value)
        return
    else:
        return
    if any(_field(side) in WORDED for side in sides):
        yield from (word for side in sides for word in _texts(side))


def _field(node: ast.AST) -> object:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value
    return node.id if isinstance(node, ast.Name) else None


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.Set | ast.List):
        yield from (word for one in node.elts for word in _texts(one))
