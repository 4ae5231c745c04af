"""Every page of the console walked by every reader, with few rows and with many: how many queries each takes, and how
long it is.

Rows are put straight into the tables: what is counted is what pages read. See `tests.console_queries`.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.plugins.otp_static.models import StaticDevice

from pipeline import config
from pipeline.alert_state import AlertState
from pipeline.console import open_site, today, urls  # noqa: F401  # fills the table of pages
from pipeline.console.access import ROUTES
from pipeline.console.own_tables import ALIAS
from pipeline.database.models import (
    Account,
    Alert,
    Closure,
    Counter,
    Letter,
    Mail,
    Mailbox,
    Matter,
    Reject,
    SchoolClass,
    Submission,
    Unit,
)
from pipeline.model import Channel, ClassState, MailboxOrigin, MailboxRole, MailState, State, TicketState
from pipeline.rules.values import Stage
from tests.sites import COUNTY, DAY, NOW

SAMPLES = {
    "key": "nobodys", "number": "2026-0001", "seq": 1, "form": "absence", "name": "tickets", "day": "2026-11-20",
    "kind": "days", "mail": 1, "place": COUNTY,
}  # fmt: skip
READERS = ("xuexiao", "xian", "shi", "sheng", "guanli")
FEW, MANY = 2, 40


def main(root: Path) -> None:
    """Walk a site that `tests.console_site` made."""
    os.environ["QUEKE_NOW"] = "2026-11-20T14:10:00"
    site = config.load(root)
    open_site.open_console(site, ["testserver"])
    open_site.make_tables()
    (site.spool / "mail").mkdir()
    (site.spool / "mail" / "1.eml").write_bytes(b"From: somebody@else.example\n\nnothing\n")
    connections[ALIAS].close()  # migrating left it asking for foreign keys
    counted = {}
    for first, until in ((1, FEW), (FEW + 1, MANY)):
        _rows(first, until)
        counted[until] = dict(_walk())
    sys.stdout.write(json.dumps(counted))


def _walk() -> Iterator[tuple[str, tuple[int, int, list[str]]]]:
    for who in READERS:
        client = _client(who)
        for route in ROUTES.values():
            if route.name == "logout" or (route.free and who != READERS[0]):
                continue
            path = "/" + route.address
            for name, value in SAMPLES.items():
                path = path.replace(f"<str:{name}>", str(value)).replace(f"<int:{name}>", str(value))
            today._books.clear()
            with ExitStack() as held:
                seen = [held.enter_context(CaptureQueriesContext(connections[one])) for one in ("default", ALIAS)]
                answer = client.get(path)
            if answer.status_code == 200:
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                yield f"{who} {route.address}", (sum(map(len, seen)), len(content), _written(seen[0]))


def _written(seen: CaptureQueriesContext) -> list[str]:
    """The tables of the store that a page wrote."""
    return re.findall(
        r'^(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', "\n".join(one["sql"] for one in seen), re.MULTILINE
    )


def _client(who: str) -> Client:
    account = Account.objects.get(username=who)
    client = Client()
    client.force_login(account, settings.AUTHENTICATION_BACKENDS[1])
    device, _ = StaticDevice.objects.get_or_create(user=account, name="test")
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    return client


def _rows(first: int, until: int) -> None:
    """Everything that a page lists, from a number to another."""
    for n in range(first, until + 1):
        code = f"213201{n:04d}"
        school, _ = Unit.objects.get_or_create(
            code=code, defaults={"kind": "school", "division_id": COUNTY, "name": f"示例第{n}小学", "stages": "小学"}
        )
        SchoolClass.objects.get_or_create(school=school, school_year=2026, key="三3", defaults={"name": "三(3)班"})
        SchoolClass.objects.create(
            school=school, school_year=2026, key="四9", name="四(9)班", state=ClassState.NEW, valid_from=DAY
        )
        mine = "2132010001"  # the school that looks, besides
        for m, unit in enumerate((code, mine)):
            _submitted(10 * n + m, unit, n)
        _alert(n, school)
        _closure(school)
        _mail(n, code)
    Counter.objects.update_or_create(name="settled", defaults={"value": until})
    Counter.objects.update_or_create(name="received", defaults={"value": 1000})


def _submitted(seq: int, unit: str, n: int) -> None:
    row = Submission.objects.create(
        received_seq=seq, settled_seq=seq, claim=f"c{seq}", sha256=f"{seq:064d}", content_sha=f"{seq:064d}",
        name="日报.xlsx", size=1, channel=Channel.FOLDER, folder=unit, bound_unit=unit, first_seen=NOW, received_at=NOW,
        path=f"archive/2026-11-20/{seq}-x.xlsx", state=(State.HELD, State.PARTIAL)[n % 2], form="absence", unit=unit,
        campus="本部", day=DAY, accepted=1, refused=1, issues=[],
    )  # fmt: skip
    Reject.objects.create(
        ticket=f"T{seq}-X{seq}", submission=row, school=unit, campus="本部", form="absence", day=DAY, table="rows",
        row=20 + n, raw={"class_name": "三(3)班", "name": "示例甲", "reason": "因飞"}, state=TicketState.OPEN,
        issues=[{"code": "sex-unknown", "column": "性别", "value": "?"}],
    )  # fmt: skip
    Letter.objects.get_or_create(
        kind="receipt", ref=str(seq), reader=unit, defaults={"queued_at": NOW, "state": "done"}
    )


def _alert(n: int, school: Unit) -> None:
    Alert.objects.create(
        id=f"2026-{n:04d}", school=school, campus="本部", division=COUNTY, group="RES", stage=Stage.CLUSTER,
        state=AlertState.ISSUED, opened_day=DAY, opened_at=NOW, due_at=NOW + timedelta(hours=24), first_onset=DAY,
        last_onset=DAY, cases=5, ends_after=date(2026, 12, 1),
    )  # fmt: skip
    Matter.objects.create(
        id=f"M{n}", school=school, campus="本部", division=COUNTY, kind="roll", subject=f"{n}", day=DAY, what="相差",
        ask="请核对", stamp="x", since=NOW,
    )  # fmt: skip


def _closure(school: Unit) -> None:
    Closure.objects.create(
        school=school, campus="本部", division=COUNTY, scope="三3", start=NOW, kind="first", reason="HFMD", ill=3,
        resume_planned=date(2026, 11, 30), approved_at=NOW, approved_by="示例区教育局", from_settled=1, origin="1:1",
    )  # fmt: skip


def _mail(n: int, unit: str) -> None:
    Mail.objects.create(
        account="main", folder="INBOX", validity=1, uid=n, sha256=f"{n:064d}", size=1, at=NOW, received_at=NOW,
        sender="somebody@else.example", state=MailState.QUARANTINED, why="unknown", path=f"spool/mail/{n}.eml",
    )  # fmt: skip
    Mailbox.objects.create(
        address=f"clerk@u{n}.example", unit=unit, role=MailboxRole.SPEAKER, origin=MailboxOrigin.COMMAND, since=NOW
    )
