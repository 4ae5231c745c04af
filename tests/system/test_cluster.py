"""Workbooks read and papers drawn on other machines: the same answers, whatever becomes of these machines."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline import fault_log
from pipeline.cli import taking
from pipeline.database.models import Submission
from pipeline.executors import FILE_SECONDS, Pool, ReadJob, crew_of
from pipeline.executors import cluster as elsewhere
from pipeline.executors.cluster import Cluster
from pipeline.executors.cluster_readers import ClusterReaders
from pipeline.executors.sent import SentWorkbook, read_sent
from pipeline.figures import papers
from pipeline.figures.paper_values import values_of
from pipeline.forms import form
from pipeline.model import ClusterPlan, Site
from pipeline.reports import letters
from pipeline.reports.render import Renderer
from pipeline.service import doctor_cluster
from pipeline.service.watch import Service
from pipeline.xlsx.blank import TemplateFacts, blank
from tests import page_samples
from tests.dask_cluster import LoopbackCluster, cluster, kill, until
from tests.hostile import hostile
from tests.sites import NOW, Desk, pupil
from tests.system.posting import drop

FIELDS = {"unit": "2132000001", "school": "示例小学", "campus": "本部", "day": date(2026, 11, 20)}
HONEST = blank(form("absence"), TemplateFacts(fields=FIELDS))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 2) as made:
        yield made


@pytest.fixture
def loopback(running: LoopbackCluster) -> LoopbackCluster:
    running.mend(2)
    return running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "CONNECT_SECONDS", 0.5)


def write(folder: Path, contents: list[bytes]) -> list[ReadJob]:
    folder.mkdir()
    paths = [folder / f"{seq:05}" for seq in range(1, len(contents) + 1)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [ReadJob(seq, path) for seq, path in enumerate(paths, start=1)]


@pytest.mark.slow
def test_a_heap_read_by_a_cluster_is_what_is_read_here(loopback: LoopbackCluster, tmp_path: Path) -> None:
    bad = [content for name, content, _ in hostile() if name not in SLOW]
    jobs = write(tmp_path / "spool", [*bad, *[HONEST] * 120])
    with Pool(2) as here:
        expected = dict(here.read(jobs))
    with Cluster(loopback.plan) as far, ClusterReaders(far, 1) as readers:
        until(lambda: far.size == 2)
        found = list(readers.read(jobs))
        assert readers.pids == []  # nothing was read here
    assert len(found) == len(jobs)
    assert {seq: reading for seq, reading in found if reading != expected[seq]} == {}
    assert "示例小学" not in loopback.said
    assert all(process.poll() is None for process in loopback.workers)  # no file ended one


SLOW = frozenset({"zip bomb", "200,000 empty styled cells", "fan-out of one string"})


def test_papers_drawn_by_a_cluster_are_those_drawn_here(loopback: LoopbackCluster) -> None:
    drawn = [letters.checked(values_of(papers.page(page_samples.page(rows)))) for rows in (3, 20)]
    with Renderer(1) as here:
        expected = list(here.stream(drawn))
    with Cluster(loopback.plan) as far:
        until(lambda: far.size == 2)
        with Renderer(1, elsewhere=far.hands) as renderer:
            assert list(renderer.stream(drawn)) == expected
            assert renderer.pids == []


def test_a_worker_killed_in_the_middle_costs_no_file_and_no_second_answer(
    loopback: LoopbackCluster, tmp_path: Path
) -> None:
    jobs = write(tmp_path / "spool", [HONEST] * 1500)
    with Cluster(loopback.plan) as far, ClusterReaders(far, 1) as readers:
        until(lambda: far.size == 2)
        answers = readers.read(jobs)
        first = [next(answers) for _ in range(60)]
        kill(loopback.workers[0])
        seqs = [seq for seq, _ in (*first, *answers)]
    assert sorted(seqs) == [job.seq for job in jobs]


@pytest.mark.usefixtures("impatient")
def test_without_a_cluster_all_is_read_here_and_said_once(tmp_path: Path) -> None:
    jobs = write(tmp_path / "spool", [HONEST] * 5)
    with capture_logs() as log, Cluster(ClusterPlan("tcp://127.0.0.1:9")) as far, ClusterReaders(far, 1) as readers:
        assert len(list(readers.read(jobs))) == 5
        assert len(list(readers.read(jobs))) == 5
        assert far.size == 0
    assert [line["event"] for line in log if line["event"].startswith("cluster")] == ["cluster_away"]


def test_a_scheduler_that_goes_leaves_nothing_undone_and_one_that_comes_is_used(
    loopback: LoopbackCluster, tmp_path: Path
) -> None:
    jobs = write(tmp_path / "spool", [HONEST] * 600)
    with Cluster(loopback.plan) as far, ClusterReaders(far, 1) as readers:
        until(lambda: far.size == 2)
        answers = readers.read(jobs)
        first = next(answers)
        loopback.end()
        assert sorted(seq for seq, _ in (first, *answers)) == [job.seq for job in jobs]
        until(lambda: far.size == 0)
        loopback.start(1)
        until(lambda: far.size == 1)
        before = len(readers.pids)
        assert len(list(readers.read(jobs[:60]))) == 60
        assert len(readers.pids) == before


def test_a_worker_of_another_version_gets_its_task_back(
    loopback: LoopbackCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = write(tmp_path / "spool", [HONEST] * 3)
    monkeypatch.setattr(elsewhere, "FarTask", partial(elsewhere.FarTask, version="0.0.0"))
    with capture_logs() as log, Cluster(loopback.plan) as far, ClusterReaders(far, 1) as readers:
        until(lambda: far.size == 2)
        assert len(list(readers.read(jobs))) == 3
        assert readers.pids  # it was done here
    assert {line["error"] for line in log if line["event"] == "cluster_task_undone"} == {"OtherVersionError"}


def test_words_learned_later_reach_the_workers(loopback: LoopbackCluster) -> None:
    with Cluster(loopback.plan) as far, Pool(1, at_once=False) as local:
        until(lambda: far.size == 2)
        for words in ({}, {"肚肚疼": "R10"}):
            hands = far.hands(partial(crew_of, words=words), local._crew)
            answer = hands.submit(read_sent, [SentWorkbook(HONEST, None)], 60.0)
            assert len(answer.result(60)) == 1


def test_a_host_that_stops_is_not_waited_for(
    loopback: LoopbackCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = write(tmp_path / "spool", [HONEST] * 20)
    monkeypatch.setattr(elsewhere, "PATIENCE_SECONDS", 1 - 20 * FILE_SECONDS)
    with Cluster(loopback.plan) as far, ClusterReaders(far, 1) as readers:
        until(lambda: far.size == 2)
        for worker in loopback.workers:
            worker.send_signal(signal.SIGSTOP)  # it holds its connection, and does nothing
        try:
            assert len(list(readers.read(jobs))) == 20
        finally:
            loopback.end()


@pytest.mark.usefixtures("impatient")
def test_a_site_without_its_cluster_works_and_says_so_until_a_worker_is_there(
    site: Site, desk: Desk, loopback: LoopbackCluster
) -> None:
    for plan, there in ((ClusterPlan("tcp://127.0.0.1:9"), False), (loopback.plan, True)):
        site = replace(site, cluster=plan)
        with taking.at_work(site) as (readers, far):
            assert far is not None
            until(lambda far=far, there=there: bool(far.size) is there)
            service = Service(site, readers, lambda: NOW, cluster=far)
            with service.coordinator:
                drop(site, {"a.xlsx": desk.absence("2132010001", [pupil(n) for n in range(there + 1)])})
                service.turn()
        assert [fault.step for fault in fault_log.standing(site)] == ["cluster"] * (not there)
        assert [finding.grade for finding in doctor_cluster.examine(site)] == ["ok" if there else "problem"]
    assert Submission.objects.filter(state="accepted").count() == 2
