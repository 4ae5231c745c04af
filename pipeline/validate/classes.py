"""A school's classes, by any spelling that is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.forms.classes import by_number, in_brackets, is_grade, key_or_name, like_class, split_key
from pipeline.forms.text_normalise import fold
from pipeline.model import ClassFacts
from pipeline.validate.case import RowCase, SubmissionCase

_LISTED = 6  # classes of a grade that a message names
_folded = lru_cache(maxsize=4096)(fold)  # the same names of classes in every school


@dataclass(frozen=True, slots=True)
class _Registered:
    """A class of a registry as it may be written. `digits`: its name, if that is a number; `number`: its key as one."""

    folded: str
    short: str
    digits: str
    number: str


@lru_cache(maxsize=65536)  # as `class_key`: the same in every school
def _registered(name: str, key: str, kindergarten: bool) -> _Registered:
    folded, plain = fold(name), key_or_name(name, kindergarten=kindergarten)
    return _Registered(folded, folded.removesuffix("班"), plain if plain.isdigit() else "", by_number(key))


@dataclass
class Classes:
    """A school's classes by any spelling that is in use."""

    case: SubmissionCase
    spellings: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        school = self.case.school
        if school is None:
            return
        kindergarten = self.case.kindergarten
        known = [(facts.key, _registered(facts.name, facts.key, kindergarten)) for facts in school.classes.values()]
        for key, room in known:
            self.spellings.setdefault(room.folded, key)
            self.spellings.setdefault(room.short, key)
        self._number(dict(known))
        self.known = frozenset(key for key, _ in known)
        self.spellings.update({fold(spelling): key for spelling, key in school.aliases.items()})

    def _number(self, names: Mapping[str, _Registered]) -> None:
        """Let 301 and 三(1)班 be one class, where the registry has one of them only."""
        plain = {room.digits: key for key, room in names.items() if room.digits}
        numbered = {room.number: key for key, room in names.items() if room.number and room.number not in plain}
        self.numbers = numbered | {
            graded: key
            for number, key in plain.items()
            if len(number) == 3 and (graded := key_or_name(f"{number[0]}({int(number[1:])})班")) not in names
        }

    def key(self, name: object) -> str:
        """The key of a class as typed; "" for none."""
        if not isinstance(name, str) or not name:
            return ""
        found = self.keys.get(name)
        if found is None:
            found = self.spellings.get(_folded(name)) or key_or_name(name, kindergarten=self.case.kindergarten)
            found = self.case.school.aliases.get(found, found) if self.case.school else found
            found = self.numbers.get(found, found)
            if found not in self.known and (both := in_brackets(name)):
                meant = {key for one in both if (key := self.key(one)) in self.known}
                found = meant.pop() if len(meant) == 1 else found
            of_grade = self.of_grade(found)
            self.keys[name] = found = of_grade[0] if len(of_grade) == 1 else found
        return found

    def of_grade(self, key: str) -> list[str]:
        """The classes of a bare grade (三年级); none if it is no grade, or a class of its own."""
        school = self.case.school
        if school is None or not is_grade(key):
            return []
        known = [one.key for one in school.classes.values() if one.confirmed and one.campus == self.case.campus]
        return [] if key in known else [one for one in known if split_key(one)[0] == key]

    def elsewhere(self, key: str) -> str:
        """The other campuses that have a class, of a grade that this one does not have, where its classes are known; ""
        for none. Else it may be a new class here.
        """
        school = self.case.school
        if school is None or self.case.campus not in school.campuses:
            return ""  # counties read of it: nothing typed may be in it
        known = [one for one in school.classes.values() if one.confirmed]
        grades = {split_key(one.key)[0] for one in known if one.campus == self.case.campus}
        if not grades or split_key(key)[0] in grades:
            return ""
        return "、".join(one.campus for one in known if one.key == key)

    def _named(self, keys: Sequence[str]) -> str:
        names = [one.name for key in keys if (one := self.facts(key))]
        return "、".join(names[:_LISTED]) + "等" * (len(names) > _LISTED)

    def facts(self, key: str) -> ClassFacts | None:
        """The class in the registry. A class that only reports name is asked about until the county has decided: so the
        result does not depend on which report came first.
        """
        found = self.case.school.classes.get((self.case.campus, key)) if self.case.school else None
        return found if found and found.confirmed else None

    def origin(self, key: str) -> str:
        """The key by which the pupils of a class are known: of the class that it was before it was renamed."""
        school, at = self.case.school, (self.case.campus, key)
        if school is None or at not in school.former:
            return key
        first = school.former[at]
        return key if (self.case.campus, first) in school.classes else first  # its first name is another class again

    def sources(self, key: str) -> tuple[str, ...]:
        """The keys of other classes in which the pupils of a class may have been, before classes were joined or
        divided.
        """
        school = self.case.school
        return school.sources.get((self.case.campus, self.origin(key)), ()) if school else ()

    def ask(self, line: RowCase, column: str, key: str) -> bool:
        """Ask about a class that is not in the registry, once for a file; tell whether it may be one. What does not
        look like a class goes back: it may hold a name, and counties read of new classes.
        """
        if not key or self.facts(key) is not None:
            return True
        if several := self.of_grade(key):
            line.add_issue("class-grade-only", column, classes=self._named(several))
            return False
        if other := self.elsewhere(key):
            line.add_issue("class-of-other-campus", column, other=other, campus=self.case.campus)
            return False
        known = self.case.school is not None and any(key == one for _, one in self.case.school.classes)
        if not known and not like_class(str(line.values[column]), kindergarten=self.case.kindergarten):
            line.add_issue("class-unlikely", column)
            return False
        if key not in self.met:
            self.met.add(key)
            line.add_issue("class-new", column)
        return True
