"""What validation knows of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pipeline.alert_state import AlertFacts
from pipeline.filed import FilingFacts, OrganFacts
from pipeline.model.states import ClosureState


class ClassFacts(NamedTuple):
    """One class of a school's registry in the school year of the day. `key` is the normal form, e.g. 三3. A tuple,
    because a batch reads thousands.
    """

    campus: str
    key: str
    name: str  # as the school writes it, e.g. 三(3)班
    roll: int | None
    confirmed: bool = True
    stage: str = ""  # its 学段, "" where it is not known


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    code: str
    name: str
    county: str  # division code
    stages: tuple[str, ...]  # 幼儿园 小学 初中 高中 中职 特教
    boarding: bool
    campuses: tuple[str, ...]
    classes: Mapping[tuple[str, str], ClassFacts]  # (campus, key) →
    token_serial: int = 1
    aliases: Mapping[str, str] = field(default_factory=dict)  # other spellings of a class → key
    former: Mapping[tuple[str, str], str] = field(default_factory=dict)  # renamed classes → their first key
    # classes that others were joined to or divided into → first keys of those in which their pupils may have been
    sources: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    reporter: str = ""  # 填报人 in the registry
    reporters: Mapping[str, str] = field(default_factory=dict)  # campus → its own 填报人
    until: date | None = None  # the first day on which it no longer exists (停办)
    off: frozenset[tuple[str, str]] = frozenset()  # classes left out of `classes`: nothing is due about them that day


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    campus: str
    scope: str  # "全校" or a class key
    start: date
    until: date  # planned or actual resumption (first day back)
    state: ClosureState


@dataclass(frozen=True, slots=True)
class UsedToken:
    """The 处理单 that used a token up: its number, and the hash of its cells."""

    seq: int
    content_sha: str


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that validation must know of the store for one batch, as one value."""

    schools: Mapping[str, SchoolFacts] = field(default_factory=dict)
    # (school, day) → its classes on that day, if they may differ from those of the batch's latest day
    rooms: Mapping[tuple[str, date], Mapping[tuple[str, str], ClassFacts]] = field(default_factory=dict)
    divisions: Mapping[str, str] = field(default_factory=dict)  # code → name
    parents: Mapping[str, str] = field(default_factory=dict)  # division code → parent code
    reported: frozenset[tuple[date, str, str]] = frozenset()  # (day, school, campus) with a current report
    namesakes: frozenset[tuple[str, str, str]] = frozenset()  # (school, class key, name) that several pupils share
    pupils: frozenset[tuple[str, str]] = frozenset()  # (school, code) known, of schools with `sources`
    organs: Mapping[str, OrganFacts] = field(default_factory=dict)
    filings: Mapping[int, FilingFacts] = field(default_factory=dict)  # number → filings named by scans
    alerts: Mapping[str, AlertFacts] = field(default_factory=dict)  # number → alerts named by cards
    revoked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # unit → where its tokens were revoked
    used: Mapping[tuple[str, str], UsedToken] = field(default_factory=dict)  # (division, what a 处理单's token is for)
    calendar: object = None  # a schooldays.Calendar: an object here, because this module lies below it
