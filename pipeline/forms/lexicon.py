"""The words that `said` reads a text by: those of the vocabularies, of everyday.toml, and of a site.

Built when the first text needs it that is no word of a dropdown: nearly every cell is one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pipeline import resources
from pipeline.forms.text_normalise import fold
from pipeline.forms.words import DISEASE, SYMPTOM


class Kind(StrEnum):
    """What a word does in a text; all but the first three are lists of everyday.toml, which explains them."""

    MEANS = "means"  # a symptom, a disease
    VAGUE = "vague"
    UNKNOWN = "unknown"  # says that it is not known
    INJURED = "injured"
    OTHER = "other"
    ILL = "ill"
    LEAVE = "leave"
    NOT_ALL = "not_all"
    NOT_NEXT = "not_next"
    FEARED = "feared"
    NOT_LAST = "not_last"
    DENIED = "denied"
    SOME = "some"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CLINICAL = "clinical"
    NAMELESS = "nameless"
    VACCINE = "vaccine"
    RECOVERED = "recovered"
    PEOPLE = "people"
    CONTACT = "contact"
    AROUND = "around"


@dataclass(frozen=True, slots=True)
class Word:
    """One known word. `codes`: of its symptoms and diseases."""

    kind: Kind
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All known words, folded; `longest`: characters of the longest."""

    words: Mapping[str, Word]
    longest: int
    parts: Mapping[str, Mapping[str, Word]]  # a part of the body → what is wrong with it → a symptom
    pairs: frozenset[str]  # the first two signs of every word for a symptom or disease


FEVER, NORMAL, NUMBER = "\ue000", "\ue001", "\ue002"
"""What `said` writes for a temperature of fever, any other temperature, and counts, durations, dates."""
_UNKNOWN = frozenset(("S00", "D33"))
_INJURED = frozenset(("S15", "D32"))
_ASKED = frozenset((Kind.VAGUE, Kind.NAMELESS, Kind.CONFIRMED, Kind.CONTACT))
_SLIPS_FROM = 2  # signs: in a shorter word a slip of the pen makes any other word


MOST, LONGEST = 2000, 20
"""Words of a site, and characters of one, at most."""
_own: dict[str, str] = {}
_SPACED = re.compile(r"[\s0-9、，,;；。.!！?？|/\\+&()（）\[\]:：]")


def learn(words: Mapping[str, str]) -> None:
    """Know a site's own words from now on, and no others: codes by word, as `problems` finds nothing wrong with them.

    Of the process, not of a call: they are read with every cell, and a process reads for one site.
    """
    _own.clear()
    _own.update(words)
    lexicon.cache_clear()


def learned() -> Mapping[str, str]:
    """Return the site's own words, to be given to a process that reads for it."""
    return dict(_own)


def problems(words: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a site's words, each with its word; they may only say what is not known already."""
    known = SYMPTOM.labels.keys() | DISEASE.labels.keys()
    found = [f"{len(words)} words, more than {MOST}"] if len(words) > MOST else []
    ours = _build({}).words
    for word, codes in words.items():
        flat = fold(word)
        if not flat or len(flat) > LONGEST or _SPACED.search(word):
            found.append(f"{word!r}: a word has 1 to {LONGEST} characters, without digits, blanks or punctuation")
        elif flat in ours and " ".join(ours[flat].codes) != codes:
            found.append(f"{word}: it is known already, and cannot mean something else on one site; leave it out")
        if not isinstance(codes, str) or not set(codes.split()) <= known:
            found.append(f'{word}: write its codes, such as "S07" or "S10 D12"; "" for a word that names no illness')
    return found


@cache
def lexicon() -> Lexicon:
    """Return the words known to this process."""
    return _build(_own)


def _build(own: Mapping[str, str]) -> Lexicon:
    raw = tomllib.loads(resources.path("forms/everyday.toml").read_text(encoding="utf-8"))
    words: dict[str, Word] = {}
    for listed in (SYMPTOM, DISEASE):
        for word, code in (*((label, code) for code, label in listed.labels.items()), *listed.words.items()):
            words.setdefault(fold(word), _meaning((code,)))
    for codes, line in (*raw["symptoms"].items(), *raw["diseases"].items()):
        words.update({fold(word): _meaning(tuple(codes.split())) for word in line.split()})
    slips = {word: meaning for word, meaning in _slips(words, raw["signs"]["slips"]) if word not in words}
    for codes, line in raw["vague"].items():
        words.update({fold(word): Word(Kind.VAGUE, tuple(codes.split())) for word in line.split()})
    parts = _parts(raw["parts"])
    around = dict(raw["around"])
    spoken = around.pop("spoken").split()
    for kind, line in around.items():
        words.update({fold(word): Word(Kind(kind)) for word in line.split()})
    heard = [who + how for who in around["people"].split() for how in spoken]
    for word, meaning in (*slips.items(), *((word, Word(Kind.AROUND)) for word in heard)):
        words.setdefault(word, meaning)
    for word in {*parts, *(wrong for listed in parts.values() for wrong in listed)}:
        words.setdefault(word, Word(Kind.AROUND))
    for word, codes in own.items():
        words[fold(word)] = _meaning(tuple(codes.split())) if codes else Word(Kind.AROUND)
    words["其他"] = words["其它"] = Word(Kind.OTHER, ("S99",))
    words |= {FEVER: Word(Kind.MEANS, ("S01",)), NORMAL: Word(Kind.DENIED), NUMBER: Word(Kind.AROUND)}
    words["?"] = Word(Kind.SUSPECTED)
    pairs = frozenset(word[:2] for word, known in words.items() if known.codes or known.kind in _ASKED)
    return Lexicon(words, max(map(len, words)), parts, pairs)


def _parts(listed: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, Word]]:
    found: dict[str, dict[str, Word]] = {}
    for code, (places, wrong) in listed.items():
        for place in places.split():
            found.setdefault(place, {}).update({word: _meaning((code,)) for word in wrong.replace("#", NUMBER).split()})
    return found


def _meaning(codes: tuple[str, ...]) -> Word:
    if set(codes) <= _UNKNOWN:
        return Word(Kind.UNKNOWN)
    return Word(Kind.INJURED) if set(codes) <= _INJURED else Word(Kind.MEANS, codes)


def _slips(words: Mapping[str, Word], listed: str) -> Iterator[tuple[str, Word]]:
    """Yield each word with one sign written wrongly."""
    wrong = {entry[0]: entry[1:] for entry in listed.split()}
    for word, meaning in list(words.items()):
        if len(word) < _SLIPS_FROM:
            continue
        for at, sign in enumerate(word):
            for slip in wrong.get(sign, ""):
                yield word[:at] + slip + word[at + 1 :], meaning
