"""The sentences of digests: what is said of a day, of how it compares, of alerts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.county import CountyFigures
from pipeline.figures.lines import AlertTable, SilentSchool
from pipeline.figures.sentence import OTHERWISE, Place, Sentence, always
from pipeline.figures.statistics import StatisticTable

# --------------------------------------------------------------------------- a day of a place


def _nothing_due(now: CountyFigures) -> bool:
    return not now.due


def _complete(now: CountyFigures) -> bool:
    return bool(now.due) and not now.silent and not now.excused


def _heard(now: CountyFigures) -> bool:
    return bool(now.reported or now.partial or now.ill)


def _nobody(end: str = "", mark: str = "") -> tuple[Sentence[CountyFigures], ...]:
    """What is said where no report can be counted: none is due, all are excused, none was accepted, none has come."""
    return (
        Sentence("无应报学校", _nothing_due, f"今日无应报学校{end}"),
        Sentence("应报学校都免报", lambda now: now.excused == now.due, f"应报学校均已免报{end}"),
        Sentence(
            "有退回待改或待核", lambda now: bool(now.returned or now.held), f"{mark}尚无收下的学校报告{mark}{end}"
        ),
        Sentence(OTHERWISE, always, f"{mark}尚无学校报告{mark}{end}"),
    )


DAY: Place[CountyFigures] = Place(
    "应报与已报",
    "简报",
    (
        Sentence("无在册学校", lambda now: not now.registered, "本地区没有在册学校。"),
        Sentence(
            "无应报，全部放假",
            lambda now: not now.due and now.holiday == now.registered,
            "今日{why}，{registered} 所在册学校均不需报。",
        ),
        Sentence(
            "无应报，全部在学期外",
            lambda now: not now.due and now.out_of_term == now.registered,
            "今日在学期之外，{registered} 所在册学校均不需报。",
        ),
        Sentence(
            "无应报，全部停课",
            lambda now: not now.due and now.closed == now.registered,
            "今日 {registered} 所在册学校均全校停课，不需报。",
        ),
        Sentence("无应报，原因不一", _nothing_due, "今日无应报学校：{off}，{registered} 所在册学校均不需报。"),
        Sentence(
            "有未报，有免报",
            lambda now: bool(now.silent and now.excused),
            "今日应报 {due} 所，按时 {on_time} 所、迟报 {late} 所、免报 {excused} 所，*未报 {silent} 所*。",
        ),
        Sentence(
            "有未报",
            lambda now: bool(now.silent),
            "今日应报 {due} 所，按时 {on_time} 所、迟报 {late} 所，*未报 {silent} 所*。",
        ),
        Sentence(
            "无未报，有免报",
            lambda now: bool(now.excused),
            "今日应报 {due} 所，按时 {on_time} 所、迟报 {late} 所、免报 {excused} 所，无未报。",
        ),
        Sentence(OTHERWISE, always, "今日应报 {due} 所，按时 {on_time} 所、迟报 {late} 所，无未报。"),
    ),
)

ILL: Place[CountyFigures] = Place(
    "因病缺课",
    "简报",
    (
        Sentence("无应报，也没有人报来因病缺课", lambda now: not now.due and not now.ill, ""),
        Sentence("无应报，有人报来因病缺课", _nothing_due, "不需报的学校报来因病缺课 {ill} 人次，不计缺课率。"),
        Sentence(
            "已报学校有应到人数",
            lambda now: now.ill_rate is not None,
            "因病缺课 {ill} 人次，因病缺课率 {rate}{thin}{compared}{symptoms}。",
        ),
        Sentence(
            "有学校报齐，但没有可计的应到人数",
            lambda now: bool(now.reported),
            "因病缺课 {ill} 人次；已报学校没有可计的应到人数，缺课率无从计算。",
        ),
        Sentence(
            "无学校报齐，有的部分班级已报",
            lambda now: bool(now.partial),
            "*尚无学校报齐*（{partial} 所部分班级已报）：已报来因病缺课 {ill} 人次，缺课率无从计算。",
        ),
        Sentence(
            "无学校报齐，有人报来因病缺课",
            lambda now: bool(now.ill),
            "*尚无学校报齐*：已报来因病缺课 {ill} 人次，缺课率无从计算。",
        ),
        *_nobody("，缺课率无从计算。", "*")[1:],
    ),
)

SILENCE: Place[CountyFigures] = Place(
    "未报",
    "简报",
    (
        Sentence("有未报", lambda now: bool(now.silent), "{silent} 所：{states}"),
        Sentence("无应报学校", _nothing_due, "今日无应报学校"),
        Sentence("应报学校都免报", lambda now: not now.reported, "应报 {due} 所均已免报"),
        Sentence("无未报，有免报", lambda now: bool(now.excused), "除免报 {excused} 所外，应报学校均已报告"),
        Sentence(OTHERWISE, always, "应报学校均已报告"),
    ),
)

UNHEARD: Place[SilentSchool] = Place(
    "未报，在办预警",
    "简报",
    (
        Sentence("在办预警的班级或学校有未报", lambda one: bool(one.warned), "；在办预警未报 {warned} 所"),
        Sentence(OTHERWISE, always, ""),
    ),
)

STATISTICS: Place[StatisticTable] = Place(
    "统计提示",
    "简报",
    (
        Sentence("没有提示", lambda one: not one.rows, ""),
        Sentence(
            "与往年同期比较过",
            lambda one: one.years,
            "新发病例高于近期上课日或往年同期，供研判参考，不发卡、不用回复",
        ),
        Sentence(OTHERWISE, always, "新发病例高于近期上课日，供研判参考，不发卡、不用回复"),
    ),
)

METHODS: Place[StatisticTable] = Place(
    "统计提示的方法",
    "简报",
    (
        Sentence("没有提示", lambda one: not one.rows, ""),
        Sentence(
            "与往年同期比较过",
            lambda one: one.years,
            "EARS 与近 4 周内最近的上课日比较（C1 前 7 日；C2、C3 隔 2 日）；移动百分位与往年同期各周比较。{rest}",
        ),
        Sentence(
            OTHERWISE,
            always,
            "EARS 与近 4 周内最近的上课日比较（C1 前 7 日；C2、C3 隔 2 日）；往年数据不足三年，未与同期比较。{rest}",
        ),
    ),
)

SCHOOLS: Place[CountyFigures] = Place(
    "各校因病缺课",
    "县级简报",
    (
        Sentence("有因病缺课", lambda now: bool(now.ill), "{schools} 所有因病缺课，按人次排列{rest}"),
        Sentence("应报学校都已报告", _complete, "今日无因病缺课"),
        Sentence("有学校报齐", lambda now: bool(now.reported), "已报告的 {reported} 所无因病缺课"),
        Sentence("有的部分班级已报", lambda now: bool(now.partial), "{partial} 所部分班级已报，所报班级无因病缺课"),
        *_nobody(),
    ),
)

HINTS: Place[CountyFigures] = Place(
    "单例提示（没有要提示的）",
    "县级简报",
    (
        Sentence("应报学校都已报告", _complete, "今日无未达预警标准的丙类传染病"),
        Sentence("有学校报齐或部分班级已报，或有人报来因病缺课", _heard, "已报来的缺课中，无未达预警标准的丙类传染病"),
        *_nobody(),
    ),
)

SYMPTOMS: Place[CountyFigures] = Place(
    "症状（没有可画的）",
    "简报",
    (
        Sentence("有因病缺课", lambda now: bool(now.ill), "报来的因病缺课都没有填症状。"),
        Sentence("应报学校都已报告", _complete, "今日无因病缺课。"),
        Sentence("有学校报齐或部分班级已报，或有人报来因病缺课", _heard, "已报来的缺课中，无因病缺课。"),
        *_nobody("。"),
    ),
)

TILE: Place[CountyFigures] = Place(
    "地图上没有缺课率的格子",
    "市、省简报",
    (
        Sentence("无在册学校", lambda now: not now.registered, "未纳入"),
        Sentence("无应报学校", _nothing_due, "不需报"),
        Sentence("应报学校都免报", lambda now: now.excused == now.due, "免报"),
        Sentence("已报不足九成", lambda now: now.is_thin, "报告不足"),
        Sentence(OTHERWISE, always, "无应到数"),
    ),
)

SUM: Place[CountyFigures] = Place(
    "因病缺课合计",
    "简报",
    (
        Sentence("没有因病缺课", lambda now: not now.ill, ""),
        Sentence(
            "全部计入缺课率",
            lambda now: now.rated_ill == now.ill,
            "因病缺课合计 {ill} 人次，全部计入缺课率（{days} 人日）。",
        ),
        Sentence(
            OTHERWISE,
            always,
            "因病缺课合计 {ill} 人次=计入缺课率 {rated_ill} 人次（{days} 人日）+{apart}，后者不计。",
        ),
    ),
)


# --------------------------------------------------------------------------- the comparison with an earlier day


@dataclass(frozen=True, slots=True)
class Compared:
    """The rate against that of an earlier day, in percentage points as printed; None: no such day."""

    moved: float | None
    then: str = ""

    @property
    def by(self) -> str:
        return f"{abs(self.moved or 0):.2f}"


_FLAT = 0.005  # a difference that prints as 0.00
_MARKED = 0.05  # percentage points from which a rise is emphasised

COMPARED: Place[Compared] = Place(
    "与此前比",
    "简报",
    (
        Sentence("没有可比的一日", lambda one: one.moved is None, ""),
        Sentence("相差印作 0.00", lambda one: abs(one.moved or 0) < _FLAT, "，与{then}持平"),
        Sentence("高 0.05 以上", lambda one: (one.moved or 0) >= _MARKED, "，*比{then}高 {by} 个百分点*"),
        Sentence("高", lambda one: (one.moved or 0) > 0, "，比{then}高 {by} 个百分点"),
        Sentence(OTHERWISE, always, "，比{then}低 {by} 个百分点"),
    ),
)


@dataclass(frozen=True, slots=True)
class CommonSymptoms:
    """The symptoms that more pupils have than any other; `half`: at least half of all ill pupils have the first."""

    names: str
    half: bool = False


COMMON: Place[CommonSymptoms] = Place(
    "最多的症状",
    "简报",
    (
        Sentence("没有比别的多的", lambda one: not one.names, ""),
        Sentence("因病缺课者至少半数有", lambda one: one.half, "，以{names}为主"),
        Sentence(OTHERWISE, always, "，所填症状中{names}最多"),
    ),
)


# --------------------------------------------------------------------------- alerts

ALERTS: Place[AlertTable] = Place(
    "在办预警",
    "简报",
    (
        Sentence("没有在办预警", lambda table: not table.rows, "无在办预警。"),
        Sentence(
            "有今日新增",
            lambda table: bool(table.opened),
            "在办预警 {open} 条（其中今日新增 {opened} 条）{clock}。",
        ),
        Sentence(OTHERWISE, always, "在办预警 {open} 条（今日无新增）{clock}。"),
    ),
)

CLOCK: Place[AlertTable] = Place(
    "预警时限",
    "简报",
    (
        Sentence(
            "有逾期，有 3 小时内到期",
            lambda table: bool(table.overdue and table.soon),
            "，*逾期 {overdue} 条*，*{soon} 条 3 小时内到期*",
        ),
        Sentence("有逾期", lambda table: bool(table.overdue), "，*逾期 {overdue} 条*"),
        Sentence("有 3 小时内到期", lambda table: bool(table.soon), "，*{soon} 条 3 小时内到期*"),
        Sentence("有待核实的", lambda table: any(row.waits for row in table.rows), "，均未逾期"),
        Sentence(OTHERWISE, always, ""),
    ),
)
