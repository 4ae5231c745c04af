"""What a county typed into a grid: which lines can go, which are not complete, which have changed since the page was
made. What can go becomes one 处理单.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from pipeline.console import editing, grid, open_site
from pipeline.console.access import Visitor
from pipeline.console.editing import SavedLine
from pipeline.console.grid import GridLine
from pipeline.database.models import Decision, DeskLine
from pipeline.forms.desk import DESK, answered, matter_of
from pipeline.forms.desk_words import OPINIONS
from pipeline.model import Opinion
from pipeline.schooldays import short_time

LONGEST = 200
_WORD = OPINIONS.labels
_MUST_SAY_WHY = frozenset(_WORD[one] for one in (Opinion.RETURN, Opinion.MEND, Opinion.WAIVE))


@dataclass(frozen=True, slots=True)
class TypedLine:
    """What was typed for a line. `now`: by 事项号 of the cell; `seal`: the version that was looked at."""

    key: str
    seal: str
    opinion: str = ""
    why: str = ""
    stamped_on: str = ""
    now: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, str]:
        """All of it by name, as it is compared and kept."""
        return {"opinion": self.opinion, **self.now, "stamped_on": self.stamped_on, "why": self.why}


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else did with a line meanwhile, in a sentence, with what he typed."""

    sentence: str
    typed: tuple[str, ...] = ()


@dataclass
class Problems:
    """The lines of a form by what may become of them. `again`: the drop with which this very form went (a second
    click).
    """

    good: list[TypedLine] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    changed: dict[str, Theirs] = field(default_factory=dict)
    again: str = ""
    typed: dict[str, TypedLine] = field(default_factory=dict)


def typed(post: QueryDict, name: str) -> list[TypedLine]:
    """The lines in which something was typed, and those picked: for them is what stands in the fields for all."""
    picked = set(post.getlist("pick"))
    every = {one: post.get(f"all_{one}", "").strip()[:LONGEST] for one in ("opinion", "why", "stamped_on", "now")}
    found = []
    for key in post.getlist("line"):
        for_all = every if key in picked else dict.fromkeys(every, "")
        own = {one: post.get(f"{one}|{key}", "").strip()[:LONGEST] or for_all[one] for one in every if one != "now"}
        column = post.get("all_column", "")
        given = {cell: for_all["now"] * (matter_of(cell)[2] == column) for cell in post.getlist(f"cell|{key}")}
        now = {cell: text for cell, shared in given.items() if (text := _now(post, cell) or shared)}
        opinion = own["opinion"] or (_WORD[Opinion.MEND] if now else "")
        if opinion or key in picked:
            seal = post.get(f"seal|{key}", "")
            found.append(
                TypedLine(key, seal, opinion, own["why"], own["stamped_on"] * grid.asks(name, "stamped_on"), now)
            )
    return found


def _now(post: QueryDict, cell: str) -> str:
    return post.get(f"now|{cell}", "").strip()[:LONGEST]


def sort(asking: Visitor, name: str, given: Sequence[TypedLine]) -> tuple[Problems, dict[str, GridLine]]:
    """Sort typed lines by what may become of them; make the good ones this reader's. With the lines as they are now."""
    site, now = open_site.site(), open_site.now()
    targets = [matter_of(one.key)[1] for one in given]
    lines = {one.key: one for one in grid.lines(site, asking.code, name, targets, open_site.today())}
    out = Problems(typed={one.key: one for one in given})
    for one in given:
        line = lines.get(one.key)
        if line is None or line.seal != one.seal:
            other = editing.saved(one.key, one.seal)
            out.again = out.again or _twice(asking, one, other)
            out.changed[one.key] = _theirs(asking, one, other, waits=line is not None)
        elif fault := _fault(one, line, name):
            out.wrong[one.key] = fault
        elif other := editing.take(asking, one.key, one.seal, one.said, now):
            out.again = out.again or _twice(asking, one, other)
            out.changed[one.key] = _theirs(asking, one, other, waits=True)
        else:
            out.good.append(one)
    return out, lines


def _fault(one: TypedLine, line: GridLine, name: str) -> str:
    """Why a line is not complete; what only the store can say comes back with the receipt."""
    if not one.opinion:
        return "勾选了这一行，但没有它的意见，“改为”也不是它要改的列。" if line.cells else "勾选了这一行，但没有意见。"
    if one.opinion not in grid.opinions(name):
        return f"这里只能选：{'、'.join(grid.opinions(name))}。"
    if one.opinion in _MUST_SAY_WHY and not one.why:
        return f"{one.opinion}要写理由。"
    if one.opinion == _WORD[Opinion.MEND]:
        open_cells = [cell for cell in line.cells if cell.mends]
        if not open_cells:
            return "这一行要学校自己改，不能代改；不用改的选“豁免”。"
        if empty := [cell.header for cell in open_cells if not one.now.get(cell.key)]:
            return f"还没有写改成什么：{'、'.join(empty)}。"
    elif one.now:
        return f"写了“改为”，意见却是“{one.opinion}”：两样只能要一样。"
    return ""


def _twice(asking: Visitor, one: TypedLine, other: SavedLine | None) -> str:
    same = other is not None and other.account == asking.account.username and dict(other.said) == one.said
    return other.drop if same and other is not None else ""


def _theirs(asking: Visitor, one: TypedLine, other: SavedLine | None, *, waits: bool) -> Theirs:
    """Who was quicker, and with what: from what was saved here, else from the decisions of the store."""
    if other is not None:
        who = "您自己" if other.account == asking.account.username else other.who
        said = [text for name, text in other.said.items() if text and name != "opinion"]
        return Theirs(f"{who}刚刚已经提交：{other.said.get('opinion', '')}", tuple(said))
    board, target, _ = matter_of(one.key)
    done = DeskLine.objects.filter(division=asking.code, board=board, target=target, done=True).order_by("-pk").first()
    if done is not None:
        made = Decision.objects.filter(place=done.submission_id, row=done.row).first()
        when = f"，{short_time(made.at)}" if made else ""
        return Theirs(f"已经办过（处理单 {done.submission_id:06d} 第 {done.row} 行{when}）：{_WORD[done.opinion]}")
    text = (
        "这件事在您打开页面以后有了变化，请看现在的内容再定。" if waits else "这件事已经不用办了，学校已改好或已撤回。"
    )
    return Theirs(text)


def workbook_cells(name: str, given: Sequence[TypedLine], lines: Mapping[str, GridLine]) -> dict[str, dict[str, str]]:
    """What goes into the 处理单: by 事项号 of each of its lines, the cells by header."""
    table = DESK.table(name)
    heads = {one.name: one.header for one in table.columns if one.name in answered(table)}
    said: dict[str, dict[str, str]] = {}
    for one in given:
        common = {"opinion": one.opinion, "why": one.why, "stamped_on": one.stamped_on}
        for key in [cell.key for cell in lines[one.key].cells] or [one.key]:
            cells = {**common, "now": one.now.get(key, "")}
            said[key] = {heads[column]: text for column, text in cells.items() if text and column in heads}
    return said
