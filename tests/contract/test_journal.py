"""The journal loses nothing, numbers everything once, and says where each arrival stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.database import journal
from pipeline.database.models import Decision, Letter, Submission
from pipeline.model import Arrival, Issue, Site, State

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def arrival(site: Site, name: str = "缺课日报.xlsx", claim: str = "", **more: object) -> Arrival:
    whole = Arrival(
        sha256="a" * 64, size=10, name=name, channel="folder", folder="", bound="", first_seen=NOW, received_at=NOW,
        path=site.root / "spool" / name, claim=claim,
    )  # fmt: skip
    return replace(whole, **more)


def test_arrivals_are_numbered_in_the_order_given_without_a_gap(site: Site) -> None:
    first = journal.receive(site, [arrival(site, f"{n}.xlsx") for n in range(3)])
    second = journal.receive(site, [arrival(site, "3.xlsx")])
    assert [a.seq for a in first + second] == [1, 2, 3, 4]
    assert journal.pending(site, limit=3) == first


def test_a_claim_found_again_after_a_crash_is_not_journalled_twice(site: Site) -> None:
    [before] = journal.receive(site, [arrival(site, claim="c-1")])
    again = journal.receive(site, [arrival(site, "new.xlsx", "c-2"), arrival(site, claim="c-1"), arrival(site)])
    assert [a.seq for a in again] == [2, before.seq, 3]
    assert sum(journal.counts().values()) == 3


def test_an_arrival_comes_back_as_it_was_journalled(site: Site) -> None:
    sent = arrival(site, "副本 缺课日报(1)😀.xlsx", claim="c-9", bound="2132000001", folder="2132000001 示例小学")
    [kept] = journal.receive(site, [sent])
    assert journal.pending(site) == [kept] == [replace(sent, seq=1)]


def test_attempts_are_counted_and_paths_follow_the_bytes(site: Site) -> None:
    journal.receive(site, [arrival(site)])
    journal.count_attempt([1])
    journal.count_attempt([1])
    journal.moved({1: "archive/2026-11-23/1.xlsx"})
    [kept] = journal.pending(site)
    assert (kept.attempts, kept.path) == (2, site.root / "archive/2026-11-23/1.xlsx")


def test_a_failed_one_is_set_aside_once_with_its_receipt(site: Site) -> None:
    journal.receive(site, [arrival(site, bound="320106")])
    assert journal.fail(1, [Issue("file-broken")], NOW)
    assert not journal.fail(1, [Issue("file-broken")], NOW)
    row = Submission.objects.get()
    assert (row.state, row.settled_seq, row.issues) == ("failed", 1, [{"code": "file-broken"}])
    assert Letter.objects.get().reader == "320106"
    assert journal.pending(site) == []


def test_lines_not_yet_in_the_file_are_told_until_they_are(site: Site) -> None:
    journal.receive(site, [arrival(site, "1.xlsx"), arrival(site, "2.xlsx")])
    Decision.objects.create(seq=3, at=NOW, who="县管理员", what="release", target="1")
    assert [(line.seq, line.kind) for line in journal.unwritten()] == [(1, "arrival"), (2, "arrival"), (3, "decision")]
    journal.written([1, 3])
    assert [line.seq for line in journal.unwritten()] == [2]


def test_every_state_is_counted_and_old_ones_show_since_when_they_wait(site: Site) -> None:
    journal.receive(site, [arrival(site), arrival(site)])
    journal.fail(2, [], NOW)
    assert journal.counts()[State.RECEIVED] == 1
    assert journal.counts()[State.FAILED] == 1
    assert journal.oldest((State.RECEIVED, State.HELD)) == {State.RECEIVED: NOW}


def test_what_came_long_ago_is_not_counted_unless_it_waits(site: Site) -> None:
    for seq, (state, days) in enumerate(
        ((State.ACCEPTED, 90), (State.HELD, 80), (State.PARTIAL, 30), (State.ACCEPTED, 1)), 4
    ):
        moment = NOW - timedelta(days=days)
        Submission.objects.create(
            received_seq=seq,
            sha256=str(seq),
            name="a",
            size=1,
            channel="folder",
            first_seen=moment,
            received_at=moment,
            path="x",
            state=state,
        )
    recent = journal.counts(NOW - timedelta(days=30))
    assert {state: n for state, n in recent.items() if n} == {State.HELD: 1, State.PARTIAL: 1, State.ACCEPTED: 1}
    assert sum(journal.counts().values()) == 4
    assert sum(journal.counts(NOW - timedelta(days=900)).values()) == 4
    assert journal.oldest([State.HELD, State.FAILED]) == {State.HELD: NOW - timedelta(days=80)}
