"""Which sheets a workbook has and where they are: its list of sheets, and the relations of its members."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache
from xml.parsers import expat  # nosec B407  # no doctype gets here: guard.refuse_by_text

from pipeline.xlsx.package import Unsound

RELATIONS = "xl/_rels/workbook.xml.rels"


def sheets_of(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Sheet name → member name, in the workbook's order. Raises Unsound if they do not match."""
    sheets = _listed(parts["xl/workbook.xml"], parts.get(RELATIONS, b""))
    if any(path not in parts for _, path in sheets):
        spelled = {name.casefold(): name for name in parts}  # readers find a member in any spelling
        sheets = tuple((name, spelled.get(path.casefold(), "")) for name, path in sheets)
    if not sheets or any(path not in parts for _, path in sheets):
        raise Unsound("file-damaged")
    return dict(sheets)


@lru_cache(maxsize=32)
def related(relations: bytes) -> Mapping[str, tuple[str, str]]:
    """The workbook's parts by relation: (kind, member name)."""
    targets = {}
    for element, attributes in _elements(relations):
        if element == "Relationship":
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.normpath("xl/" + target)
            targets[attributes.get("Id", "")] = (attributes.get("Type", ""), path)
    return targets


def relations(part: bytes) -> list[tuple[str, str]]:
    """The relations of a member: (kind, target as it is written)."""
    found = (attributes for element, attributes in _elements(part) if element == "Relationship")
    return [(one.get("Type", ""), one.get("Target", "")) for one in found]


@lru_cache(maxsize=32)
def _listed(book: bytes, relations: bytes) -> tuple[tuple[str, str], ...]:
    """The sheets' names and places. Cached: in nearly all workbooks, made from our templates, these parts are equal."""
    targets = related(relations)
    sheets = []
    for element, attributes in _elements(book):
        if element != "sheet":
            continue
        relation = next((v for k, v in attributes.items() if k.endswith(" id") or k == "r:id"), "")
        kind, path = targets.get(relation, ("", ""))
        if kind.endswith("/worksheet"):
            sheets.append((attributes.get("name", ""), path))
    return tuple(sheets)


def _elements(part: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements of a small part in document order, local names."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: found.append((local(name), attributes))
    parse(parser, part)
    yield from found


def parse(parser: expat.XMLParserType, part: bytes) -> None:
    if not part:
        return
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        raise Unsound("file-damaged") from None


def local(name: str) -> str:
    return name.rpartition(" ")[2]
