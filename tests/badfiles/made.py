"""One bad file: what is dropped, what must become of it, and the builders of its workbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.forms import form
from pipeline.forms.base import Form
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Template, fill
from tests.golden.cases import Rows, absence, pupils, saved

DAY, YESTERDAY = date(2026, 11, 20), date(2026, 11, 19)
CLASSES = {"三3": ("三(3)班", 45), "三4": ("三(4)班", 44), "一2": ("一(2)班", 40)}
NO_ROLL = "10,000 rows, no roll known"  # of a school whose classes are not counted in the registry
FIRST, SECOND, THIRD = "张小明", "李小红", "王五一"


@dataclass(frozen=True)
class File:
    """One file and its one outcome. `issue`: a code that must be said, and `says`: words of the receipt.

    `rows`: how many rows were typed, where the file is taken: so many are accepted or refused.
    """

    content: bytes
    state: str
    issue: str = ""
    says: str = ""
    name: str = "缺课日报.xlsx"
    rows: int | None = None


@dataclass(frozen=True)
class Dropped:
    """The files of one school, in the order dropped, and whose names then stand for it."""

    files: tuple[File, ...]
    stands: tuple[str, ...] = ()


Case = Callable[[str], Dropped]


def name_of(code: str) -> str:
    return f"示例{code[-3:]}小学"


def sheets(code: str, rows: Sequence[Mapping[str, object]], **header: object) -> dict[str, Rows]:
    """A school's report as cells."""
    return absence(rows, {"学校标识码": code, "学校名称": name_of(code), **header})


def good(code: str, *names: str, **header: object) -> bytes:
    """A report with nothing wrong in it."""
    return saved(
        sheets(code, [{**one, "姓名": name} for one, name in zip(pupils(*[{}] * 9), names, strict=False)], **header)
    )


def yesterdays(code: str) -> bytes:
    return saved(sheets(code, pupils({"起始日": YESTERDAY}), 报告日期=YESTERDAY))


def one(content: bytes, state: str, issue: str = "", says: str = "", *, rows: int | None = None,
        stands: Sequence[str] = (), name: str = "缺课日报.xlsx") -> Dropped:  # fmt: skip
    return Dropped((File(content, state, issue, says, name, rows),), tuple(stands))


def template(code: str, rows: Sequence[Mapping[str, object]], version: str = "") -> bytes:
    """The school's own template, filled as a spreadsheet program fills it."""
    told = TemplateFacts(fields={"unit": code, "school": name_of(code), "campus": "本部", "day": DAY})
    declared = _of_version(form("absence"), int(version)) if version else form("absence")
    header = {"reporter": "示例甲", "zero": "否"}
    return fill(Template(blank(declared, told)), form("absence"), header, {"rows": rows})


def _of_version(declared: Form, version: int) -> Form:
    """The form as it was, or will be, in another version."""
    tables = (
        replace(table, columns=tuple(replace(column, since=version) for column in table.columns))
        for table in declared.tables
    )
    return replace(declared, tables=tuple(tables))


def typed(name: str) -> dict[str, object]:
    """The right row by our names of the columns."""
    return {"class_name": "三(3)班", "name": name, "sex": "男", "reason": "因病", "start": DAY, "symptom1": "发热",
            "temperature": 38.5}  # fmt: skip
