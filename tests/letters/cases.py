"""Each kind of our mails, as its reader gets it: what makes it. Goldens lie beside, a text and a page each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import issues
from pipeline.figures import mail_letters, mail_notes, receipts
from pipeline.figures.duty import StatusCounts
from pipeline.figures.mail_letters import AnswerLetter, CardLetter, PapersLetter, Problem
from pipeline.figures.mail_notes import NoteLetter, SchoolMissing
from pipeline.figures.paper_values import values_of
from pipeline.figures.receipts import ReceiptFacts
from pipeline.model import Issue, Repair, State
from pipeline.reports import mail_pages
from pipeline.schooldays import ZONE
from tests.paper_samples import DAY

FOLDER = Path(__file__).parent
PICTURE = "page.png"  # by what name a page shows a paper
SCHOOL, COUNTY, CITY = "南京市示例第一小学", "鼓楼区", "南京市"

WELL = ReceiptFacts(
    scope=None,
    seq=15482,
    state=State.ACCEPTED,
    form="学生缺课日报",
    unit="2132000001",
    unit_name=SCHOOL,
    day=DAY,
    campus="本部",
    received_at=datetime(2026, 11, 20, 14, 12, tzinfo=ZONE),
    on_time=True,
    accepted=5,
    refused=0,
    withdrawn=0,
    zero=False,
    name="缺课日报 11.20.xlsx",
)
PARTIAL = replace(
    WELL,
    state=State.PARTIAL,
    accepted=3,
    refused=2,
    beside="rows",
    issues=(
        Issue("name-missing", sheet="缺课登记", cell="B12", row=12, column="姓名"),
        Issue("reason-missing", sheet="缺课登记", cell="E13", row=13, column="缺课原因"),
        Issue("carried-unspoken", details=(("count", "2"), ("day", "11-19"))),
    ),
    repairs=(Repair("缺课登记", "G9", "症状1", "发烧", "发热", 9),),
)
HELD = replace(
    WELL,
    seq=15490,
    state=State.HELD,
    on_time=None,
    issues=(Issue("past-day-reported", details=(("day", "2026-11-19"), ("which", "昨天"))),),
)
BACK = "退回修正表 学生缺课日报 015482.xlsx"
MISSING = ("未报名单 南京市.pdf", "未报名单 南京市.xlsx", "群通知.txt")
DIGEST = {
    "below_total": {"due": 60, "reported": 58, "silent": 2},
    "alerts": {"rows": [{}, {}, {}]},
    "closures": {"classes": 1},
}

Letter = AnswerLetter | PapersLetter | CardLetter | NoteLetter


@dataclass(frozen=True)
class LetterCase:
    """A letter of an example: its template, its title, when it goes out, and the values it is made of."""

    template: str
    title: str
    goes: str
    made: Callable[[], Letter]

    def words(self) -> tuple[str, str]:
        """Its text and its page."""
        return mail_pages.words(self.template, values_of(self.made()))


def _answer(*facts: ReceiptFacts, problems: tuple[str, ...] = (), attached: str = "", left_out: str = "") -> Letter:
    said = [Problem(issues.message(Issue(code)), issues.remedy(Issue(code))) for code in problems]
    back = [[name] if name else [] for name in (attached, left_out)]
    return mail_letters.answer(SCHOOL, [receipts.receipt(one) for one in facts], said, *back)


def _papers(title: str, said: tuple[str, ...], *attached: str, pictures: tuple[str, ...] = ()) -> Letter:
    day = "2026年11月20日（星期五）"
    return mail_letters.papers(CITY, title, day, said=said, attached=attached, left_out=(), pictures=pictures)


def _card(unit: str, copy: str, *, school: bool, left_out: bool = False, days: int = 0) -> Letter:
    due = datetime(2026, 11, 21, 15, 2, tzinfo=ZONE)
    files = [f"预警信息报告卡 2026-0007 {copy}.pdf", f"预警信息报告卡 2026-0007 {copy}（填报）.xlsx"]
    files += [f"核实工作单 2026-0007 {copy}.pdf"] if school else []
    along, at_home = ([], files) if left_out else (files, [])
    return mail_letters.card(
        unit, "2026-0007", due, due + timedelta(days=days - 1), school=school, attached=along, left_out=at_home
    )


SILENT = SchoolMissing(SCHOOL, "李老师", "100-0000-0001", StatusCounts.MISSING, ())
PART = SchoolMissing("南京市示例第二小学", "周老师", "100-0000-0002", StatusCounts.PARTIAL, ("三(3)班", "四(1)班"))
TODAY = "2026年11月20日（星期五）"


def _reminder(*, leader: bool) -> Letter:
    return mail_notes.remind(SCHOOL, TODAY, "15:00", SILENT, leader=leader, zero=not leader)


def _told(code: str) -> Letter:
    issue = Issue(code, details=(("day", TODAY),))
    return mail_notes.told(SCHOOL, issues.message(issue), issues.remedy(issue), todo=code == "mail-review-unclear")


_MAIL = "within a minute of a mail of a bound, proved mailbox, to that mailbox"
CASES: Mapping[str, LetterCase] = {
    "answer-accepted": LetterCase("answer", "All of it was taken", _MAIL, lambda: _answer(WELL)),
    "answer-zero": LetterCase(
        "answer", "A zero report in one line", _MAIL,
        lambda: _answer(replace(WELL, accepted=0, zero=True, name="零报告 2026-11-20.xlsx")),
    ),
    "answer-returned": LetterCase(
        "answer", "Rows went back", _MAIL, lambda: _answer(PARTIAL, attached=BACK)
    ),
    "answer-locked-out": LetterCase(
        "answer", "Rows went back, the school has no passphrase", _MAIL, lambda: _answer(PARTIAL, left_out=BACK)
    ),
    "answer-held": LetterCase("answer", "A question first", _MAIL, lambda: _answer(HELD)),
    "answer-several": LetterCase(
        "answer", "Several workbooks in one mail", _MAIL,
        lambda: _answer(
            WELL, replace(PARTIAL, seq=15483), replace(HELD, seq=15484, name="补报.xlsx"),
            problems=("mail-cloud-link",), attached="退回修正表 学生缺课日报 015483.xlsx",
        ),
    ),
    "answer-nothing": LetterCase(
        "answer", "The attachment was forgotten", _MAIL, lambda: _answer(problems=("mail-no-files",))
    ),
    "answer-ours": LetterCase(
        "answer", "A fault of ours", _MAIL,
        lambda: _answer(replace(WELL, state=State.FAILED, on_time=None, accepted=0, issues=(Issue("failed"),))),
    ),
    "papers-digest": LetterCase(
        "papers", "A digest", "15:10 and 17:30, to each reader of 教育局, 卫健委, 疾控: only its papers",
        lambda: _papers(
            "学生缺课监测每日简报 第2版", mail_letters.of_digest(DIGEST),
            "学生缺课监测每日简报 南京市 D-320100-20261120-2.pdf", *MISSING, pictures=(PICTURE,),
        ),
    ),
    "papers-rules": LetterCase(
        "papers", "The weekly scores of the rules", "Monday 08:00, to counties, cities and the province",
        lambda: _papers("预警规则评分周报 第1版", (), "预警规则评分周报 南京市 R-320100-20261123-1.pdf"),
    ),
    "card-school": LetterCase(
        "card", "A warning, to its school", "within a minute of the warning, by night too",
        lambda: _card(SCHOOL, "学校联", school=True),
    ),
    "card-late": LetterCase(
        "card", "A card that is sent again after it was due", "within a minute of what changed it",
        lambda: _card(SCHOOL, "学校联", school=True, days=2),
    ),
    "card-county": LetterCase(
        "card", "A warning, to its county", "within a minute of the warning, by night too",
        lambda: _card(COUNTY, "县级联", school=False, left_out=True),
    ),
    "note-review": LetterCase(
        "note", "A report to be approved", "when it was taken, to the mailbox of the 分管领导",
        lambda: mail_notes.review(SCHOOL, receipts.receipt(PARTIAL), "李老师", "100-0000-0001"),
    ),
    "note-reviewed": LetterCase(
        "note", "同意", "within a minute of his answer, to the 分管领导", lambda: _told("mail-reviewed")
    ),
    "note-withdrawn": LetterCase(
        "note", "撤回", "within a minute of his answer, to the 分管领导", lambda: _told("mail-review-undone")
    ),
    "note-not-reviewed": LetterCase(
        "note", "Any other word", "within a minute of his answer, to the 分管领导",
        lambda: _told("mail-review-unclear"),
    ),
    "note-remind": LetterCase(
        "note", "A report is missing", "14:00, or when it wants it, to the school", lambda: _reminder(leader=False)
    ),
    "note-lead": LetterCase(
        "note", "A report is still missing", "14:45, to the 分管领导", lambda: _reminder(leader=True)
    ),
    "note-list": LetterCase(
        "note", "Whom a county telephones", "14:45, to the offices of a county",
        lambda: mail_notes.call_list(COUNTY, TODAY, "14:45", [SILENT, PART]),
    ),
    "note-template": LetterCase(
        "note", "The morning's template", "06:30, or when it wants it, to a school that wants it",
        lambda: mail_notes.template(SCHOOL, TODAY, ["缺课日报模板 2026-11-20.xlsx"], ()),
    ),
    "note-account": LetterCase(
        "note", "What became of a 备案", "when it was decided, to its unit",
        lambda: mail_notes.account(SCHOOL, "开户通知 备案 000007", "已开户：SL_01\n初始密码由疾控中心当面交付。"),
    ),
}  # fmt: skip
