"""Who may see what, and the codes by which schools and pupils are identified without names.

`Scope` is the one place that decides what a reader sees; queries, papers, letters, exports and file names ask it and
decide nothing themselves. Tokens and pupil codes are keyed with the site's secret, so neither can be made, or traced
back to a name, without it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from pipeline.forms.pupil_names import same_name
from pipeline.model import HOME_CAMPUS, DivisionKind, Level, Organ
from pipeline.short_ids import ALPHABET

_PAIRS = tuple(first + second for second in ALPHABET for first in ALPHABET)
_SCHOOL_DIGITS = 10
_DIVISION_DIGITS = 6
_PUPIL_LENGTH = 10
_SHORT_LENGTH = 4
_TOKEN_LENGTH = 16
_STAMP_LENGTH = 6
_CODE = re.compile(r"([0-9]{10}|[0-9]{6})(?![0-9])")

_KIND_LEVELS: Mapping[str, Level] = {
    DivisionKind.PROVINCE: Level.PROVINCE,
    DivisionKind.CITY: Level.CITY,
    DivisionKind.COUNTY: Level.COUNTY,
    DivisionKind.FUNCTION_ZONE: Level.COUNTY,  # has its own bureau and reports like a county
}


ORGAN_LETTERS: Mapping[str, str] = {Organ.EDUCATION: "JY", Organ.HEALTH: "WJ", Organ.CDC: "JK"}
"""The suffix of an organ's code, after its division's code."""

ORGAN_NAMES: Mapping[str, str] = {
    Organ.EDUCATION: "教育局",
    Organ.HEALTH: "卫生健康委员会",
    Organ.CDC: "疾病预防控制中心",
}
_PROVINCE_EDUCATION = "教育厅"


def organ_name(division: str, kind: str, organ: str) -> str:
    """Return the full name of a division's organ; `division`: its name, `kind`: province, city, county …"""
    provincial = kind == DivisionKind.PROVINCE and organ == Organ.EDUCATION
    return division + (_PROVINCE_EDUCATION if provincial else ORGAN_NAMES[organ])


def reads_as(code: str) -> str:
    """Return the division as which an organ reads; any other code as it is."""
    return code[:_DIVISION_DIGITS] if code[_DIVISION_DIGITS:] in ORGAN_LETTERS.values() else code


def organ_code(division: str, organ: str) -> str:
    """Return the code of a division's organ (education, health, cdc), such as 320106JY."""
    return division + ORGAN_LETTERS[organ]


# --------------------------------------------------------------------------- tokens and codes


def is_school(code: str) -> bool:
    """Tell a school's code by its length."""
    return len(code) == _SCHOOL_DIGITS


def is_division(code: str) -> bool:
    """Likewise, of a division."""
    return len(code) == _DIVISION_DIGITS


def code_of_folder(folder: str) -> str:
    """Return the unit's or division's code at the start of a folder's name (of several, the topmost's); "" for none."""
    found = _CODE.match(folder)
    return found[1] if found else ""


def token(key: bytes, school: str, form: str, term: str, serial: int) -> str:
    """Return the proof that an issued template carries, e.g. `2026-1.7QK2…`. It names what it was issued for: the term;
    of a 处理单 the moment (`desk_mark`). Revoked by raising the unit's serial.
    """
    return f"{term}.{keyed_code(key, ('token', school, form, term, str(serial)), _TOKEN_LENGTH)}"


def token_ok(key: bytes, claimed: str, school: str, form: str, serial: int) -> bool:
    """Tell, in constant time, whether `claimed` was issued to this school for this form and serial."""
    expected = token(key, school, form, token_term(claimed), serial)
    return hmac.compare_digest(expected.encode(), claimed.encode("utf-8", "surrogatepass"))


def token_term(claimed: str) -> str:
    """Return the term a token was issued for, as it claims; "" if it is none of ours."""
    return claimed.rpartition(".")[0]


