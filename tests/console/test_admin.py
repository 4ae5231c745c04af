"""Who looks after the site: quarantine, mailboxes, settings; what each reader finds, and whose file he may open."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline import config, database
from pipeline.console.in_force import without_login
from pipeline.database.models import Audit, Mail, Mailbox, NotedAct, Submission
from pipeline.executors import Pool
from pipeline.executors.mails import MailOpener
from pipeline.model import FetchedMail, MailAccount, MailKey, MailPlan, Site
from pipeline.run import MailDesk
from tests.console_site import ConsoleSite
from tests.sites import NOW
from tests.system.mail.schools import STRANGER, mail

SCHOOL = "2132010001"
ACCOUNT = MailAccount("main", "queke@office.example", "queke", Path("none"), "imap.office.example")


@contextmanager
def store(served: ConsoleSite) -> Iterator[Site]:
    site = config.load(served.root)
    database.open(site)
    try:
        yield site
    finally:
        database.close()


def quarantined(served: ConsoleSite, uid: int, workbook: bytes) -> int:
    """A mail of a stranger with a workbook that nothing proves, as `queke watch` would have taken it in."""
    raw = mail(("日报.xlsx", workbook), sender=STRANGER, subject="<b>日报</b>")
    with store(served) as plain, MailOpener() as opener, Pool(1, at_once=False) as readers:
        site = replace(plain, mail=MailPlan(accounts=(ACCOUNT,)))
        path = site.spool / "mail" / f"main-1-{uid}.eml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
        key = MailKey("main", "INBOX", 1, uid)
        fetched = FetchedMail(key, NOW, len(raw), path, hashlib.sha256(raw).hexdigest())
        MailDesk(site, opener, readers).take([fetched], NOW)
        return Mail.objects.get(uid=uid).pk


def test_a_mail_leaves_quarantine_by_an_admins_word_once_and_its_workbook_is_taken(served: ConsoleSite) -> None:
    admin = served.verified("guanli")
    kept, unwanted = quarantined(served, 1, b"no workbook"), quarantined(served, 2, b"neither")
    listed = admin.get("/admin/quarantine").text
    assert STRANGER in listed
    shown = admin.get(f"/admin/quarantine/{kept}").text
    assert "日报.xlsx" in shown
    assert "&lt;b&gt;" in shown
    assert "no workbook" not in shown
    assert admin.post(f"/admin/quarantine/{unwanted}", {"do": "drop"}).status == 302
    assert admin.post(f"/admin/quarantine/{unwanted}", {"do": "drop"}, on="/admin/mailboxes").status == 409
    assert admin.post(f"/admin/quarantine/{kept}", {"do": "release", "unit": "9"}).status == 400
    done = admin.post(f"/admin/quarantine/{kept}", {"do": "release", "unit": SCHOOL})
    assert (done.status, "已放行" in done.text) == (200, True)
    with store(served):
        assert list(Mail.objects.order_by("pk").values_list("state", "unit")) == [("taken", SCHOOL), ("dropped", "")]
        assert Submission.objects.filter(mail=kept, bound_unit=SCHOOL).count() == 1
        assert {"mail-taken", "mail-dropped"} <= set(Audit.objects.values_list("what", flat=True))


def test_a_mailbox_is_bound_and_unbound_as_by_the_command(served: ConsoleSite) -> None:
    admin = served.verified("guanli")
    said = {"address": "Clerk@Xuexiao.example", "unit": SCHOOL, "role": "speaker"}
    assert admin.post("/admin/mailboxes", {**said, "role": "king"}).status == 400
    assert admin.post("/admin/mailboxes", {**said, "address": "nobody"}).status == 400
    assert admin.post("/admin/mailboxes", said).status == 302
    page = admin.get(f"/admin/mailboxes?unit={SCHOOL}").text
    assert "clerk@xuexiao.example" in page
    with store(served):
        row = Mailbox.objects.get(until__isnull=True)
        assert (row.address, row.unit, row.origin, row.who) == (
            "clerk@xuexiao.example",
            SCHOOL,
            "command",
            "示例填报人",
        )
    assert admin.post("/admin/mailboxes", {**said, "do": "unbind"}).status == 302
    assert admin.post("/admin/mailboxes", {**said, "do": "unbind"}).status == 409
    with store(served) as site:
        noted = {*NotedAct.objects.values_list("what", flat=True)}
        acts = "".join(path.read_text() for path in site.archive.glob("*/acts.jsonl"))
        assert "mailbox" in noted or '"mailbox"' in acts


def test_settings_and_state_are_shown_without_a_secret(served: ConsoleSite) -> None:
    admin = served.verified("guanli")
    settings, state = admin.get("/admin/settings").text, admin.get("/admin").text
    assert "每日报告截止时刻" in settings
    assert "15:00" in settings
    secret = (served.root / "queke.key").read_text().strip()
    assert secret not in settings + state
    assert "在运行" in state
    assert "queke quarantine list" in state or "没有" in state
    assert without_login("postgresql://user:pw@host:5432/name") == "postgresql://host:5432/name"
    assert without_login("sqlite:///queke.sqlite3") == "sqlite:///queke.sqlite3"
    assert admin.get("/admin/failed").status == 200


def test_a_file_is_opened_by_whose_it_is_and_that_is_noted(served: ConsoleSite) -> None:
    clerk, other = served.client("linxiao"), served.client("xuexiao")
    clerk.outcome(clerk.post("/school/zero", {"campus": "本部"}, on="/school"))
    county, neighbour = served.client("xian"), served.client("linxian")
    with store(served):
        seq = Submission.objects.filter(unit="2132010002").latest("received_seq").received_seq
    page = county.get("/history").text
    assert f"{seq:06d}" in page
    assert f'href="/files/{seq}"' not in page
    assert clerk.get(f"/files/{seq}").body[:2] == b"PK"
    assert "attachment" in clerk.get(f"/files/{seq}").headers["Content-Disposition"]
    assert [one.ask(f"/files/{seq}").status for one in (other, county, neighbour, served.verified("shi"))] == [404] * 4
    assert f"{seq:06d}" not in neighbour.get("/history").text
    with store(served):
        assert Audit.objects.filter(who="linxiao", what="file", target=f"file {seq}").exists()
    own = county.upload("/office/heap", {"校历.xlsx": b"none"}, on="/office/heap")
    county.outcome(own)
    assert 'href="/files/' in county.get("/history").text


@pytest.mark.parametrize(
    ("who", "found", "size"),
    [("xuexiao", 1, 1), ("linxiao", 0, 0), ("xian", 1, 1), ("linxian", 0, 0), ("shi", 1, 0)],
)
def test_one_field_finds_what_is_within_ones_scope(served: ConsoleSite, who: str, found: bool, size: bool) -> None:
    reader = served.verified(who) if who == "shi" else served.client(who)
    if who == "xuexiao":
        reader.outcome(reader.post("/school/zero", {"campus": "本部"}, on="/school"))
    with store(served):
        row = Submission.objects.filter(unit=SCHOOL).earliest("received_seq")
    for asked in (SCHOOL, "示例第一", f"{SCHOOL} 2026-11-20", f"#{row.received_seq:06d}"):
        page = reader.get(f"/search?q={quote(asked)}").text
        assert ("没有找到" not in page) == found, asked
    assert (row.sha256 in page) == size, "above county no number of a file's rows"
    assert (row.name in page) == (who == "xuexiao"), "its name is its sender's own word"
    told = reader.get("/search?q=%3Cscript%3Ealert(1)").text
    assert "没有找到" in told
    assert "<script>alert" not in told
