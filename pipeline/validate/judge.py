"""What a form contributes to validation: its rules on frames, and how its rows are checked one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.forms.base import Form
from pipeline.model import Context
from pipeline.validate import channel
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.checks import RowCheck
from pipeline.validate.classes import Classes

Lines = Mapping[str, Sequence[RowCase]]  # of one case, by table
Extras = Mapping[str, list[object]]


@dataclass
class Judgement:
    """What all files of a batch are checked with. `namesakes` (by school: class key and name) and `pupils` grow file by
    file, in received order, so that a batch gives the same results as its files one by one.
    """

    context: Context
    key: bytes
    namesakes: dict[str, set[tuple[str, str]]] = field(init=False)
    pupils: set[tuple[str, str]] = field(init=False)
    _classes: dict[int, Classes] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.namesakes = {}
        for school, class_key, name in self.context.namesakes:
            self.namesakes.setdefault(school, set()).add((class_key, name))
        self.pupils = set(self.context.pupils)

    def classes(self, case: SubmissionCase) -> Classes:
        """The classes of a case's school; a new class is reported only once in a file."""
        found = self._classes.get(id(case))
        if found is None:
            found = self._classes[id(case)] = Classes(case)
        return found

    def remember(self, case: SubmissionCase) -> None:
        """Keep the names that several pupils of a class share in this file, and who is known by it."""
        rows = [record for record in case.records if record.table == "rows"]
        pupils = {(str(r.values["class_key"]), str(r.values["name"]), r.identity) for r in rows}
        borne = Counter((class_key, name) for class_key, name, _ in pupils)
        shared = {named for named, count in borne.items() if count > 1}
        if shared:
            self.namesakes.setdefault(case.unit, set()).update(shared)
        if case.school is not None and case.school.sources:
            self.pupils.update((case.unit, identity) for _, _, identity in pupils)


def _as_it_is(case: SubmissionCase, context: Context) -> None:
    """Nothing in the header needs checking."""
    del case, context


def _nothing(table: str, lines: Sequence[RowCase], by: Judgement) -> Extras:
    del table, lines, by
    return {}


def _forgotten(by: Judgement, case: SubmissionCase) -> None:
    """Nothing of a case matters to later ones."""
    del by, case


@dataclass(frozen=True, slots=True)
class Judge:
    """How one form is validated, in this order: `whose` finds its unit and checks the channel, `settle` checks the
    header, `rules` check a frame of all lines of a table of the batch (`extras`: columns beside the form's own that
    they use), then `judge` checks every case, and `remember` keeps what matters to later cases.
    """

    form: Form
    rules: Mapping[str, tuple[RowCheck, ...]]
    judge: Callable[[SubmissionCase, Lines, Judgement], None]
    settle: Callable[[SubmissionCase, Context], None] = _as_it_is
    extras: Callable[[str, Sequence[RowCase], Judgement], Extras] = _nothing
    whose: Callable[[SubmissionCase, Context, bytes], None] = channel.settle_unit
    remember: Callable[[Judgement, SubmissionCase], None] = _forgotten
    slips: bool = True  # many bad rows in its first table mean that a column has slipped
