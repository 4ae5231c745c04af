"""What people decide, what is sent, and the chain that remembers both."""

from dataclasses import replace

import pytest

from pipeline.database import audit
from pipeline.database.audit import broken_at
from pipeline.database.models import Absence, Audit, Decision, Reject, Submission
from pipeline.errors import UsageError
from pipeline.letters import queue
from pipeline.model import DecidedBy, Issue, Mode, Site, State
from pipeline.settling import decisions, held_files
from pipeline.turns.again import NOTHING, AtHand
from tests.contract.settling import journalled, report, settle
from tests.submissions import DAY, NOON, SCHOOL, bad, checked, line, row


def test_a_held_file_is_released_by_a_decision_and_then_stands(school: Site) -> None:
    first = checked(1, [row(name) for name in "甲乙丙丁"])
    second = checked(2, [row("甲")], mode=Mode.FULL)
    report(school, first, second)
    assert [(one.seq, one.unit_name) for one in held_files.held()] == [(2, "示例小学")]
    [done] = decisions.release(school, [2], DecidedBy("县疾控", "电话核实过", NOON), AtHand({2: second}))
    assert (done.state, Submission.objects.get(pk=2).withdrawn) == (State.ACCEPTED, 3)
    assert list(Absence.objects.values_list("pupil", flat=True)) == ["三3-甲"]
    decision = Decision.objects.get()
    assert (decision.seq, decision.what, decision.target, decision.settled_seq) == (3, "release", "2", 3)
    assert broken_at() is None
    assert not held_files.held()


def test_rows_under_strange_tickets_and_files_in_a_strange_folder_are_remembered(school: Site) -> None:
    strange = checked(
        2, [row("丙", 5, ticket="T99-9"), row("丁", 6, ticket="T1-9"), row("戊", 7, ticket="T1-9")], returned=True
    )
    elsewhere = replace(checked(3, verdict="rejected"), issues=(Issue("unit-not-yours"),))
    report(school, checked(1, [row("甲")], refused=[bad(9)]), strange, elsewhere)
    assert list(Audit.objects.filter(what="refused").order_by("seq").values_list("target", "fields")) == [
        ("submission 2 row 5", ["ticket-foreign"]),
        ("submission 2 row 7", ["ticket-doubled"]),
        ("submission 3", ["unit-not-yours"]),
    ]
    assert broken_at() is None


def test_what_is_not_held_cannot_be_released(school: Site) -> None:
    report(school, checked(1, [row("甲")]))
    with pytest.raises(UsageError, match="1"):
        decisions.release(school, [1], DecidedBy("县疾控", "", NOON), NOTHING)
    assert not Decision.objects.exists()


def test_a_held_file_whose_school_has_reported_since_is_not_put_over_the_newer_word(school: Site) -> None:
    made = [
        checked(1, [row(name) for name in "甲乙丙丁"]),
        checked(2, [row("甲")]),
        checked(3, [row(name) for name in "甲乙丙"], mode=Mode.FULL),
    ]
    report(school, *made[:2])
    (before,) = held_files.held_of("320106")
    report(school, made[2])
    (held,) = held_files.held()
    (line,) = held_files.held_of("320106")
    assert (held.seq, held.later) == (2, 3)
    assert "流水号 3" in line.what
    assert line.stamp != before.stamp, "a desk filled before says nothing of what it is now"
    with pytest.raises(UsageError, match="流水号 3"):
        decisions.release(school, [2], DecidedBy("县疾控", "核实", NOON), AtHand({2: made[1]}))
    assert not Decision.objects.exists()
    assert Absence.objects.count() == 3
    decisions.dismiss(2, DecidedBy("县疾控", "已另报", NOON))
    assert not held_files.held()


