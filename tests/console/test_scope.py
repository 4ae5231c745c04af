"""No page but for whom it is: every route of the console × every reader × objects of its own and of others."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from pipeline import config, database
from pipeline.alert_state import AlertState
from pipeline.database.models import Alert
from pipeline.rules.values import Stage
from tests.console_site import ACCOUNTS, ADMINS, ConsoleSite, bare
from tests.sites import DAY, NOW

SCHOOL = "2132010001"

SAMPLES = {
    "key": "nobodys",
    "number": "2026-0001",
    "seq": 1,
    "form": "absence",
    "name": "tickets",
    "day": "2026-11-20",
    "kind": "days",
    "mail": 1,
    "place": "320106",
}
AFTER_FACTOR = {"shi", "sheng", *ADMINS}  # a second factor stands before everything
WAYS = [("", False), *((who, False) for who in ACCOUNTS), *((who, True) for who in sorted(AFTER_FACTOR))]


@pytest.fixture(scope="module")
def table() -> Mapping[str, object]:
    made = subprocess.run([sys.executable, "-m", "tests.console_routes"], check=True, capture_output=True)
    return json.loads(made.stdout)


def address(route: Mapping[str, object]) -> str:
    path = "/" + str(route["address"])
    for name, value in SAMPLES.items():
        for kind in ("str", "int"):
            path = path.replace(f"<{kind}:{name}>", str(value))
    assert "<" not in path, f"no sample for {path}"
    return path


def test_every_page_of_the_console_is_in_the_table(table: Mapping[str, object]) -> None:
    assert sorted(route["name"] for route in table["routes"]) == sorted(table["patterns"])


@pytest.mark.parametrize(("who", "verified"), WAYS)
def test_a_page_is_only_there_for_whom_it_is(
    served: ConsoleSite, table: Mapping[str, object], who: str, verified: bool
) -> None:
    client = served.verified(who) if verified else served.client(who)
    level = ACCOUNTS[who][1].value if who else ""
    missing = client.ask("/no-such-page")
    for route in table["routes"]:
        if route["name"] == "logout":
            continue
        answer = client.ask(address(route))
        if route["free"]:
            assert answer.status in {200, 302, 405}, route
        elif not who:
            assert (answer.status, answer.headers["Location"][:6]) == (302, "/login"), route
        elif who in AFTER_FACTOR and not verified:
            assert answer.status == 200 if route["name"] == "factor" else answer.headers["Location"] == "/factor", route
        elif level in route["levels"] and (who in ADMINS or not route["admins"]):
            assert answer.status in {200, 302, 404, 405}, route
            assert answer.status != 404 or "<" in route["address"], route
        else:
            assert (answer.status, bare(answer)) == (404, bare(missing)), route


def test_an_object_of_another_unit_is_as_if_it_were_not(served: ConsoleSite, table: Mapping[str, object]) -> None:
    mine, county = served.client("xuexiao"), served.client("xian")
    sent = mine.post("/school/zero", {"campus": "本部"}, on="/school")
    seq = int(mine.outcome(sent).text.partition("<dt>流水号</dt><dd>")[2][:6])
    number = _alert(served)
    theirs = {"seq": seq, "number": number, "place": SCHOOL, "key": sent.headers["Location"].rpartition("/")[2]}
    assert mine.get(f"/alerts/{number}").status == county.get(f"/alerts/{number}").status == 200
    for who in ("linxiao", "linxian"):
        client = served.client(who)
        missing = bare(client.ask("/no-such-page"))
        for route in table["routes"]:
            named = [name for name in theirs if f":{name}>" in route["address"]]
            if not named:
                continue
            path = "/" + route["address"]
            for name in named:
                path = path.replace(f"<str:{name}>", str(theirs[name])).replace(f"<int:{name}>", str(theirs[name]))
            answers = [client.ask(path), client.post(path, {"do": "x"}, on="/login")]
            assert {one.status for one in answers} <= {404, 405}, path
            assert {bare(one) for one in answers if one.status == 404} == {missing}, path


def _alert(served: ConsoleSite) -> str:
    database.open(config.load(served.root))
    made = Alert.objects.create(
        id="2026-0042", school_id=SCHOOL, campus="本部", division=SAMPLES["place"], group="RES", stage=Stage.CLUSTER,
        state=AlertState.ISSUED, opened_day=DAY, opened_at=NOW, due_at=NOW + timedelta(hours=24), first_onset=DAY,
        last_onset=DAY, cases=5, ends_after=DAY + timedelta(days=9),
    )  # fmt: skip
    database.close()
    return made.id


def test_what_a_school_put_in_is_shown_to_nobody_else(served: ConsoleSite) -> None:
    mine, other, county = served.client("xuexiao"), served.client("linxiao"), served.client("xian")
    sent = mine.post("/school/zero", {"campus": "本部"}, on="/school")
    page = mine.outcome(sent)
    assert "已收到" in page.text
    seq = next(word for word in page.text.split("<dd>")[1:] if word[:6].isdigit())[:6]
    place = sent.headers["Location"]
    for client in (other, county):
        assert client.get(place).status == 404
        assert client.get(f"/school/files/{int(seq)}").status == 404
    assert "零报告" in mine.get(f"/school/files/{int(seq)}").text
    day = "2026-11-20"
    papers = [one for one in mine.get("/papers").text.split('href="') if one.startswith(f"/papers/{day}/")]
    path = papers[0].partition('"')[0]
    assert mine.get(path).status == 200
    assert other.get(path).status == 404
    for path in (
        "/papers/2026-11-20/..%2f..%2fqueke.key",
        "/papers/..%2f..%2f..%2f/queke.key",
        "/papers/2026-11-20/.x",
    ):
        assert mine.get(path).status == 404


def test_an_answer_says_nothing_may_be_kept_framed_or_loaded_from_elsewhere(served: ConsoleSite) -> None:
    answer = served.client("xuexiao").get("/school")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
