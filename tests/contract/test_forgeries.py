"""Every form by every forgery at once, on each database: nothing changes, nothing is lost, each is audited.

What must become of each is read from docs/proof.md, the page for people.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline import issuing, units
from pipeline.database.models import Audit, Submission
from pipeline.model import DecidedBy, Policy, Site
from pipeline.registry import lookup
from pipeline.run.settling import Settling
from pipeline.schooldays import term
from pipeline.settling import tokens
from pipeline.validate.proof import Proof
from tests.forgeries import BECAME, page, readdressed, stripped, token_of, tokened
from tests.inprocess import InProcess
from tests.senders import FORMS, Sender, laid, stands, work
from tests.sites import DAY, KEY, NOW, put

STRANGER = 65534
Forgery = Callable[[Site, Sender, Sender], tuple[str, bytes]]  # site, whose name is used, another → folder, workbook


def open_folder(site: Site, sender: Sender, _: Sender) -> tuple[str, bytes]:
    """In a folder of the unit's name that anybody may fill."""
    name = f"{sender.code} 谁都能放"
    (site.inbox / name).mkdir(exist_ok=True)
    (site.inbox / name).chmod(0o777)
    return f"{name}/", tokened(sender.made(), None)


def strangers_folder(site: Site, sender: Sender, _: Sender) -> tuple[str, bytes]:
    """In one that another user of the machine has made."""
    name = f"{sender.code} 我说我是"
    (site.inbox / name).mkdir(exist_ok=True)
    if os.geteuid() != 0:
        (site.inbox / name).chmod(0o777)
    else:
        os.chown(site.inbox / name, STRANGER, STRANGER)
    return f"{name}/", tokened(sender.made(), None)


def mark(sender: Sender) -> str:
    return units.desk_mark(NOW) if sender.form == "desk" else term(DAY)


def old_mark(sender: Sender) -> str:
    return units.desk_mark(NOW - timedelta(days=20)) if sender.form == "desk" else "2023-1"


def with_token(
    key: bytes = KEY, *, form: str = "", ahead: int = 0, first: bool = False, of: Callable[[Sender], str] = mark
) -> Forgery:
    """A workbook dropped flat, its token made with another key, form, serial or day than its own."""

    def forge(_: Site, sender: Sender, __: Sender) -> tuple[str, bytes]:
        serial = 1 if first else lookup.token_serial(sender.code) + ahead
        return "", tokened(sender.made(), units.token(key, sender.code, form or sender.form, of(sender), serial))

    return forge


FORGERIES: dict[str, tuple[Proof, Forgery]] = {
    "no token": (Proof.NONE, lambda _, sender, __: ("", tokened(sender.made(), None))),
    "no properties": (Proof.NONE, lambda _, sender, __: ("", stripped(sender.made()))),
    "revoked": (Proof.NONE, with_token(first=True)),
    "expired": (Proof.NONE, with_token(of=old_mark)),
    "open folder": (Proof.NONE, open_folder),
    "stranger's folder": (Proof.NONE, strangers_folder),
    "nonsense": (Proof.WRONG, lambda _, sender, __: ("", tokened(sender.made(), "2026-1.AAAAAAAAAAAAAAAA"))),
    "a serial to come": (Proof.WRONG, with_token(ahead=1)),
    "another form's": (Proof.WRONG, with_token(form="proof")),
    "another site's": (Proof.WRONG, with_token(b"k" * 32)),
    "another unit's": (Proof.WRONG, lambda _, sender, other: ("", tokened(sender.made(), token_of(other.blank)))),
    "another's folder": (Proof.WRONG, lambda _, s, o: (f"{o.code} 示例/", tokened(s.made(), None))),
    "re-addressed": (Proof.WRONG, lambda _, s, o: ("", readdressed(o.made(), o.code, s.code))),
}


@pytest.fixture
def quick(site: Site) -> Site:
    """The site, where a file is taken at the first look."""
    for name in ("inbox", "outbox", "spool", "archive"):
        (site.root / name).mkdir(mode=0o700)
    return replace(site, policy=Policy(stable_seconds=0))


@pytest.fixture
def senders(quick: Site) -> Sequence[Sender]:
    return laid(quick, dict.fromkeys(FORMS, 2))


def test_no_forgery_of_any_form_changes_anything(quick: Site, senders: Sequence[Sender]) -> None:
    for form in FORMS:
        sender, other = [one for one in senders if one.form == form]
        tokens.revoke(sender.code, DecidedBy("示例甲", "模板外泄", NOW))
        before, wanted = stands(), {}
        for at, (name, (proof, forge)) in enumerate(FORGERIES.items()):
            folder, content = forge(quick, sender, other)
            put(quick, f"{folder}{form} {at}.xlsx", content)
            wanted[f"{form} {at}.xlsx"] = (name, BECAME[page()[form][proof]])
        work(quick)
        for row in Submission.objects.filter(name__in=wanted):
            name, states = wanted.pop(row.name)
            assert row.state in states, (form, name, row.state, row.issues)
            assert Audit.objects.filter(target__startswith=f"submission {row.received_seq}").exists(), (form, name)
        assert wanted == {}
        assert stands() == before, form


def test_a_processing_sheet_decides_once(quick: Site, senders: Sequence[Sender]) -> None:
    sender = next(one for one in senders if one.form == "desk")
    rows = sender.right.tables["closures"]
    other = {"closures": [{**row, "opinion": "退回", "why": "示例"} for row in rows]}
    once, another = sender.made(), replace(sender, right=replace(sender.right, tables=other)).made()
    for name, content in (("一", once), ("二", once), ("三", another)):
        put(quick, f"处理单{name}.xlsx", content)
        work(quick)
    found = Submission.objects.filter(form="desk").order_by("received_seq")
    assert [row.state for row in found] == ["accepted", "duplicate", "rejected"]
    assert [one["code"] for one in found[2].issues] == ["token-used"]
    assert [(one.how, one.unit, one.by) for one in tokens.ended(sender.code)] == [
        ("used", sender.code, str(found[0].received_seq))
    ]
    put(quick, f"{sender.folder}/处理单四.xlsx", another)  # its own folder proves it, with a token that has ended
    work(quick)
    assert Submission.objects.order_by("-received_seq")[0].state in {"accepted", "partial", "duplicate"}


def test_what_was_taken_before_a_revocation_is_taken_when_it_is_read_again(
    quick: Site, senders: Sequence[Sender]
) -> None:
    sender = next(one for one in senders if one.form == "absence")
    put(quick, "日报.xlsx", sender.made())
    work(quick)
    tokens.revoke(sender.code, DecidedBy("示例甲", "模板外泄", NOW))
    seq = Submission.objects.get(name="日报.xlsx").received_seq
    with InProcess() as readers:
        (found,) = Settling(quick, readers, NOW).read_again([seq])
    assert found.verdict == "merge"
    put(quick, "新模板.xlsx", replace(sender, blank=issuing.template(quick, "absence", sender.code, DAY)).made())
    work(quick)
    assert Submission.objects.get(name="新模板.xlsx").state == "duplicate"  # taken, had it said anything new