def test_a_late_settled_file_does_not_undo_a_release(school: Site) -> None:
    made = journalled(
        school,
        [
            checked(1, [row(name) for name in "甲乙丙丁"]),
            checked(2, [row(name) for name in "甲乙丙丁戊"]),
            checked(3, [row("甲")], mode=Mode.FULL),
        ],
    )
    settle(school, made[0], made[2])
    decisions.release(school, [3], DecidedBy("县疾控", "核实", NOON), AtHand({3: made[2]}))
    settle(school, made[1], known=made)
    assert list(Absence.objects.values_list("pupil", flat=True)) == ["三3-甲"]


def test_a_waived_row_rests_and_its_old_record_is_no_longer_marked(school: Site) -> None:
    report(school, checked(1, [row("甲")]), checked(2, [line("三3")], mode=Mode.FULL, refused=[bad(9, "三3-甲")]))
    [open_] = held_files.rejects()
    assert (open_.returned.ticket, Absence.objects.get().pending, open_.school_name) == ("T2-9", True, "示例小学")
    assert decisions.waive(["T2-9"], DecidedBy("县疾控", "学生已转学", NOON)) == ["T2-9"]
    assert decisions.waive(["T2-9"], DecidedBy("县疾控", "学生已转学", NOON)) == []
    assert not Absence.objects.get().pending
    assert held_files.rejects() == []
    assert held_files.reject("T2-9") is not None
    with pytest.raises(UsageError):
        decisions.waive(["T9-9"], DecidedBy("县疾控", "", NOON))


def test_a_letter_is_done_once_and_its_sending_is_audited(school: Site) -> None:
    report(school, checked(1, [row("甲")], refused=[bad(9)]))
    receipt, giveback = queue.pending()
    assert (receipt.kind, giveback.kind, receipt.reader) == ("receipt", "giveback", SCHOOL)
    sent = [queue.Delivered(receipt.id, "outbox/学校/x.txt", "f" * 64)]
    queue.done(sent, NOON)
    queue.done(sent, NOON)
    assert queue.waiting() == {"giveback": 1}
    assert [(row.what, row.target) for row in Audit.objects.all()] == [("send", f"receipt 1 → {SCHOOL}")]
    assert broken_at() is None


def test_a_receipt_has_all_its_facts_from_the_store(school: Site) -> None:
    report(school, checked(1, [row("甲")], refused=[bad(9)]))
    facts = queue.facts(["1", "1.7", "99"])
    assert facts.keys() == {"1", "1.7"}
    said = facts["1"]
    assert (said.state, said.unit_name, said.day, said.zero, said.on_time) == (
        State.PARTIAL,
        "示例小学",
        DAY,
        False,
        True,
    )
    [returned] = said.returned
    assert (returned.ticket, returned.raw, returned.issues[0].code) == ("T1-9", {"班级": "三(3)班"}, "name-missing")


def test_a_changed_audit_row_breaks_the_chain_there(site: Site) -> None:
    audit.append([audit.AuditEntry("甲县", "waive", f"T{n}", ("state",)) for n in range(4)], NOON)
    audit.append([audit.AuditEntry("乙县", "release", "12")], NOON)
    assert broken_at() is None
    Audit.objects.filter(seq=3).update(target="T99")
    assert broken_at() == 3


def test_a_missing_audit_row_shows(site: Site) -> None:
    audit.append([audit.AuditEntry("甲县", "waive", f"T{n}") for n in range(4)], NOON)
    Audit.objects.filter(seq=2).delete()
    assert broken_at() == 3


def test_a_late_settled_file_does_not_undo_a_waiver(school: Site) -> None:
    made = journalled(
        school,
        [
            checked(1, [row("甲")]),
            checked(2, [row("甲"), row("乙")], mode=Mode.ADD),
            checked(3, [line("三3"), row("乙")], mode=Mode.FULL, refused=[bad(9, "三3-甲")]),
        ],
    )
    settle(school, made[0], made[2])
    decisions.waive(["T3-9"], DecidedBy("县疾控", "核实", NOON))
    settle(school, made[1], known=made)
    assert Reject.objects.get().state == "waived"
    assert dict(Absence.objects.values_list("pupil", "pending")) == {"三3-甲": False, "三3-乙": False}
