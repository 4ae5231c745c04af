"""What WeasyPrint works out again for each paper, or each box, and need not: papers of a process have style sheets and
most words in common. The PDF is the same to the byte (`tests/unit/test_shortcuts.py`).

Imported once the fonts are set: it imports the library.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import count
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element  # nosec B405  # the type only

from weasyprint import css
from weasyprint.layout import percent
from weasyprint.pdf import pydyf
from weasyprint.text import line_break

_STYLES = 4096  # kept; papers have some four hundred together
_LINES = 8192  # kept: some hundreds stand on every paper, the rest are names and figures
_BORDERS = tuple(f"border_{side}_width" for side in ("top", "right", "bottom", "left"))
_SQUARE = {f"border_{corner}_radius": (0, 0) for corner in ("top_left", "top_right", "bottom_right", "bottom_left")}
_PLACES = ((1000.0, 2000.0), (3001.0, "auto"))  # what is the same in both is so in any

_numbers = count(1)  # of styles that are kept: a line is known by that of its style
_lines: dict[tuple[Any, ...], Any] = {}
_split, _resolve, _round = line_break.split_first_line, percent.resolve_percentages, percent.resolve_radii_percentages
_set_up = line_break.Layout.setup
_let_go = line_break.Layout.deactivate


def take() -> None:
    """Put them in the place of what the library does."""
    css.StyleFor = _Styles
    for name, value in {"shaped": False, "reactivate": _shape, "deactivate": _keep_shaped}.items():
        setattr(line_break.Layout, name, value)
    ours = {"split_first_line": _split_first_line, "resolve_percentages": _resolve_percentages}
    ours["resolve_radii_percentages"] = _resolve_radii
    for module in [module for name, module in sys.modules.items() if name.startswith("weasyprint.")]:
        for name in ours.keys() & vars(module).keys():  # each imports them by name
            setattr(module, name, ours[name])


def written_once(document: Any, pdf: Any) -> None:  # noqa: ARG001  # as it is called
    """Compress each stream of a PDF once: its identifier is made of all of them, and the library begins anew for it."""
    for stream in pdf.objects:
        if isinstance(stream, pydyf.Stream):
            stream.written = stream.data
            stream.__class__ = _Written


class _Written(pydyf.Stream):  # type: ignore[misc]  # published without types
    """A stream that changes no more."""

    written: bytes

    @property
    def data(self) -> bytes:
        return self.written


class _Styles(css.StyleFor):  # type: ignore[misc]  # likewise
    """Styles of elements, kept from one paper to the next: below the same, the same declarations make the same."""

    kept: dict[tuple[Any, ...], Any] = {}  # noqa: RUF012  # of the process, as the style sheets are

    def set_computed_styles(
        self, element: Any, parent: Any, root: Any = None, pseudo_type: str | None = None, *others: Any, **named: Any
    ) -> None:
        if not isinstance(element, Element):  # a page: the library writes into its style
            super().set_computed_styles(element, parent, root, pseudo_type, *others, **named)
            return
        styles = self.get_computed_styles()
        declared = self.get_cascaded_styles().get((element, pseudo_type), {})
        above = None if parent is None else id(styles[parent, None])  # alive: what is kept keeps what is above it
        key = above, pseudo_type, *((name, _known(value), weight) for name, (value, weight) in declared.items())
        if key not in self.kept:
            super().set_computed_styles(element, parent, root, pseudo_type, *others, **named)
            if len(self.kept) >= _STYLES:
                self.kept.clear()
            made = self.kept[key] = styles[element, pseudo_type]
            made.number, made.anonymous_style.number = next(_numbers), next(_numbers)
        styles[element, pseudo_type] = self.kept[key]


def _known(value: Any) -> Any:
    """A declared value; a list, which is the style sheet's or that of the style that is kept, by its identity."""
    try:
        hash(value)
    except TypeError:
        return "list", id(value)
    return value


def _split_first_line(  # noqa: PLR0913, PLR0917  # as it is called
    text: str,
    style: Any,
    context: Any,
    max_width: Any,
    justification_spacing: float,
    is_line_start: bool = True,
    minimum: bool = False,
) -> Any:
    """A line of the same text in the same style and room is set once."""
    given = text, style, context, max_width, justification_spacing, is_line_start, minimum
    number = vars(style).get("number")
    if number is None:
        return _split(*given)
    key = number, text, max_width, justification_spacing, is_line_start, minimum
    if key not in _lines:
        if len(_lines) >= _LINES:
            _lines.clear()
        _lines[key] = _split(*given)
    return _lines[key]


def _shape(layout: Any, style: Any) -> None:
    """A line that is drawn has its shapes found once, not for each drawing."""
    if not layout.shaped:
        _set_up(layout, style)
        layout.set_text(layout.text, justify=True)
        layout.shaped = True


def _keep_shaped(layout: Any) -> None:
    if not layout.shaped:
        _let_go(layout)


def _resolve_percentages(box: Any, containing_block: Any) -> None:
    """Lengths of a style without percentages are worked out once, not for each box and each time it is laid out."""
    style = vars(box.style)
    if "number" not in style:
        _resolve(box, containing_block)
        return
    if "lengths" not in style:
        style["lengths"] = _lengths(box.style)
    if style["lengths"] is None:
        _resolve(box, containing_block)
        return
    lengths, borders = style["lengths"]
    own = vars(box)
    own.update(lengths)
    for name, width in borders.items():
        own.setdefault(name, width)


def _lengths(style: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The lengths a box of this style has wherever it is, and those it has unless its table has given it others."""
    first, second = (SimpleNamespace(style=style) for _ in _PLACES)
    for box, place in zip((first, second), _PLACES, strict=True):
        _resolve(box, place)
    lengths = vars(first)
    collapsed = style["border_collapse"] == "collapse"
    if lengths != vars(second) or (collapsed and style["box_sizing"] != "content-box"):
        return None
    del lengths["style"]
    return lengths, {name: lengths.pop(name) for name in _BORDERS} if collapsed else {}


def _resolve_radii(box: Any) -> None:
    """A box of a style without round corners is not asked for each of them."""
    style = vars(box.style)
    if "square" not in style:
        style["square"] = all((0, "px") in box.style[name] for name in _SQUARE)
    if style["square"]:
        vars(box).update(_SQUARE)
    else:
        _round(box)
