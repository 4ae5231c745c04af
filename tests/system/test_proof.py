"""Every forgery of every form: by no proof, a wrong token, another unit's token or folder; and the right doors.

The oracle is docs/proof.md, the page that people read: the code's table and what becomes of real files must both be it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline import database, run, units
from pipeline.database.models import Audit, Submission
from pipeline.facts import county_day
from pipeline.figures.duty import StatusCounts
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from pipeline.schooldays import term
from pipeline.settling import held_files
from pipeline.turns import context
from pipeline.validate.proof import EFFECTS, Effect, Proof, effect
from tests import mixed
from tests.forgeries import BECAME, page, token_of, tokened
from tests.senders import FORMS, Sender, copy_of, laid, stands, work
from tests.sites import DAY, NOW, put

DOORS = ("no token", "spoilt token", "another's token", "another's folder", "another's folder, no token")
RIGHT = ("own folder", "token")


def test_the_page_says_what_the_code_does() -> None:
    assert page() == EFFECTS
    assert set(EFFECTS) == set(FORMS)


def test_a_site_may_loosen_the_rule_for_reports_only() -> None:
    loose = Policy(unproved_reports="take")
    changed = {
        (form, proof) for form in EFFECTS for proof in Proof if effect(form, proof, loose) != EFFECTS[form][proof]
    }
    assert changed == {("absence", Proof.NONE)}


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Sequence[Sender]]:
    site = mixed.new_site(tmp_path_factory.mktemp("everybody"))
    senders = tuple(laid(site, dict.fromkeys(FORMS, 1)))
    database.close()
    return site, senders


def dropped(site: Site, sender: Sender, door: str) -> Submission:
    """One file by one door, and what became of it."""
    school = units.is_school(sender.code)
    other = "2132999999" if school else "320302"
    own = token_of(sender.blank)
    tokens = {
        "no token": None, "own folder": None, "another's folder, no token": None,
        "spoilt token": own[:-1] + ("A" if own[-1] != "A" else "B"),
        "another's token": units.token(site.key, other, sender.form, term(DAY), 1),
    }  # fmt: skip
    token = tokens.get(door, own)
    if sender.form == "filing" and door == "own folder":
        token = own  # it needs its token in any folder
    folder = f"{other} 示例/" if "folder" in door and door != "own folder" else ""
    folder = f"{sender.folder}/" if door == "own folder" else folder
    put(site, f"{folder}{sender.form} {len(door)}.xlsx", tokened(sender.made(), token))
    work(site)
    return Submission.objects.order_by("-received_seq")[0]


PROOFS = {"no token": Proof.NONE, "own folder": Proof.FOLDER, "token": Proof.TOKEN}


@pytest.mark.parametrize("form", FORMS)
def test_a_forgery_changes_nothing_and_the_right_door_is_open(
    everybody: tuple[Site, Sequence[Sender]], form: str
) -> None:
    for last in RIGHT:
        with copy_of(everybody[0]) as site:
            sender = next(one for one in everybody[1] if one.form == form)
            before = stands()
            for door in DOORS:
                got = dropped(site, sender, door)
                assert got.state in BECAME[page()[form][PROOFS.get(door, Proof.WRONG)]], (door, got.issues)
                assert stands() == before, door
                assert Audit.objects.filter(target__startswith=f"submission {got.received_seq}").exists(), door
            right = dropped(site, sender, last)
            assert right.state in BECAME[Effect.TAKEN], (last, right.issues)
            assert form == "desk" or stands() != before  # a 处理单 sets words of its county, which `stands` has not


@pytest.mark.parametrize("form", [form for form in FORMS if EFFECTS[form][Proof.NONE] is Effect.HELD])
def test_what_is_held_for_want_of_proof_is_released_or_proved(
    everybody: tuple[Site, Sequence[Sender]], form: str
) -> None:
    sender = next(one for one in everybody[1] if one.form == form)
    county = sender.code if units.is_division(sender.code) else f"32{sender.code[4:8]}"
    ends = []
    for way in ("released", "proved"):
        with copy_of(everybody[0]) as site:
            one = dropped(site, sender, "no token")
            (letter,) = site.outbox.rglob(f"回执*{one.received_seq:06d}.txt")
            said = letter.read_text("utf-8-sig")
            assert "看不出是谁发的" in said
            assert "本单位自己的文件夹" in said
            assert str(one.received_seq) in [line.id for line in held_files.held_of(county)]
            if way == "released":
                _, settled = run.release(site, one.received_seq, "示例县", "电话问过", lambda: NOW)
                assert "sender-unproved" not in [issue.code for issue in settled.issues]
            else:
                assert dropped(site, sender, "own folder").state in BECAME[Effect.TAKEN]
            work(site)
            assert held_files.held() == held_files.held_of(county) == []
            ends.append(stands())
    assert ends[0] == ends[1]


def test_a_report_without_proof_makes_nobody_on_time(everybody: tuple[Site, Sequence[Sender]]) -> None:
    sender = next(one for one in everybody[1] if one.form == "absence")
    with copy_of(everybody[0]) as site:
        zero = replace(sender.right, header={**sender.right.header, "zero": "是"}, tables={})
        put(site, "零报告.xlsx", tokened(zero.made(sender.blank), None))
        work(site, NOW)
        put(site, f"{sender.folder}/真.xlsx", sender.made())
        work(site, NOW.replace(hour=16))
        found = Submission.objects.filter(unit=sender.code).order_by("received_seq")
        assert list(found.values_list("state", "on_time")) == [("held", None), ("accepted", False)]


def test_a_bad_report_without_proof_does_not_show_its_school_as_having_sent_something(
    everybody: tuple[Site, Sequence[Sender]],
) -> None:
    """Whoever drops a broken file in a school's name would take it off the list of those that are telephoned."""
    sender = next(one for one in everybody[1] if one.form == "absence")
    ahead = {**sender.right.header, "day": DAY + timedelta(days=1)}
    bad = [replace(sender.right, header=ahead).made(sender.blank), replace(sender.right, tables={}).made(sender.blank)]
    for folder, standing in (("", StatusCounts.MISSING), (f"{sender.folder}/", StatusCounts.RETURNED)):
        with copy_of(everybody[0]) as site:
            for at, content in enumerate(bad):
                put(site, f"{folder}坏 {at}.xlsx", content if folder else tokened(content, None))
            work(site)
            got = Submission.objects.filter(name__startswith="坏")
            assert {row.state for row in got} == {"rejected"}
            assert all(("returned-unproved" in str(row.issues)) == (not folder) for row in got)
            found = county_day.few(DAY, [sender.code], lookup.tree([sender.code]), context.calendar())
            assert found[sender.code].day.standing is standing
