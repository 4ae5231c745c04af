"""A school's classes, by any spelling that is in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.forms.classes import key_or_name
from pipeline.forms.text_normalise import fold
from pipeline.model import ClassFacts
from pipeline.validate.case import SubmissionCase

_folded = lru_cache(maxsize=4096)(fold)  # the same names of classes in every school


@dataclass
class Classes:
    """A school's classes by any spelling that is in use."""

    case: SubmissionCase
    spellings: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        school = self.case.school
        if school is None:
            return
        for facts in school.classes.values():
            name = _folded(facts.name)
            self.spellings.setdefault(name, facts.key)
            self.spellings.setdefault(name.removesuffix("班"), facts.key)
        self.spellings.update({fold(spelling): key for spelling, key in school.aliases.items()})

    def key(self, name: object) -> str:
        """The key of a class as typed; "" for none."""
        if not isinstance(name, str) or not name:
            return ""
        found = self.keys.get(name)
        if found is None:
            found = self.spellings.get(_folded(name)) or key_or_name(name, kindergarten=self.case.kindergarten)
            found = self.case.school.aliases.get(found, found) if self.case.school else found
            self.keys[name] = found
        return found

    def facts(self, key: str) -> ClassFacts | None:
        """The class in the registry. A class that only reports name is asked about until the county has decided: so the
        result does not depend on which report came first.
        """
        found = self.case.school.classes.get((self.case.campus, key)) if self.case.school else None
        return found if found and found.confirmed else None

    def first_time_new(self, key: str) -> bool:
        """Whether it is not in the registry, and not yet reported for this file."""
        if self.facts(key) is not None or key in self.met:
            return False
        self.met.add(key)
        return True
