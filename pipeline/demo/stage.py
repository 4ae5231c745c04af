"""The site of a demo: its time, the files dropped into it, and their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, time

from pipeline import run
from pipeline.demo.post import COUNTY as MAILING
from pipeline.demo.post import DemoPost
from pipeline.demo.province import COUNTIES, County, DemoSchool
from pipeline.executors import Readers
from pipeline.figures.batch_summary import OUTCOMES
from pipeline.model import Arrival, Settled, Site
from pipeline.schooldays import ZONE
from pipeline.service import timetable

Place = tuple[str, str]
"""Sub-folder of the inbox ("" is flat) and file name."""

Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
Line = tuple[str, ...]
"""A line of the table of outcomes: what, whose, outcome, accepted, refused, issues."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file in the table of outcomes: `note` is "" for one of the many without anything special."""

    note: str
    who: str


@dataclass(slots=True)
class DemoSite:
    """The site of a demo."""

    site: Site
    readers: Readers
    now: datetime
    post: DemoPost | None = None
    outcomes: dict[Place, tuple[Arrival, Settled]] = field(default_factory=dict)
    sent: dict[Place, SentFile] = field(default_factory=dict)  # the files, in the order dropped
    seen: list[Line] = field(default_factory=list)  # further lines, not about a file

    def clock(self) -> datetime:
        return self.now

    def put(self, folder: str, name: str, content: bytes, sent: SentFile | None = None) -> None:
        """Drop one file into the inbox; a file of that name that is still there is not overwritten."""
        place = self.site.inbox / folder
        place.mkdir(exist_ok=True)
        while (place / name).exists():
            name = f"又-{name}"
        (place / name).write_bytes(content)
        if sent is not None:
            self.sent[folder, name] = sent

    def hand_in(self, school: DemoSchool, name: str, content: bytes, sent: SentFile | None) -> None:
        """Let a school hand in its report as it does now: dropped, or mailed, where it mails."""
        if self.post is None or school.county != MAILING.code:
            self.put(folder_of(school), name, content, sent)
            return
        self.post.mail(school, "缺课日报", self.now, name, content)
        if sent is not None:
            self.sent["", name] = sent

    def one_line(self, school: DemoSchool, day: date) -> bool:
        """Let a school that mails report in one line that nobody is absent; once, and False if it does not mail."""
        name = f"零报告 {day}.xlsx"
        if self.post is None or school.county != MAILING.code or ("", name) in self.sent:
            return False
        self.post.mail(school, "零报告", self.now)
        self.sent["", name] = SentFile("邮件，标题一行“零报告”", school.name)
        return True

    def drain(self, advance: Callable[[int], None] = lambda _: None) -> None:
        """Work until nothing is left to do, as the service would."""

        def observe(arrival: Arrival, settled: Settled) -> None:
            self.outcomes[arrival.folder, arrival.name] = (arrival, settled)
            advance(1)

        with self.post.bag(self.site, self.readers) if self.post else nullcontext() as mail:
            run.drain(self.site, self.readers, self.clock, observe=observe, mail=mail)
        self.send()

    def send(self) -> None:
        """Send the letters that are due by mail, where there is any."""
        if self.post is not None:
            self.post.send(self.site, self.clock)

    def tick(self, day: date, clock: str) -> None:
        """Set the clock, and do what is due by then."""
        self.now = at(day, clock)
        timetable.tick(self.site, self.now)

    def lines(self) -> list[Line]:
        """The table of outcomes: ordinary files first, by outcome, then each with a note."""
        plain: dict[str, int] = {}
        special: list[Line] = []
        for place, sent in self.sent.items():
            outcome = self.outcomes.get(place)
            state = OUTCOMES[outcome[1].state] if outcome else "?"
            if not sent.note:
                plain[state] = plain.get(state, 0) + 1
                continue
            counts = (str(outcome[1].accepted), str(outcome[1].refused)) if outcome else ("", "")
            codes = " ".join(dict.fromkeys(issue.code for issue in outcome[1].issues)) if outcome else ""
            special.append((sent.note, sent.who, state, *counts, codes))
        many = [("（其余各校，按要求填报）", f"{count} 份", state, "", "", "") for state, count in plain.items()]
        return [*many, *special, *self.seen]


def county_of(school: DemoSchool) -> County:
    return next(county for county in COUNTIES if county.code == school.county)


def folder_of(school: DemoSchool) -> str:
    """Where a school's clerk puts files: in the inbox itself, in the school's folder, or with the county's files."""
    county = county_of(school)
    return {1: school.code, 2: county_folder(county)}.get(county.serial, "")


def county_folder(county: County) -> str:
    """The county's own folder."""
    return f"{county.code} {county.name}"


def at(day: date, clock: str) -> datetime:
    """A moment of a day, as `14:05`."""
    hour, minute = map(int, clock.split(":"))
    return datetime.combine(day, time(hour, minute), ZONE)
