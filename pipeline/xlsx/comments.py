"""Comments on cells, of which nothing is taken: so they are said. Our own, by their author, are not."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from xml.parsers import expat

from pipeline.forms.text_normalise import mask, sweep
from pipeline.model import Issue
from pipeline.xlsx import listing

AUTHOR = "queke"
"""Of our own comments."""
_NOBODY = ("", "Author")  # ExcelJS writes the latter, whoever it was
_LARGEST = 262_144  # bytes of a part that is looked at
_MOST = 5
_QUOTED = 60  # characters


def unread(parts: Mapping[str, bytes], *, ours: bool) -> tuple[Issue, ...]:
    """The issues about the first comments of a workbook. `ours`: one of our own, so comments without an author, or by
    nobody in particular, are ours too: some programs lose it.
    """
    if not any("comments" in name for name in parts):
        return ()
    skipped = {AUTHOR, *_NOBODY} if ours else {AUTHOR}
    found = []
    for sheet, path in listing.sheets_of(parts).items():
        part = parts.get(_part_of(path, parts), b"")
        comments = _Comments().of(part) if part and len(part) <= _LARGEST else []
        found += [(sheet, cell, text) for author, cell, text in comments if author not in skipped and text]
    return tuple(
        Issue("comment-unread", sheet=sheet, cell=cell, value=mask(text)[:_QUOTED])
        for sheet, cell, text in found[:_MOST]
    )


def _part_of(sheet: str, parts: Mapping[str, bytes]) -> str:
    """The member with a sheet's comments; "" for none."""
    folder, name = posixpath.split(sheet)
    for kind, target in listing.relations(parts.get(f"{folder}/_rels/{name}.rels", b"")):
        if kind.endswith("/comments"):
            return target[1:] if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
    return ""


class _Comments:
    """Reads a part of comments; what is not well formed has none."""

    def __init__(self) -> None:
        self.authors: list[str] = []
        self.found: list[tuple[int, str, str]] = []
        self.inside = ""
        self.text: list[str] = []

    def of(self, part: bytes) -> list[tuple[str, str, str]]:
        """Author, cell and text of each comment."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = lambda text: self.text.append(text) if self.inside else None
        try:
            parser.Parse(part, True)
        except expat.ExpatError:
            return []
        return [(self._author(at), cell, text) for at, cell, text in self.found]

    def _author(self, at: int) -> str:
        return self.authors[at].strip() if 0 <= at < len(self.authors) else ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "comment":
            number = attributes.get("authorId", "")
            self.found.append((int(number) if number.isdecimal() else -1, attributes.get("ref", "")[:10], ""))
        if local in ("author", "t"):
            self.inside, self.text = local, []

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local != self.inside:
            return
        text = "".join(self.text)
        if local == "author":
            self.authors.append(text)
        elif self.found:
            author, cell, before = self.found[-1]
            self.found[-1] = (author, cell, sweep(f"{before}{text}")[:200])
        self.inside = ""
