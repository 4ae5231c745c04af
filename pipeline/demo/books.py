"""The demo's workbooks: our templates, made for the invented schools and filled in as their clerks do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline import issuing
from pipeline.demo.filings import DemoFiling
from pipeline.demo.mistakes import DAMAGES
from pipeline.demo.province import County, DemoSchool
from pipeline.forms import form
from pipeline.forms.absence import ABSENCE
from pipeline.forms.closure import CLOSURE
from pipeline.issuing import absence, closure
from pipeline.model import SchoolFacts, Site
from pipeline.turns import context
from pipeline.xlsx.blank import blank
from pipeline.xlsx.fill import Template, fill, heads

_BARE = {ABSENCE.name: absence.school_facts, CLOSURE.name: closure.school_facts}  # templates without rows carried over


class Shelf:
    """The templates of every school, each made once; filling one takes two milliseconds."""

    def __init__(self, site: Site, schools: Sequence[DemoSchool]) -> None:
        self.site = site
        self.schools = schools
        self._facts: Mapping[str, SchoolFacts] = {}
        self._templates: dict[tuple[str, str], Template] = {}

    def know(self, day: date) -> None:
        """Load from the registry what goes into templates; the store must be open and contain it."""
        self._facts = context.schools([school.code for school in self.schools], [day])

    def roster(self, county: County, day: date) -> bytes:
        """Return a county's filled 学校名册."""
        mine = [school for school in self.schools if school.county == county.code]
        template = Template(issuing.template(self.site, "roster", county.code, day))
        classes = [
            {"code": school.code, "class_name": room.name, "stage": room.stage, "roll": room.roll}
            for school in mine
            for room in school.rooms
        ]
        tables = {"schools": [_roster_row(school) for school in mine], "classes": classes}
        return fill(template, form("roster"), {"reporter": "示例管理员"}, tables)

    def fill(self, filing: DemoFiling) -> bytes:
        """Return the workbook of a filing, with its damage, if any."""
        template = self._template(filing.school.code, filing.form, filing.day)
        header = {"day": filing.day, **filing.header}
        content = fill(template, form(filing.form), header, filing.tables, {"queke_day": str(filing.day)})
        return DAMAGES[filing.damage](content) if filing.damage else content

    def _template(self, code: str, name: str, day: date) -> Template:
        if (code, name) not in self._templates:
            facts = _BARE[name](self.site, self._facts[code], day)
            self._templates[code, name] = Template(blank(form(name), facts))
        return self._templates[code, name]


def mended(shelf: Shelf, filing: DemoFiling) -> tuple[DemoFiling, bytes]:
    """Return a school's return workbook with its gaps filled, from where the school finds it."""
    (path,) = _papers(shelf.site, filing, "*退回*.xlsx")
    template = Template(path.read_bytes())
    table = form("absence").table("rows")
    cells = template.cells(table.sheet)
    top, columns = heads(cells, table)
    rooms = {room.name: room for room in filing.school.rooms}
    values: dict[tuple[int, int], object] = {}
    for row in sorted({row for row, _ in cells if row > top}):
        room = rooms[cells[row, columns["class_name"]]]
        if (row, columns["name"]) not in cells:
            values[row, columns["name"]] = room.pupils[0][0]
        if (row, columns["reason"]) not in cells:
            values[row, columns["reason"]] = "因病"
    content = template.put({table.sheet: values})
    return replace(filing, name=path.name, damage="", note="退回修正表改好发回", wave=4), content


def _papers(site: Site, filing: DemoFiling, pattern: str) -> list[Path]:
    return sorted(site.outbox.glob(f"学校/*{filing.school.code}*/{filing.day}/{pattern}"))


def _roster_row(school: DemoSchool) -> dict[str, object]:
    return {
        "code": school.code,
        "name": school.name,
        "stages": "、".join(school.stages),
        "boarding": "是" if school.boarding else "否",
        "reporter": school.reporter,
        "reporter_phone": school.reporter_phone,
        "leader": school.leader,
        "leader_phone": school.leader_phone,
    }
