"""The repo's own checks, which no tool has; each is shown failing in tests/unit/test_guards.py (and test_unused.py).

Run from anywhere: `python tools/guards.py [ROOT]`; prints a line per finding, exits 1 if there is one.
"""

import ast
import fnmatch
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, TypeGuard

from tools import structure
from tools.finding import Finding
from tools.programs import program
from tools.unused import unused

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# file → why a durable call is allowed outside durable.py
DURABLE_ALLOWED: dict[str, str] = {
    "pipeline/durable.py": "the one module that holds them",
}
# .replace and .rename with one positional argument are taken for Path's, unless it is a mapping
DURABLE_OS = frozenset(
    {"rename", "renames", "replace", "fsync", "fdatasync", "sync", "unlink", "remove", "link"},
)
DURABLE_METHODS = frozenset({"unlink", "rename", "replace", "hardlink_to"})

# file, function → why whatever is raised may end there: nothing above could do better, and somebody waits
BARRIERS: dict[tuple[str, str], str] = {
    ("pipeline/cli/__init__.py", "_run"): "a command ends in a sentence and an exit code",
    ("pipeline/crew.py", "_mind"): "a thread of a crew: whoever waits for the answer hears of it",
    ("pipeline/crew.py", "_tried"): "a process of a crew: the error travels to whoever asked",
    ("pipeline/executors/child.py", "_read_untrusted"): "a child without a log: the place of the fault is its answer",
    ("pipeline/service/watch.py", "_turn"): "a turn of the service: told, then tried again after a pause",
    (
        "pipeline/service/timetable.py",
        "__call__",
    ): "a step of the clock keeps no other from being done; raised at the end",
    ("pipeline/database/errors.py", "attempted"): "a submission, letter or mail of many: the others go on; all callers",
    ("pipeline/service/mail_fetch.py", "_run"): "the thread of a mailbox: told, then tried again after a pause",
    ("pipeline/service/mail_send.py", "_run"): "the thread that sends: told, then tried again after a pause",
}

FAILURES = frozenset({"warning", "error", "critical"})  # levels at which a fault is logged

# written with a class of one letter, so that this file does not contain what it forbids
FORBIDDEN_TEXT = {
    "a path of one machine": re.compile(r"(?<![\w.])/wor[k]/|(?<![\w.])/roo[t]/"),
    "a package registry's host": re.compile(
        r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(?:org|com)|de[b]\.debian\.org|crate[s]\.io",
    ),
}
# texts for people live in issues/, figures/, forms/ and templates/, not beside the queries
DATABASE_ROOMS = frozenset(
    {"database", "registry", "turns", "letters", "accounts", "alerts", "settling", "facts", "county"},
)
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
NAMED_PATH = re.compile(r"`((?:pipeline|tests|tools|docs|templates|benchmarks|requirements)/[\w./<>-]*)`")
NAME_OF_PATH = re.compile(
    r"`(?:\w+\.)*(?P<name>\w+)`\s+(?:of|in|above)\s+`(?P<path>(?:pipeline|tests|tools)/[\w/]+\.py)`"
)
ADDRESS = re.compile(r"[a-z+]+://", re.IGNORECASE)

SUPPRESSION = re.compile(
    r"#\s*(?P<tool>noqa|type:\s*ignore|nosec|mypy:\s*ignore-errors)(?P<rest>.*)",
    re.IGNORECASE,
)
CODES_AND_REASON = re.compile(r"\s*(?::|\[|\s)\s*\w[\w, -]*?\]?(?:\s*#\s*|\s+[—–-]\s+)\S.{5,}")


_BROAD = frozenset({"Exception", "BaseException"})


