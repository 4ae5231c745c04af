"""Who is let in: passwords, lock-out, sessions, forms of elsewhere, a first password, a second factor."""

import time
from pathlib import Path

from pipeline import config, database
from pipeline.database.models import Account, Audit
from tests.console_site import PASSWORD, ConsoleSite, bare, totp


def test_a_wrong_password_tells_nothing_and_locks_after_five(served: ConsoleSite) -> None:
    unknown = served.client().post("/login", {"username": "nobody-here", "password": "x"})
    known = served.client().post("/login", {"username": "linxiao", "password": "x"})
    assert unknown.status == known.status == 403
    assert bare(unknown) == bare(known)
    client = served.client()
    statuses = [client.login("linxiao", "wrong").status for _ in range(5)]
    assert statuses[-1] == 429
    assert client.login("linxiao").status == 429, "the right one, too, for a while"
    assert served.client("xuexiao").get("/school").status == 200, "and nobody else"
    said = {"username": "linxiao", "password": PASSWORD}
    assert client.post("/login", said, headers={"X-Forwarded-For": "203.0.113.9"}).status == 429, (
        "nor elsewhere by word"
    )


def test_a_login_leads_to_pages_of_this_site_only(served: ConsoleSite) -> None:
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "\\\\elsewhere"):
        said = {"username": "xuexiao", "password": PASSWORD, "next": wanted}
        assert served.client().post("/login", said).headers["Location"] == "/"
    said = {"username": "xuexiao", "password": PASSWORD, "next": "/papers"}
    assert served.client().post("/login", said).headers["Location"] == "/papers"


def test_the_session_of_a_login_is_a_new_one_and_ends(served: ConsoleSite) -> None:
    client = served.client()
    client.get("/login")
    before = {cookie.name: cookie.value for cookie in client.jar}
    client.login("xuexiao")
    session = next(cookie for cookie in client.jar if cookie.name == "sessionid")
    assert session.value != before.get("sessionid")
    assert session.has_nonstandard_attr("HttpOnly")
    client.post("/logout", {}, on="/school")
    assert client.ask("/school").headers["Location"].startswith("/login")


def test_a_form_of_elsewhere_and_a_name_that_is_not_ours_do_nothing(served: ConsoleSite) -> None:
    client = served.client("xuexiao")
    assert client.ask("/school/zero", b"campus=%E6%9C%AC%E9%83%A8").status == 403
    assert client.ask("/school", headers={"Host": "elsewhere.example"}).status == 400


def test_a_first_password_is_changed_before_anything_else(served: ConsoleSite) -> None:
    _open(served.root)
    Account.objects.create_user(
        "xinlai",
        PASSWORD,
        unit_id="2132010002",
        level="school",
        is_active=True,
        confirmed_on="2026-11-02",
        holder="新来",
    )
    database.close()
    client = served.client("xinlai")
    assert client.ask("/school").headers["Location"] == "/password"
    said = {"old": PASSWORD, "new": "kurz", "again": "kurz"}
    assert "8" in client.post("/password", said).text
    assert client.post("/password", {"old": "x", "new": "Qita!9876", "again": "Qita!9876"}).status == 400
    assert client.post("/password", {"old": PASSWORD, "new": "Qita!9876", "again": "Qita!987"}).status == 400
    assert client.post("/password", {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}).status == 400
    assert client.post("/password", {"old": PASSWORD, "new": "Qita!9876", "again": "Qita!9876"}).status == 302
    assert client.get("/school").status == 200
    assert served.client().login("xinlai").status == 403
    _open(served.root)
    visits = list(Audit.objects.filter(who="xinlai").values_list("what", flat=True))
    database.close()
    assert "login" in visits
    assert "password" in visits


def test_a_city_needs_a_second_factor_shown_once_and_a_spare_code_opens_once(served: ConsoleSite) -> None:
    client = served.client("shi")
    page = client.get("/office").text
    secret = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    assert client.post("/factor", {"code": "000000"}).status == 403
    time.sleep(1.1)  # it is throttled
    spare = client.post("/factor", {"code": totp(secret)}).text.partition("<code>")[2].partition("</code>")[0]
    assert client.get("/office").status == 200
    again = served.client("shi")
    assert secret not in again.get("/factor").text.replace(" ", "")
    assert again.post("/factor", {"code": spare}).status == 302
    assert again.get("/office").status == 200
    third = served.client("shi")
    assert third.post("/factor", {"code": spare}).status == 403


def _open(root: Path) -> None:
    database.open(config.load(root))
