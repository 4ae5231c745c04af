"""A guard: names at the top of a module of `pipeline/` that only tests use, or nothing.

Vulture goes by bare names; this goes by what a name is in its module, so that one `take` does not hide another.
"""

import ast
from collections.abc import Iterator, Mapping

from tools.finding import Finding
from tools.structure import Texts, module_of, nodes_of, tree_of

CALLED_BY_OTHERS = {
    "pipeline.cli.main": "the command's script",
    "pipeline.console.settings": "Django reads every name of it",
    "pipeline.console.urls": "Django reads every name of it",
    "pipeline.database.settings": "Django reads every name of it",
    "pipeline.database.sqlite.base": "Django loads it by its name",
}


def unused(product: Texts, callers: Texts) -> Iterator[Finding]:
    """A function, class or constant of `product` that neither it nor `callers` use; what a decorator takes is used."""
    modules = [_Module(module_of(path), text) for path, text in {**product, **callers}.items()]
    known = {module.name for module in modules}
    passed_on = ((f"{module.name}.{name}", full) for module in modules for name, full in module.imported.items())
    aliases = {name: full for name, full in passed_on if full not in known}
    used = {_followed(name, aliases) for module in modules for name in module.uses(known)}
    for path, text in sorted(product.items()):
        module = module_of(path)
        for name, line in _defined(text):
            full = f"{module}.{name}"
            if full not in used and not name.startswith("__") and not {full, module} & CALLED_BY_OTHERS.keys():
                yield Finding(path, line, f"{name} is used by tests alone, or by nobody")


def _defined(text: str) -> Iterator[tuple[str, int]]:
    for node in tree_of(text).body:
        if isinstance(node, ast.FunctionDef):
            if all(isinstance(one, ast.Name) for one in node.decorator_list):  # one that is called may keep it
                yield node.name, node.lineno
        elif isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
            yield from ((name, node.lineno) for name in names)


def _followed(name: str, aliases: Mapping[str, str]) -> str:
    """The name where it is defined, however many modules pass it on."""
    while name in aliases:
        name = aliases[name]
    return name


class _Module:
    """What one module imports, and which full names it uses, its definitions' mentions of themselves left out."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.imported: dict[str, str] = {}
        for node in nodes_of(text):
            if isinstance(node, ast.ImportFrom):
                self.imported |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
            elif isinstance(node, ast.Import):
                self.imported |= {one.asname: one.name for one in node.names if one.asname}

    def uses(self, known: set[str]) -> Iterator[str]:
        for node in tree_of(self.text).body:
            own = getattr(node, "name", "")
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id != own:
                    yield self.imported.get(part.id, f"{self.name}.{part.id}")
                elif isinstance(part, ast.Attribute):
                    yield self._full(part, known)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value  # a name that Django imports by its path

    def _full(self, node: ast.Attribute, known: set[str]) -> str:
        """Of `room.module.NAME` its full name; "" for what is no name of a module."""
        owner = node.value
        if isinstance(owner, ast.Name):
            module = self.imported.get(owner.id, owner.id)
        else:
            module = self._full(owner, known) if isinstance(owner, ast.Attribute) else ""
        full = f"{module}.{node.attr}"
        return full if module in known or full in known else ""