def desk_mark(made: datetime, seq: int = 0) -> str:
    """What the token of one 处理单 is issued for: when it was made, and the number of the one that goes back in it."""
    return f"{made:%Y%m%dT%H%M%S}" + (f"-{seq}" if seq else "")


def issued_on(mark: str) -> date | None:
    """The day on which a 处理单's token was issued, by what it names; None if it names no moment."""
    try:
        return date.fromisoformat(mark[:8])
    except ValueError:
        return None


def stamp(key: bytes, state: str) -> str:
    """Return six characters that change when the state of a matter does."""
    return keyed_code(key, ("stamp", state), _STAMP_LENGTH)


def seal(key: bytes, division: str, matter: str, stamped: str) -> str:
    """Return what a line of a 处理单 carries besides its matter: the matter's stamp, and proof of both.

    It is different for another matter, division or stamp: an edited line is detected.
    """
    return f"{stamped}.{keyed_code(key, ('seal', division, matter, stamped), _TOKEN_LENGTH)}"


def unsealed(key: bytes, division: str, matter: str, claimed: str) -> str:
    """Return the stamp of a line whose seal is right, "" otherwise; in constant time."""
    stamped = claimed.partition(".")[0]
    expected = seal(key, division, matter, stamped)
    return stamped if hmac.compare_digest(expected.encode(), claimed.encode("utf-8", "surrogatepass")) else ""


def pupil_code(key: bytes, school: str, class_key: str, name: str, number: str = "", campus: str = HOME_CAMPUS) -> str:
    """Return a pupil's code, e.g. `三2-A7K3QX9M2T`: class, then ten characters keyed by the site.

    Pass `number` (学号) only if two pupils of the class share the name. All spellings of a name (`same_name`) give the
    same code. Campuses may have classes of the same name, with pupils of the same name.
    """
    parts = ["pupil", school, class_key, same_name(name), _plain(number) if number else ""]
    if campus != HOME_CAMPUS:
        parts.append(campus)
    return f"{class_key}-{keyed_code(key, parts, _PUPIL_LENGTH)}"


