"""备案 in the store: a request that the tier above opens or refuses; names do not hang on who was read first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import issues
from pipeline.accounts import accounts, rulings
from pipeline.database.models import Account, Audit, Decision, FilingLine, Letter, Reject, Submission, Unit
from pipeline.database.transactions import undone
from pipeline.errors import UsageError
from pipeline.model import Checked, DecidedBy, FilingRef, Issue, Refused, Settled, Site, State
from pipeline.registry import mailboxes
from pipeline.settling import decisions
from pipeline.turns.again import AtHand
from pipeline.validate.filing import password_fault
from tests.contract.settling import journalled, report, settle
from tests.requests import account, filing
from tests.submissions import NOON

SCHOOL, OTHER, COUNTY = "2132000001", "2132000002", "320106"
BUREAU = "320106JY"
PASSWORD = "Qw7!silence"
PAPER = date(2026, 11, 20)


@pytest.fixture
def schools(site: Site) -> Site:
    for code, name in ((SCHOOL, "示例小学"), (OTHER, "示例二小")):
        Unit.objects.create(code=code, kind="school", division_id=COUNTY, name=name, stages="小学")
    return site


def standing() -> list[tuple[object, ...]]:
    lines = FilingLine.objects.order_by("filing_id", "folded")
    states = Submission.objects.order_by("pk").values_list("pk", "state", "accepted", "issues")
    return [*lines.values_list("filing_id", "username", "state", "takeover"), *map(tuple, states)]


def test_a_filing_is_a_request_and_opens_nothing(schools: Site) -> None:
    (settled,) = report(schools, filing(account("GL_01"), account("GL_02", PASSWORD, 13)))
    assert (settled.state, settled.accepted) == (State.ACCEPTED, 2)
    assert [issue.code for issue in settled.issues] == ["filing-number"]
    (waiting,) = rulings.waiting(COUNTY)
    assert (waiting.id, waiting.school, waiting.signed) == ("000001", SCHOOL, False)
    assert rulings.waiting("320100") == []
    assert not Account.objects.exists()


def test_no_paper_no_account(schools: Site) -> None:
    report(schools, filing(account("GL_01")))
    with pytest.raises(UsageError, match="签字盖章件"):
        rulings.confirm("000001", DecidedBy("王某", "", NOON))
    with pytest.raises(UsageError, match="还没到"):
        rulings.confirm("000001", DecidedBy("王某", "", NOON), stamped_on=NOON.date() + timedelta(days=1))
    assert not Account.objects.exists()
    assert not Decision.objects.exists()
    assert not Audit.objects.filter(what="account-open").exists()


def test_an_account_is_opened_with_what_keeps_a_password_and_nothing_else(schools: Site) -> None:
    report(schools, filing(account("GL_01", PASSWORD), account("GL_02", row=13)))
    opened = rulings.confirm(1, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    assert [(one.username, one.needs_password) for one in opened] == [("GL_01", False), ("GL_02", True)]
    own, ours = Account.objects.order_by("username")
    assert own.check_password(PASSWORD)
    assert own.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert not ours.has_usable_password()
    assert (own.unit_id, own.division_id, own.level, own.must_change) == (SCHOOL, COUNTY, "school", True)
    assert (own.expires_at, own.confirmed_on) == (NOON + timedelta(days=7), NOON.date())
    assert Letter.objects.filter(kind="account", reader=SCHOOL).count() == 1
    assert Audit.objects.filter(what="account-open").count() == 3
    (mailbox,) = mailboxes.bound([SCHOOL])
    assert (mailbox.address, mailbox.role, mailbox.origin) == ("a1.b@example.org", "speaker", "filing")
    assert rulings.waiting() == []
    assert [(one.username, one.why) for one in accounts.due(NOON)] == [("GL_02", "issue"), ("GL_01", "unused")]
    with pytest.raises(UsageError, match="已经办过"):
        rulings.confirm(1, DecidedBy("王某", "", NOON), stamped_on=PAPER)


def test_a_refusal_needs_a_reason_and_leaves_the_name_free(schools: Site) -> None:
    report(schools, filing(account("GL_01"), sha="a"))
    with pytest.raises(UsageError, match="理由"):
        rulings.refuse(1, DecidedBy("王某", " ", NOON))
    assert rulings.refuse(1, DecidedBy("王某", "不是本校的人", NOON)) == ["GL_01"]
    ruling = rulings.ruling(FilingRef(1, 2))
    assert ruling is not None
    assert (ruling.opened, ruling.why) == (False, "不是本校的人")
    (again,) = report(schools, filing(account("GL_01"), sha="a"))
    assert again.state is State.ACCEPTED


def test_a_name_that_is_somebodys_is_held_and_nobody_is_named(schools: Site) -> None:
    report(schools, filing(account("GL_01")))
    rulings.confirm(1, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    (held,) = report(schools, filing(account("gl_01"), account("GL_09", row=13), unit=OTHER))
    assert (held.state, held.accepted) == (State.HELD, 0)
    words = "".join(
        issues.message(issue) + issues.remedy(issue) for issue in held.issues if issue.code == "username-held"
    )
    assert words
    assert not any(text in words for text in ("示例小学", SCHOOL, "李老师", "GL_01", "gl_01"))
    assert rulings.waiting() == []
    noted = Audit.objects.get(what="refused")
    assert (noted.who, noted.target, noted.fields) == (OTHER, f"submission {held.seq}", ["username-held"])
    with pytest.raises(UsageError, match="待核"):
        rulings.confirm(held.seq, DecidedBy("王某", "", NOON), stamped_on=PAPER)


def release(site: Site, seq: int, checked: Checked) -> Settled:
    blind = replace(checked, reading=replace(checked.reading, tables={}), records=())  # the bytes are gone
    (settled,) = decisions.release(site, [seq], DecidedBy("王某", "换了人", NOON), AtHand({seq: blind}))
    return settled


def held_again(site: Site, unit: str) -> tuple[int, Checked]:
    first, again = filing(account("GL_01", PASSWORD)), filing(account("GL_01", "Other1!pass"), unit=unit)
    report(site, first)

    rulings.confirm(1, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    (kept,) = journalled(site, [again])
    assert settle(site, kept)[0].state is State.HELD
    return kept.arrival.seq, kept


def test_a_name_that_was_held_and_sent_back_is_free_again(schools: Site) -> None:
    report(schools, filing(account("GL_01")))
    (held,) = report(schools, filing(account("GL_01"), account("GL_02", row=13), unit=OTHER))
    assert held.state is State.HELD
    decisions.dismiss(held.seq, DecidedBy("王某", "换一个", NOON))
    (again,) = report(schools, filing(account("GL_02"), unit=BUREAU, sha="b"))
    assert again.state is State.ACCEPTED


def test_a_unit_takes_over_its_own_account_when_the_tier_above_lets_it(schools: Site) -> None:
    seq, kept = held_again(schools, SCHOOL)
    settled = release(schools, seq, kept)
    assert (settled.state, settled.accepted) == (State.ACCEPTED, 1)
    rulings.confirm(seq, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    (one,) = Account.objects.all()
    assert (one.check_password("Other1!pass"), one.check_password(PASSWORD), one.filing) == (True, False, seq)


def test_no_unit_takes_over_the_account_of_another(schools: Site) -> None:
    seq, kept = held_again(schools, OTHER)
    release(schools, seq, kept)
    with pytest.raises(UsageError, match="换一个") as refused:
        rulings.confirm(seq, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    assert SCHOOL not in str(refused.value)
    (one,) = Account.objects.all()
    assert (one.unit_id, one.check_password(PASSWORD)) == (SCHOOL, True)


def test_the_same_filing_again_changes_nothing_and_another_password_is_another_filing(schools: Site) -> None:
    one = filing(account("GL_01", PASSWORD), sha="a")
    other = filing(account("GL_01", "Other1!pass"), sha="a")
    states = [settled.state for settled in report(schools, one, one, other)]
    assert states == [State.ACCEPTED, State.DUPLICATE, State.ACCEPTED]
    assert [settled.state for settled in report(schools, one)] == [State.HELD], (
        "an older one never takes a newer's place"
    )


def test_rows_that_come_back_mended_join_the_filing_they_were_part_of(schools: Site) -> None:
    back = Refused("accounts", 13, {"holder": "王老师"}, (Issue("username-missing", row=13),))
    (first,) = report(schools, filing(account("GL_01"), sha="a", refused=(back,)))
    assert (first.state, first.refused) == (State.PARTIAL, 1)
    assert [issue.code for issue in first.issues] == ["filing-rows-first"], "only a whole one is worth its stamp"
    ticket = Reject.objects.get().ticket
    (mended,) = report(schools, filing(account("GL_02", row=3, ticket=ticket), sha="b"))
    assert [issue.code for issue in mended.issues] == ["filing-number"]
    (waiting,) = rulings.waiting(COUNTY)
    assert waiting.id == "000001"
    assert "GL_01、GL_02" in waiting.what
    assert [one.username for one in rulings.confirm("备案 000001", DecidedBy("王某", "", NOON), stamped_on=PAPER)] == [
        "GL_01",
        "GL_02",
    ]


def test_a_filing_stands_under_its_first_number_whichever_copy_was_read_first(schools: Site) -> None:
    with undone():
        [first, copy] = journalled(schools, [filing(account("GL_01", PASSWORD), sha="a") for _ in range(2)])
        settle(schools, first)
        settle(schools, copy)
        expected = (standing(), states_now())
    [first, copy] = journalled(schools, [filing(account("GL_01", PASSWORD), sha="a") for _ in range(2)])
    settle(schools, copy)
    settle(schools, first)
    assert (standing(), states_now()) == expected
    assert [one.id for one in rulings.waiting(COUNTY)] == ["000001"]
    assert Letter.objects.filter(kind="receipt", ref__startswith="2.").count() == 1, "the copy is answered anew"


def test_a_copy_that_was_opened_already_keeps_its_number(schools: Site) -> None:
    [first, copy] = journalled(schools, [filing(account("GL_01", PASSWORD), sha="a") for _ in range(2)])
    settle(schools, copy)
    rulings.confirm(2, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    [done] = settle(schools, first)
    assert (done.state, states_now()) == (State.DUPLICATE, [(1, "duplicate"), (2, "accepted")])
    assert Account.objects.count() == 1


def states_now() -> list[tuple[int, str]]:
    return list(Submission.objects.order_by("received_seq").values_list("received_seq", "state"))


def batches() -> list[Checked]:
    return [
        filing(account("GL_01"), sha="a"),
        filing(account("gl_01"), account("GL_03", row=13), unit=OTHER, sha="b"),
        filing(account("GL_02"), sha="c"),
        filing(account("GL_02", row=14), sha="d"),
        filing(account("GL_03"), unit=BUREAU, sha="e"),
    ]


@settings(max_examples=8)
@given(order=st.permutations(range(5)))
def test_what_stands_does_not_hang_on_which_filing_was_read_first(schools: Site, order: Sequence[int]) -> None:
    with undone():
        for one in journalled(schools, batches()):
            settle(schools, one)
        expected = standing()
    with undone():
        made = journalled(schools, batches())
        for at in order:
            settle(schools, made[at])
        assert [row[:3] for row in standing()] == [row[:3] for row in expected]
        assert sorted(map(repr, standing())) == sorted(map(repr, expected))


def enters(username: str, password: str) -> bool:
    return authenticate(username=username, password=password) is not None


@pytest.fixture
def opened(schools: Site) -> Iterator[datetime]:
    report(schools, filing(account("GL_01", PASSWORD)))
    rulings.confirm(1, DecidedBy("王某", "", NOON), stamped_on=PAPER)
    with time_machine.travel(NOON, tick=False):
        yield NOON


def test_a_first_password_is_void_after_seven_days(opened: datetime) -> None:
    assert enters("gl_01", PASSWORD)
    assert not enters("GL_01", PASSWORD + "x")
    assert [one.why for one in accounts.due(opened)] == ["unused"]
    later = opened + timedelta(days=7)
    with time_machine.travel(later, tick=False):
        assert not enters("GL_01", PASSWORD)
        assert [one.why for one in accounts.due(later)] == ["expired"]
        issued = accounts.issue("GL_01", DecidedBy("王某", "过期", later))
        assert enters("GL_01", issued.reveal())
        assert not enters("GL_01", PASSWORD)


def test_an_account_is_confirmed_every_year_or_shut(opened: datetime) -> None:
    Account.objects.update(must_change=False)
    for days, why, comes_in in (
        (300, [], True),
        (340, ["confirm"], True),
        (394, ["confirm"], True),
        (396, ["overdue"], False),
    ):
        now = opened + timedelta(days=days)
        with time_machine.travel(now, tick=False):
            assert [one.why for one in accounts.due(now)] == why
            assert enters("GL_01", PASSWORD) is comes_in
    accounts.reconfirm("GL_01", DecidedBy("王某", "", now))
    assert accounts.due(now) == []
    with time_machine.travel(now, tick=False):
        assert enters("GL_01", PASSWORD)


def test_who_looks_after_the_site_is_decided_and_taken_back(opened: datetime) -> None:
    for admin in (True, False):
        accounts.administer("gl_01", DecidedBy("王某", "值班", opened), admin=admin)
        assert Account.objects.get(folded="gl_01").is_staff is admin
    said = list(Decision.objects.order_by("-seq").values_list("what", "target", "why")[:2])
    assert said == [("account-no-admin", "account GL_01", "值班"), ("account-admin", "account GL_01", "值班")]


def test_who_left_does_not_come_in(opened: datetime) -> None:
    accounts.leave("ＧＬ_01", DecidedBy("王某", "调离", opened))
    assert not enters("GL_01", PASSWORD)
    for act in (accounts.leave, accounts.reconfirm, accounts.issue):
        with pytest.raises(UsageError, match="已经注销"):
            act("GL_01", DecidedBy("王某", "", opened))


def test_issued_passwords_keep_the_rule(site: Site) -> None:
    made = [accounts.new_password("gl_01") for _ in range(200)]
    assert [password_fault(one, "gl_01") for one in made] == [""] * 200
    assert len({one.reveal() for one in made}) == 200
    assert not any(sign in one.reveal() for one, sign in itertools.product(made, "0OIl1"))
