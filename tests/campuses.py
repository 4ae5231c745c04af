"""A campus whose rows come and go, each change assessed as the store would; and rows of the ill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pipeline import warn
from pipeline.rules import Case, Condition, engine, windows
from pipeline.rules.asked import ask
from pipeline.warn import Assessment, Episode, assess
from tests.rulebook import with_on

RULES = with_on({"C09", "C12", "C13", "C14", "S05"})  # local ones, off by default
ALL = ask(RULES, ())
DAY = date(2026, 11, 18)
ROLLS = {"三2": 40, "三3": 40}


def later(days: int) -> date:
    return DAY + timedelta(days=days)


def sick(*pupils: int, on: int = 0, class_key: str = "三2", **shows: object) -> list[Case]:
    """New rows, `on` days after DAY."""
    day = later(on)
    return [Case(day, f"{class_key}-P{n}", class_key, "new", day, **shows) for n in pupils]  # type: ignore[arg-type]  # a builder


def met_by(cases: Iterable[Case], span: windows.Spans) -> tuple[Condition, ...]:
    rows = list(cases)
    return engine.conditions(engine.CampusFacts(rows, ROLLS, of_long=rows), ALL, span)


@dataclass
class Campus:
    """A campus; what was assessed of it so far."""

    cases: list[Case] = field(default_factory=list)
    episodes: tuple[Episode, ...] = ()
    events: list[str] = field(default_factory=list)
    given: int = 0

    def report(self, *told: Iterable[Case]) -> Campus:
        fresh = [case for cases in told for case in cases]
        return self.change([*self.cases, *fresh], {day for case in fresh for day in (case.day, case.began)})

    def withdraw(self, *days: int) -> Campus:
        gone = {later(n) for n in days}
        return self.change([case for case in self.cases if case.day not in gone], gone)

    def change(self, cases: Sequence[Case], days: Iterable[date]) -> Campus:
        self.cases = list(cases)
        days = sorted(days)
        span = windows.affected(days, RULES)
        rows = warn.seen(self.cases)
        return self._take(assess(self.episodes, met_by(self.cases, span), span, RULES, days[-1], rows))

    def answer(self, state: str, *, closed: bool = False, only: str = "") -> Campus:
        """Give the open episodes (or one of them) a state, as a card and its county would."""
        mine = {e.id for e in self.episodes if not e.closed and only in {"", e.id}}
        self.episodes = tuple(replace(e, state=state, closed=closed) if e.id in mine else e for e in self.episodes)
        return self

    def _take(self, after: Assessment) -> Campus:
        numbers = {}
        for episode in after.episodes:
            if episode.id.startswith("new-"):
                self.given += 1
                numbers[episode.id] = f"2026-{self.given:04d}"
        self.episodes = tuple(replace(e, id=numbers.get(e.id, e.id)) for e in after.episodes)
        self.events += [event.what for event in after.events]
        return self

    @property
    def open(self) -> list[Episode]:
        return [episode for episode in self.episodes if not episode.closed]

    @property
    def one(self) -> Episode:
        (episode,) = self.open
        return episode