def short_code(code: str) -> str:
    """Return what papers print of a pupil's code: `三2-A7K3`."""
    class_key, dash, characters = code.rpartition("-")
    return class_key + dash + characters[:_SHORT_LENGTH]


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def keyed_code(key: bytes, parts: Iterable[str], length: int) -> str:
    """Return a code of so many characters (an even number) for a list of texts; it needs the site's key."""
    # lengths before the parts: two different lists never give the same message
    message = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    # reduced first to what the characters can hold: a code a row, and small numbers divide three times as fast
    inner, outer = _keyed(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(message)
    outer.update(inner.digest())
    number = int.from_bytes(outer.digest(), "big") % _powers(length)
    return "".join([_PAIRS[number // power % len(_PAIRS)] for power in _steps(length)])


@lru_cache(maxsize=16)  # a process works for one site
def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes of HMAC-SHA-256 (RFC 2104) with the key taken in already: copied, they take half the time of
    copying `hmac.HMAC`.
    """
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


_BLOCK = 64  # bytes that SHA-256 takes at once
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


@cache
def _steps(length: int) -> tuple[int, ...]:
    """What a number is divided by for each pair of its characters: all our lengths are even."""
    return tuple(len(_PAIRS) ** place for place in range(length // 2))


@cache
def _powers(length: int) -> int:
    return int(len(ALPHABET) ** length)


# --------------------------------------------------------------------------- the tree of places


@dataclass(frozen=True, slots=True)
class DivisionNode:
    """A division in the tree: `kind` is province, city, county or function_zone."""

    code: str
    kind: str
    parent: str = ""

    @property
    def level(self) -> Level:
        return _KIND_LEVELS[self.kind]


@dataclass(frozen=True, slots=True)
class Tree:
    """The divisions, and the division of each unit: `units` maps a school's (or organ's) code to it."""

    places: Mapping[str, DivisionNode]
    units: Mapping[str, str]
    organs: frozenset[str] = frozenset()  # codes in `units` that are organs: they read as their division does

    def chain(self, code: str) -> tuple[str, ...]:
        """Return `code` and everything above it, narrowest first: school, county, city, province."""
        found = []
        while code and code not in found:
            found.append(code)
            place = self.places.get(code)
            code = place.parent if place else self.units.get(code, "")
        return tuple(found)

    def below(self, code: str) -> frozenset[str]:
        """Return the codes of the division itself and of all divisions under it."""
        return frozenset(place for place in self.places if code in self.chain(place))


def opener(level: Level, division: str, parent: str) -> str:
    """Return the division whose CDC opens an account for a unit of this level in `division` (notice, three): for a
    school its county's, for a county organ the city's, for a city organ the province's. The notice says nothing of the
    province's own: its CDC.
    """
    return division if level in {Level.SCHOOL, Level.PROVINCE} else parent


# --------------------------------------------------------------------------- scope


@dataclass(frozen=True, slots=True)
class Scope:
    """What one reader may see.

    Names are only in a school's own papers. A county sees classes, pupil codes and counts. City and province see
    schools and counts: no class, no code, and a count of pupils that is above zero and below `small` as "<3". Here are
    those within one school (or one of its classes, alerts, closures); those that add up, and what else must be left out
    so that none can be computed, are in `figures.suppression`. Not masked: zero; counts of schools, classes, files.
    """

    level: Level
    code: str  # of the division, or of the school
    divisions: frozenset[str] = frozenset()  # itself and below; empty for a school
    small: int = 3

    @property
    def names(self) -> bool:
        """May it see pupils' names?"""
        return self.level is Level.SCHOOL

    @property
    def classes(self) -> bool:
        """May it see which class?"""
        return self.level in {Level.SCHOOL, Level.COUNTY}

    @property
    def codes(self) -> bool:
        """May it see pupil codes?"""
        return self.classes

    @property
    def masks(self) -> bool:
        """Does it see small counts of one school only as "<3"?"""
        return not self.classes

    def covers(self, school: str, division: str) -> bool:
        """May it see anything of this school, which is in `division` (its county or zone)?"""
        if self.level is Level.SCHOOL:
            return school == self.code
        return division in self.divisions

    def count(self, pupils: int, least: int = 1) -> str:
        """Return a number of pupils within one school, as this reader may read it.

        `least`: what is said of it beside. Of a rule for two, "<3" would mean two: it is masked up to three, as "<4".
        """
        bound = self.small if least <= 1 or least >= self.small else max(self.small, least + 2)
        return f"<{bound}" if self.masks and 0 < pupils < bound else str(pupils)

    def rate(self, pupils: int, base: int | None, digits: int = 2) -> str:
        """Return pupils ÷ base of one school in percent; "—" if the count itself is masked (the rate would reveal it)
        or nothing was due.
        """
        if not base or self._masked(pupils):
            return "—"
        return f"{100 * pupils / base:.{digits}f}%"

    def pupil(self, code: str, name: str = "") -> str:
        """Return how a pupil is named: name and short code, short code, or "" (no single pupil)."""
        if self.names and name:
            return f"{name}（{short_code(code)}）"
        return short_code(code) if self.codes else ""

    def class_name(self, name: str) -> str:
        """Return the class, or "" for a reader who may not see it."""
        return name if self.classes else ""

    def _masked(self, pupils: int) -> bool:
        return self.masks and 0 < pupils < self.small


def scope(code: str, tree: Tree, small: int = 3) -> Scope:
    """Return the scope of a reader by code: a school, an organ (reads as its division), or a division.

    Raises KeyError for a code the registry does not know: an unknown reader sees nothing.
    """
    if code in tree.units and code not in tree.organs:
        return Scope(Level.SCHOOL, code, frozenset(), small)
    division = tree.units[code] if code in tree.organs else code
    return Scope(tree.places[division].level, division, tree.below(division), small)


def level(code: str, tree: Tree) -> Level:
    """Return the level at which a reader code reads. Raises KeyError if unknown."""
    return scope(code, tree).level