def findings(root: Path) -> list[Finding]:
    """Run every guard over the files that git tracks, or would add, in `root`."""
    found: list[Finding] = []
    product: dict[Path, str] = {}
    callers: dict[Path, str] = {}
    files = _files(root)
    known = {parent.as_posix() for path in files for parent in (path, *path.parents)}
    for path in files:
        text = _text(root / path)
        if text is None:
            continue
        found += forbidden_text(path, text)
        if path.suffix == ".md" and path.name != "CHANGELOG.md":
            found += stale_paths(path, text, known)
            found += stale_names(path, text, root)
        if path.suffix == ".py":
            found += suppressions(path, text)
            found += test_modules_imported(path, text)
            if path.parts[0] in {"benchmarks", "tools"}:
                callers[path] = text
        if _is_product(path):
            product[path] = text
            found += too_long(path, text)
            found += durable_calls(path, text)
            found += late_imports(path, text)
            found += chinese_texts(path, text)
            found += untold_faults(path, text)
            found += broad_excepts(path, text)
    found += structure.circles(product)
    found += structure.rooms(product)
    found += structure.homonyms(product)
    found += structure.ladders(product)
    found += structure.bare_words(product)
    found += unused(product, callers)
    found += structure.unordered(product, contracts(root))
    return found


def contracts(root: Path) -> list[dict[str, Any]]:
    """Return the contracts that import-linter checks; none where there is no pyproject.toml."""
    path = root / "pyproject.toml"
    tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}) if path.is_file() else {}
    found: list[dict[str, Any]] = tools.get("importlinter", {}).get("contracts", [])
    return found


def too_long(path: Path, text: str) -> Iterator[Finding]:
    """A file or a function that is too long to keep in mind."""
    lines = len(text.splitlines())
    if lines > MAX_FILE_LINES:
        yield Finding(path, 1, f"{lines} lines, more than {MAX_FILE_LINES}")
    for node in structure.nodes_of(text):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield Finding(path, node.lineno, f"{node.name} has {length} lines, more than {MAX_FUNCTION_LINES}")


