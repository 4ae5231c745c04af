"""The reference pages docs/forms.md and docs/issues.md, written from the declarations themselves.

`python -m pipeline.forms.reference docs` writes both; a test holds the pages equal to the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline import issues
from pipeline.forms import FORMS
from pipeline.forms.base import Column, Field, Form, Table, Vocabulary
from pipeline.issues.entry import Message
from pipeline.model import Severity

_NOTE = "<!-- 由 pipeline/forms/reference.py 生成，请勿手改 -->"
_DTYPES = {
    "text": "文本",
    "date": "日期",
    "datetime": "日期和时间",
    "number": "数字",
    "integer": "整数",
    "choice": "选项",
    "flag": "是/否",
    "secret": "密码（不保存）",  # nosec B105  # what the page says of such a column
}
_SEVERITIES = {Severity.ERROR: "错误（退回）", Severity.QUERY: "询问（已收）", Severity.ADVICE: "提示（已收）"}


def forms_page() -> str:
    """docs/forms.md: every form, its header block, its columns, its vocabularies."""
    parts = [_NOTE, "# 填报表", "每个表的字段、列和选项。带 * 的必填。", *(_form(form) for form in FORMS)]
    vocabularies = {v.name: v for form in FORMS for v in _vocabularies(form)}
    parts += ["## 选项与认得的说法", *(_vocabulary(v) for v in vocabularies.values())]
    return "\n\n".join(parts) + "\n"


def issues_page() -> str:
    """docs/issues.md: every code with its severity, words and remedy."""
    lines = [_NOTE, "# 问题目录", "每个代码固定不变。以 `-left` 结尾的代码不单列：同一问题出现在可以空着的列时，"]
    lines[-1] += "该格按空白收下，本行照收，只作询问。"
    for title, parts in issues.PARTS.items():
        entries = (_issue(code, entry) for part in parts for code, entry in part.items())
        lines += [f"## {title}", _table(("代码", "程度", "说明", "怎么改"), entries)]
    return "\n\n".join(lines) + "\n"


def _form(form: Form) -> str:
    title = form.title + (f"（幼儿园：{form.kindergarten_title}）" if form.kindergarten_title else "")
    parts = [f"## {title}", f"`{form.name}` · 版本 {form.version}", *form.notes, "### 表头"]
    parts.append(_table(("字段", "名称", "类型", "也认得", "说明"), (_field(field) for field in form.fields)))
    for table in form.tables:
        parts += [f"### 工作表 {table.sheet} (`{table.name}`)", _columns(table)]
    return "\n\n".join(parts)


def _field(field: Field) -> tuple[str, ...]:
    star = "*" if field.required else ""
    return (f"`{field.name}`", field.label + star, _DTYPES[field.dtype], "、".join(field.aliases), field.help)


def _columns(table: Table) -> str:
    heads = ("列", "表头", "类型", "例", "也认得", "说明")
    return _table(heads, (_column(column) for column in table.columns))


def _column(column: Column) -> tuple[str, ...]:
    star = "*" if column.required else ""
    also = [*([column.kindergarten] if column.kindergarten else []), *column.aliases]
    where = ["折叠列。"] if column.folded else []
    where += ["只用于寄宿制学校。"] if column.only == "boarding" else []
    where += ["模板里没有；表里自己加了就读，与表头不同的行退回。"] if column.beside else []
    kind = _DTYPES[column.dtype] + (f" {column.vocabulary.name}" if column.vocabulary else "")
    return (
        f"`{column.name}`",
        column.header + star,
        kind,
        column.example,
        "、".join(dict.fromkeys(also)),
        "".join([column.help, *where]),
    )


def _vocabularies(form: Form) -> Iterable[Vocabulary]:
    yield from (field.vocabulary for field in form.fields if field.vocabulary)
    yield from (column.vocabulary for table in form.tables for column in table.columns if column.vocabulary)


def _vocabulary(vocabulary: Vocabulary) -> str:
    spelled: dict[str, list[str]] = {}
    for word, code in vocabulary.words.items():
        spelled.setdefault(code, []).append(word)
    rows = ((f"`{code}`", label, "、".join(spelled.get(code, ()))) for code, label in vocabulary.labels.items())
    return f"### {vocabulary.name}\n\n" + _table(("代码", "选项", "也认得"), rows)


def _issue(code: str, entry: Message) -> tuple[str, ...]:
    return (f"`{code}`", _SEVERITIES[entry.severity], entry.message + entry.cost, entry.remedy)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '／') for cell in line)} |" for line in lines)


def main(arguments: list[str]) -> int:
    """Write both pages into the folder named."""
    folder = Path(arguments[0] if arguments else "docs")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "forms.md").write_text(forms_page(), encoding="utf-8")
    (folder / "issues.md").write_text(issues_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
