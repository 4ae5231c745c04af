"""The reference page docs/rules.md, written from rules.toml: `python -m pipeline.rules.reference docs`.

A test holds the page equal to the rules.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.rules.parse import load
from pipeline.rules.values import TERM, Group, Rule, Rules, Sign, Stage, Where

_NOTE = "<!-- 由 pipeline/rules/reference.py 生成，请勿手改 -->"
_WHERE: Mapping[Where, str] = {Where.CLASS: "同班", Where.DORM: "同宿舍", Where.CAMPUS: "同一校区"}
_SIGNS: Mapping[Sign, str] = {Sign.ADMITTED: "住院", Sign.TESTED: "检测阳性"}
_CONFIDENCE: Mapping[str, str] = {
    "found": "见原文",
    "found (secondary copy)": "见转载",
    "found (local)": "见原文，地方标准",
    "found (local practice)": "见报道，地方做法",
    "found (school copy)": "见学校所引",
    "found (study)": "见论文",
    "found (weak)": "来源不可靠",
    "from memory": "凭记忆，未见原文",
    "from memory (10/term corroborated)": "凭记忆，论文同用此数",
}
_HEAD = """# 预警规则

每条规则的条件、出处和默认是否启用。病例按自己的日子计：发病日期，没有填的按起始日；一名学生在一条规则里只算一次。
“以上”含本数。

**默认启用**的是国家规范与指南，以及江苏文件所引的标准（学校附件引苏卫计疾控〔2017〕18号等）。凭记忆写下、未见原文的国家
标准（诺如指南、流脑、不明原因疾病、结核）也启用，等看到原文再核。**默认不启用**的是其他地方的标准（湖州、义乌、北京、
沈阳）、研究论文（顺义、番禺、绍兴）和来源不可靠的（停课参考表）。
C08 的出处写地方标准，但国家 2006 年规范同有，故启用。

站点可以按区划开关：见文末。"""

_SWITCHES = """## 由站点开关

站点目录里放一个 `rules.toml`（与 `queke.toml` 同处）：

```toml
[[switch]]
rules = ["C09", "C12"]        # 上面的编号
places = ["320106"]           # 区划代码（管到下级），或学校标识码
on = true
from = 2026-12-01             # 自哪一天的病例起
by = "示例区疾控 王某"
why = "按本区2026年传染病防控方案"
```

同一规则在几级都有开关的，最近的一级说了算；同一级有几条的，日期最近的说了算。文件一改，系统自己看到，
记入审计；日期已到的，有关的学校重新判断。文件有错时一次指出全部错处（第几行、哪一项），原来的规则照旧，
`queke status` 和 `queke doctor` 会一直提醒。
`queke rules check FILE` 先看对不对；`queke rules list --unit 320106` 看某地某日哪些规则启用。

E05、P10、P12 由人核实后上报：`queke alerts raise --school 2132000001 --rule P10 --count 7 --reason "…"`，
在《县级处理单》的“上报预警”表填一行，或在预警信息报告卡的“核实为”一栏选定。"""


def page() -> str:
    """Return docs/rules.md."""
    rules = load()
    parts = [_NOTE, _HEAD, f"版本 {rules.version}，{len(rules.rules)} 条。"]
    for stage in Stage:
        mine = [rule for rule in rules.rules if rule.stage is stage]
        title = stage.label if stage is not Stage.CLOSURE else "停课评估"
        rows = (
            (rule.id, _groups(rule, rules), _condition(rule), "启用" if rule.on else "不启用", rule.source,
             _CONFIDENCE.get(rule.confidence, rule.confidence))
            for rule in mine
        )  # fmt: skip
        parts += [f"## {title}", _table(("编号", "症状或病种", "条件", "默认", "出处", "可信程度"), rows)]
    unfed = ((one.id, one.what, one.why, one.source, _CONFIDENCE.get(one.confidence, "")) for one in rules.unfed)
    parts += ["## 不成为规则的", _table(("编号", "规范怎么说", "为什么不立规则", "出处", "可信程度"), unfed)]
    parts += ["## 症状组与病种", "“归入”：同一校区内，这一组的预警把哪些组的病例并到自己名下。"]
    parts += [_table(("代码", "名称", "归入", "末例之后几天无新发可以结束"), map(_group_row, rules.groups.values()))]
    return "\n\n".join([*parts, _SWITCHES]) + "\n"


def _groups(rule: Rule, rules: Rules) -> str:
    names = [group.name for code, group in rules.groups.items() if code in rule.groups]
    return "、".join([*(f"{grade}类传染病" for grade in sorted(rule.grades)), *names])


def _condition(rule: Rule) -> str:
    """One rule in words: 同班、同宿舍，3 天内新发：≥5 人."""
    where = "、".join(_WHERE[where] for where in rule.scope)
    if rule.raised:
        return f"{where}：{_ways(rule)}；由人核实后上报"
    if rule.present:
        when = "当日现症"
    elif rule.window == TERM:
        when = "本学期内"
    else:
        when = "当日新发" if rule.window == 1 else f"{rule.window} 天内新发"
    only = "".join(f"，只计{_SIGNS[sign]}者" for sign in sorted(rule.only))
    return f"{where}，{when}{only}：{_ways(rule)}"


def _ways(rule: Rule) -> str:
    ways = [way if way.endswith("%") else f"{way} 人" for way in rule.ways]
    if rule.tested:
        ways[0] += f"（其中检测阳性 ≥{rule.tested} 人）"
    return "，或".join(ways)


def _group_row(group: Group) -> tuple[str, ...]:
    theirs = sorted(group.absorbs - group.takes_in)
    absorbs = [*sorted(group.takes_in), *[f"{one}（同一批学生）" for one in theirs]]
    return group.code, group.name, "、".join(absorbs), str(group.end_days)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main(arguments: list[str]) -> int:
    """Write the page into the folder named."""
    folder = Path(arguments[0] if arguments else "docs")
    (folder / "rules.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