def forbidden_text(path: Path, text: str) -> Iterator[Finding]:
    """A machine's path or a registry's host in any file; any address in a requirement file."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in FORBIDDEN_TEXT.items():
            if pattern.search(line):
                yield Finding(path, number, f"names {what}")
        if path.parts[0] == "requirements" and ADDRESS.search(line):
            yield Finding(path, number, "a requirement file holds an address")


def stale_paths(path: Path, text: str, known: Collection[str]) -> Iterator[Finding]:
    """A page that names a file or a folder of ours which is not there. `known`: all there are; `<form>` is any."""
    for number, line in enumerate(text.splitlines(), start=1):
        for named in NAMED_PATH.findall(line):
            if not fnmatch.filter(known, re.sub(r"<\w+>", "*", named.rstrip("/"))):
                yield Finding(path, number, f"names {named}, which is not there")


def stale_names(path: Path, text: str, root: Path) -> Iterator[Finding]:
    """A page that says `name` is of a module in which it does not stand."""
    for found in NAME_OF_PATH.finditer(text):
        module = root / found["path"]
        if module.is_file() and not re.search(rf"\b{found['name']}\b", module.read_text(encoding="utf-8")):
            line = text.count("\n", 0, found.start()) + 1
            yield Finding(path, line, f"names {found['name']} of {found['path']}, which is not there")


def suppressions(path: Path, text: str) -> Iterator[Finding]:
    """A lint switched off without its code, or without a reason after it (`# why` or `— why`)."""
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        match = SUPPRESSION.search(token.string)
        if match and not CODES_AND_REASON.fullmatch(match["rest"]):
            yield Finding(path, token.start[0], f"{match['tool']} wants its code and its reason: `# noqa: F401  # why`")


def test_modules_imported(path: Path, text: str) -> Iterator[Finding]:
    """A module that holds tests or fixtures, imported by another: what both need belongs in a module of helpers."""
    for node in structure.nodes_of(text):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        room = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        names = [f"{room}{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "tests" and any(part == "conftest" or part.startswith("test_") for part in parts):
                yield Finding(path, node.lineno, f"{name}: what other modules need of it belongs in a helper")


def durable_calls(path: Path, text: str) -> Iterator[Finding]:
    """An operation that must survive a crash, outside the module whose every call is crash-tested."""
    if path.as_posix() in DURABLE_ALLOWED:
        return
    for node in structure.nodes_of(text):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            names = DURABLE_OS.intersection(alias.name for alias in node.names)
            yield from (Finding(path, node.lineno, f"os.{name} belongs in durable.py") for name in sorted(names))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_durable(node, node.func):
            yield Finding(path, node.lineno, f"{ast.unparse(node.func)} belongs in durable.py")


def broad_excepts(path: Path, text: str) -> Iterator[Finding]:
    """A handler of whatever may be raised that does not raise it again, at a place that is no barrier; and a barrier
    that is none any more.
    """
    barriers = {function for file, function in BARRIERS if file == path.as_posix()}
    for function in structure.nodes_of(text):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            handlers = [node for node in ast.walk(function) if _swallows(node)]
            if handlers and function.name not in barriers:
                what = f"{function.name} swallows whatever is raised: name what may be, or its reason in BARRIERS"
                yield Finding(path, handlers[0].lineno, what)
            elif handlers:
                barriers.discard(function.name)
    yield from (Finding(path, 1, f"BARRIERS names {name}, which swallows nothing") for name in sorted(barriers))


def _swallows(node: ast.AST) -> TypeGuard[ast.ExceptHandler | ast.Call]:
    if isinstance(node, ast.Call):  # contextlib.suppress
        return ast.unparse(node.func).endswith("suppress") and any(map(_is_broad, node.args))
    return isinstance(node, ast.ExceptHandler) and _goes_no_further(node)


def _is_broad(caught: ast.AST | None) -> bool:
    return caught is None or (isinstance(caught, ast.Name) and caught.id in _BROAD)


def _goes_no_further(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(map(_is_broad, caught))
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


def chinese_texts(path: Path, text: str) -> Iterator[Finding]:
    """A text for people in a room of the database; docstrings and comments may contain Chinese words."""
    if path.parts[1] not in DATABASE_ROOMS:
        return
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if CHINESE.search(node.value):
            yield Finding(path, node.lineno, "a Chinese text belongs in issues/, figures/ or forms/")


def untold_faults(path: Path, text: str) -> Iterator[Finding]:
    """A log line of a failure without the fields of its fault, or with the text of an error."""
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if ast.unparse(node.func.value) not in {"log", "log()"}:
            continue
        if node.func.attr == "exception":
            yield Finding(path, node.lineno, "log.exception tells the text of an error, which may hold a cell")
        elif node.func.attr in FAILURES and not any(".fields()" in ast.unparse(one.value) for one in node.keywords):
            yield Finding(path, node.lineno, f"log.{node.func.attr} wants its cause: `**faults.fault(error).fields()`")


def late_imports(path: Path, text: str) -> Iterator[Finding]:
    """An import inside a function that does not say why on its line; in `cli` its package says it for all."""
    if path.parts[1] == "cli":
        return
    lines = text.splitlines()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom) and "#" not in lines[node.lineno - 1]:
                    yield Finding(path, node.lineno, "an import inside a function says why on its line")


def _is_durable(call: ast.Call, function: ast.Attribute) -> bool:
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if owner == "durable":
        return False
    if owner == "os":
        return function.attr in DURABLE_OS
    if owner == "shutil":
        return function.attr == "move"
    if function.attr in {"rename", "replace"}:
        return len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Dict | ast.DictComp)
    return function.attr in DURABLE_METHODS


def _is_product(path: Path) -> bool:
    return path.suffix == ".py" and path.parts[0] == "pipeline" and "migrations" not in path.parts


def _files(root: Path) -> list[Path]:
    listed = subprocess.run(
        [program("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    names = listed.stdout.decode().split("\0")
    return sorted(Path(name) for name in names if name and (root / name).is_file())


def _text(path: Path) -> str | None:
    """Return the file's text, None if it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def main(arguments: list[str]) -> int:
    """Print every finding; 1 if there is one."""
    found = findings(Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent)
    for finding in found:
        print(finding)
    print(f"guards: {len(found)} findings" if found else "guards: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
