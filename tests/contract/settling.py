"""Settling as contract tests do it: journal, settle, and read what stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.database import journal, models
from pipeline.model import Checked, Settled, Site
from pipeline.run.settling import Settling
from tests.inprocess import InProcess
from tests.submissions import NOON

T = TypeVar("T")


def journalled(site: Site, batch: Sequence[Checked]) -> list[Checked]:
    """Journal the arrivals of a batch; their numbers must be free and in order."""
    ready = [replace(one.arrival, path=site.root / one.arrival.path) for one in batch]
    kept = journal.receive(site, ready)
    return [replace(one, arrival=arrival) for one, arrival in zip(batch, kept, strict=True)]


@dataclass(frozen=True)
class Known(Settling):
    """Settles what has no bytes: what is to be read and validated again is known."""

    checked: Mapping[int, Checked]

    def read_again(self, seqs: Sequence[int]) -> list[Checked]:
        return [self.checked[seq] for seq in sorted(seqs)]


def knowing(site: Site, *known: Checked) -> Known:
    return Known(site, InProcess(), NOON, {one.arrival.seq: one for one in known})


def settle(site: Site, *batch: Checked, known: Sequence[Checked] = ()) -> list[Settled]:
    return knowing(site, *known, *batch).fold(batch) if batch else []


def report(site: Site, *batch: Checked) -> list[Settled]:
    """Journal and settle at once, one after the other."""
    return [settle(site, one)[0] for one in journalled(site, batch)]


def stands(*, history: bool = False) -> dict[str, list[str]]:
    """Everything that stands, table by table. With `history`: since when, and what stood before."""
    dates = {"from_settled", "settled_seq", "id"}
    # of a row that was replaced within the batch that brought it, nobody asked which case it was
    unasked = {models.AbsencePast: {"began", "row_state"}}
    tables = [models.Absence, models.Report, models.ReportClass, models.Pupil, models.SchoolClass]
    tables += [models.Closure]
    tables += [models.AbsencePast, models.ClosurePast] if history else []
    found = {}
    for table in tables:
        left_out = {"id", *unasked.get(table, ())} | (set() if history else dates)
        names = [f.attname for f in table._meta.concrete_fields if f.name not in left_out]
        found[table.__name__] = sorted(map(str, table.objects.values_list(*names)))
    said = ("received_seq", "state", "accepted", "refused", "effective", "issues")
    # a ticket given out before its submission turned out not to count stays known, closed
    idle = models.Submission.objects.filter(state__in=["held", "duplicate", "rejected"])
    rejects = models.Reject.objects.exclude(submission__in=idle.values("received_seq"), state="superseded")
    # so does one that what came before its submission, and was settled after it, has made needless
    kept = [row for row in rejects if not (row.closed_by.isdigit() and int(row.closed_by) < row.submission_id)]
    shown = [(row.ticket, row.raw, row.issues, row.identity, row.state, row.closed_by) for row in kept]
    found["Reject"] = sorted(map(str, shown))
    found["Submission"] = sorted(map(str, models.Submission.objects.values_list(*said)))
    return found


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """By table: the rows that only the first has, and only the second."""
    return {
        table: (sorted({*one[table]} - {*other[table]}), sorted({*other[table]} - {*one[table]}))
        for table in one
        if one[table] != other[table]
    }
