"""Whose mailbox is whose: by roster, by its county's word, by an admin; and what a mail may do by it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline import config, issuing
from pipeline.database.models import Mail, Submission
from pipeline.forms import form, mail_wishes
from pipeline.model import MailWish, Site
from pipeline.registry import mailboxes
from pipeline.xlsx.fill import Template, fill
from tests.sites import COUNTY, DAY, SCHOOLS
from tests.system import desks
from tests.system.mail.schools import (
    CLERK,
    FIRST,
    OTHER,
    SECOND,
    STRANGER,
    Place,
    Queke,
    mail,
    setting,
    untokened,
)


def site(place: Place) -> Site:
    return config.load(place.root)


def drop(place: Place, queke: Queke, name: str, content: bytes) -> str:
    path = place.root / "inbox" / f"{COUNTY} 示例区" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(content)
    return queke("ingest")[1]


def bound(unit: str) -> set[tuple[str, str, str]]:
    return {(one.address, str(one.role), str(one.origin)) for one in mailboxes.bound([unit])}


def roster(place: Place, *rows: Mapping[str, object], table: str = "schools") -> bytes:
    blank = issuing.template(site(place), "roster", COUNTY, DAY)
    return fill(Template(blank), form("roster"), {}, {table: rows})


def school(code: str, **more: object) -> dict[str, object]:
    return {"code": code, "name": SCHOOLS[code], **more}


def became() -> tuple[str, str, str]:
    """What became of the last file."""
    row = Submission.objects.latest("received_seq")
    return row.state, row.bound_unit, row.unit


def test_a_county_says_whose_the_mailbox_is_that_sent_a_school_s_template(place: Place, queke: Queke) -> None:
    place.send(mail(("日报.xlsx", place.report(FIRST, 0)), sender=STRANGER))
    queke("mail", "fetch")
    code, said = queke("mailboxes", "asked", "--unit", COUNTY)
    assert (code, STRANGER in said, FIRST in said) == (1, True, True)
    (line,) = (key for key in desks.lines(desks.made(site(place))) if key.startswith("mailboxes/"))
    assert line == "mailboxes/M1"
    answered = desks.answered(desks.made(site(place)), {line: {"意见": "确认"}})
    drop(place, queke, "处理单.xlsx", answered)
    assert bound(FIRST) == {(CLERK, "speaker", "command"), (STRANGER, "speaker", "desk")}
    assert queke("mailboxes", "asked", "--unit", COUNTY)[0] == 0
    told = [path.read_text("utf-8-sig") for path in (place.root / "outbox").rglob("县级处理通知*.txt")]
    assert [STRANGER in text for text in told] == [True], "the school hears who speaks for it"
    place.send(mail(("更正.xlsx", untokened(place.report(FIRST, 0, 1, mode="整份更正"))), sender=STRANGER))
    assert queke("mail", "fetch")[0] == 0
    assert became() == ("accepted", FIRST, FIRST)
    assert queke("mailboxes", "undo", "M1", "--why", "认错了", "--who", "李")[0] == 0
    place.send(mail(("又.xlsx", untokened(place.report(FIRST, 0))), sender=STRANGER, subject="又"))
    queke("mail", "fetch")
    assert Mail.objects.get(pk=3).state == "quarantined"
    assert queke("mailboxes", "refuse", "M1", "--why", "不是学校的", "--who", "李")[0] == 0
    assert queke("mailboxes", "refuse", "M1", "--why", "再说一次", "--who", "李")[0] == 2
    place.send(mail(("日报二.xlsx", place.report(FIRST, 2, mode="补充")), sender=STRANGER))
    queke("mail", "fetch")
    assert queke("mailboxes", "asked")[0] == 0, "it was answered"
    assert bound(FIRST) == {(CLERK, "speaker", "command")}


def test_of_a_mail_with_workbooks_of_several_schools_each_is_asked_about(place: Place, queke: Queke) -> None:
    two = [(f"{code}.xlsx", place.report(code, n)) for n, code in enumerate((FIRST, SECOND))]
    place.send(mail(*two, sender=STRANGER))
    queke("mail", "fetch")
    said = queke("mailboxes", "asked", "--unit", COUNTY)[1]
    assert [FIRST in said, SECOND in said] == [True, True]
    assert said.count("它还发来了另外 1 所学校的表") == 2
    assert queke("mailboxes", "confirm", "M2", "--who", "李")[0] == 0
    assert bound(SECOND) == {(OTHER, "speaker", "command"), (STRANGER, "speaker", "desk")}
    code, said = queke("mailboxes", "confirm", "M1", "--who", "李")
    assert (code, bound(FIRST)) == (2, {(CLERK, "speaker", "command")}), "a mailbox speaks for one unit"
    assert "它还发来了" not in queke("mailboxes", "asked", "--unit", COUNTY)[1]


def test_nobody_is_asked_about_a_mailbox_that_is_not_proved_or_is_known(place: Place, queke: Queke) -> None:
    place.send(mail(("日报.xlsx", place.report(FIRST, 0)), sender=STRANGER, extra=b""))
    place.send(mail(("日报.xlsx", place.report(SECOND, 0)), sender=CLERK, extra=b""))
    queke("mail", "fetch")
    assert set(Mail.objects.values_list("state", "why")) == {("taken", "token")}
    assert queke("mailboxes", "asked")[0] == 0


def test_a_roster_says_whose_mailboxes_and_what_they_want_and_may_be_taken_back(place: Place, queke: Queke) -> None:
    mine = {"mailbox": "School1@Example.cn", "leader_mailbox": "head@school1.example", "mail_wishes": "催报13:30、模板"}
    content = roster(place, school(FIRST, **mine), school(SECOND, mailbox=CLERK))
    said = drop(place, queke, "名册.xlsx", content)
    assert "accepted" in said or "收下" in said, said
    fresh = {("school1@example.cn", "speaker", "roster"), ("head@school1.example", "leader", "roster")}
    assert bound(FIRST) == {(CLERK, "speaker", "command"), *fresh}
    assert bound(SECOND) == {(OTHER, "speaker", "command")}, "a roster takes no mailbox from another school"
    (receipt,) = (place.root / "outbox").rglob("回执*名册*.txt")
    assert "示例第二小学的“邮箱”现在是别的单位的" in receipt.read_text("utf-8-sig")
    wishes = {one.address: one.wishes for one in mailboxes.bound([FIRST])}
    assert wishes["head@school1.example"] == "催报13:30、模板"
    place.send(mail(("日报.xlsx", untokened(place.report(FIRST, 0))), sender="school1@example.cn"))
    queke("mail", "fetch")
    assert became() == ("accepted", FIRST, FIRST)
    assert queke("units", "undo", "1", "--why", "填错", "--who", "李")[0] == 0
    assert bound(FIRST) == {(CLERK, "speaker", "command")}


def test_an_office_s_mailbox_reads(place: Place, queke: Queke) -> None:
    row = {"organ": "教育局", "mailbox": "jyj@county.example"}
    drop(place, queke, "机构.xlsx", roster(place, row, table="organs"))
    assert bound(f"{COUNTY}JY") == {("jyj@county.example", "reader", "roster")}


@pytest.mark.parametrize(
    ("policy", "form_", "state"),
    [
        ('"require"', "absence=warn", "taken"),
        ('"off"', "absence=require", "quarantined"),
        ('"require"', "card=off", "quarantined"),
        ('"off"', "", "taken"),
    ],
)
def test_what_needs_no_proof_is_said_by_form(place: Place, queke: Queke, policy: str, form_: str, state: str) -> None:
    setting(place, "proof", policy)
    setting(place, "proof_of", f'"{form_}"')
    place.send(mail(("a.xlsx", untokened(place.report(FIRST, 0))), extra=b""))
    place.send(mail(("b.xlsx", untokened(place.report(SECOND, 0))), extra=b"", sender=STRANGER))
    queke("mail", "fetch")
    assert [row.state for row in Mail.objects.order_by("id")] == [state, "quarantined"]
    assert set(Submission.objects.values_list("state", "bound_unit")) <= {("accepted", FIRST)}


def test_a_desk_is_never_taken_from_a_mailbox_that_is_not_proved(place: Place, queke: Queke) -> None:
    setting(place, "proof", '"off"')
    queke("mailboxes", "bind", "desk@county.example", "--unit", COUNTY)
    content = untokened(desks.made(site(place)))
    place.send(mail(("处理单.xlsx", content), sender="desk@county.example", extra=b""))
    queke("mail", "fetch")
    assert Mail.objects.get().state == "quarantined"
    assert queke("mailboxes", "bind", "x", "--unit", COUNTY)[0] == 2
    setting(place, "proof_of", '"desk=off"')
    assert queke("mail", "status")[0] == 2


def test_wishes_by_command_are_those_of_the_workbook(place: Place, queke: Queke) -> None:
    assert "催报13:30" in queke("mailboxes", "wish", CLERK, "催报 13:30", "--unit", FIRST)[1]
    assert queke("mailboxes", "wish", CLERK, "随便", "--unit", FIRST)[0] == 2
    assert queke("mailboxes", "wish", STRANGER, "都不要", "--unit", FIRST)[0] == 2
    assert "催报13:30" in queke("mailboxes", "list")[1]


USUAL = set(MailWish) - {MailWish.TEMPLATES}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", dict.fromkeys(USUAL, "")),
        ("全部", dict.fromkeys(MailWish, "")),
        ("都不要", {}),
        ("不要简报", dict.fromkeys(USUAL - {MailWish.PAPERS}, "")),
        ("模板6:30，催报 13：05", {MailWish.TEMPLATES: "06:30", MailWish.REMIND: "13:05"}),
        ("简报;预警；账号通知", dict.fromkeys((MailWish.PAPERS, MailWish.CARDS, MailWish.ACCOUNTS), "")),
    ],
)
def test_what_a_clerk_wants_is_read(typed: str, wanted: Mapping[MailWish, str]) -> None:
    assert mail_wishes.read(typed) == wanted
    assert mail_wishes.read(mail_wishes.write(wanted)) == wanted, "as it is kept"


@pytest.mark.parametrize("typed", ["随便", "简报8:00", "催报25:00", "催报、不要催报", "模板 早上"])
def test_what_nobody_understands_is_asked(typed: str) -> None:
    assert mail_wishes.is_unknown(typed)
