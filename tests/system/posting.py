"""Files dropped into a site's inbox, the site's work on them, and what must hold of it afterwards."""

import hashlib
from pathlib import Path

from pipeline import run
from pipeline.database import journal
from pipeline.database.models import Absence, AbsencePast, Letter, Reject, Report, Submission, Todo
from pipeline.inbox import archive
from pipeline.model import Site
from tests.inprocess import InProcess
from tests.sites import NOW, Desk, pupil


def dropped(desk: Desk) -> dict[str, bytes]:
    """What the clerks drop: a good file twice under two names, one with a bad row, one that is no workbook."""
    good = desk.absence("2132010001", [pupil(0), pupil(1)])
    return {
        "缺课日报.xlsx": good,
        "2132010001 示例第一小学/副本缺课日报(1).xlsx": good,
        "2132010002/b.xlsx": desk.absence("2132010002", [pupil(2), pupil(3, class_name=None)]),
        "c.xlsx": b"%PDF-1.7 nonsense",
    }


def drop(site: Site, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = site.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def work(site: Site) -> None:
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW)


def state_of(site: Site) -> dict[str, object]:
    """All that may differ between a run that was cut short and one that was not."""
    return {
        "submissions": sorted(Submission.objects.values_list("sha256", "state", "unit", "accepted", "refused")),
        "absences": sorted(Absence.objects.values_list("school", "pupil", "row_state", "symptoms")),
        "past": AbsencePast.objects.count(),
        "rejects": sorted(Reject.objects.values_list("school", "row", "state")),
        "reports": sorted(Report.objects.values_list("school", "rows", "zero", "on_time")),
        "letters": sorted(Letter.objects.values_list("kind", "reader", "state")),
        "todo": sorted(Todo.objects.exclude(kind="figures").values_list("kind", "code", "day")),
        "papers": sorted(
            path.parent.relative_to(site.outbox).as_posix() + path.suffix
            for path in site.outbox.rglob("*")
            if path.is_file()
        ),
    }


def check_disk(site: Site, files: dict[str, bytes]) -> None:
    kept = {row.received_seq: (site.root / row.path).read_bytes() for row in Submission.objects.all()}
    assert sorted(kept.values()) == sorted(files.values()), "P1: the archive has every dropped file's bytes, once"
    assert all(row.sha256 == hashlib.sha256(kept[row.received_seq]).hexdigest() for row in Submission.objects.all())
    assert sum(journal.counts().values()) == len(files), "P7: files in are outcomes out"
    lines = [line for path in site.archive.rglob("*.jsonl") for line in archive.read_journal(path)]
    assert sorted(int(str(line["seq"])) for line in lines) == sorted(kept)
    left = [path for area in ("inbox", "spool") for path in (site.root / area).rglob("*") if path.is_file()]
    assert left == [], "nothing is left behind in inbox or spool"
    assert not list(site.outbox.rglob("*~")), "no half-written paper is left"


def receipts(site: Site) -> list[Path]:
    return sorted(site.outbox.rglob("回执*.txt"))
