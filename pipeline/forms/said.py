"""What a text says of a pupil: symptoms, diseases, how sure they are, and what of it was not understood.

Pure. A text is cut into clauses (，；。) and these into pieces (、/ blanks, brackets); a piece is covered by the fewest
known words that leave the fewest signs over. What is left over is never guessed: it is `unread`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.forms import plain_words
from pipeline.forms.lexicon import FEVER, NORMAL, NUMBER, Kind, Word, lexicon
from pipeline.model import Degree

_SUSPECTED, _CONFIRMED = Degree.SUSPECTED.value, Degree.CONFIRMED.value

# by the classes of the statute, then by what outbreaks are made of; the first of several is the diagnosis
GRAVE = (
    "D35", "D36", "D37", "D38", "D39", "D40",
    "D20", "D06", "D18", "D17", "D14", "D15", "D16", "D19", "D22", "D23", "D09", "D21",
    "D02", "D10", "D13", "D08", "D07", "D12", "D34", "D05", "D04", "D11", "D24",
)  # fmt: skip
"""Diseases that spread, gravest first; the others follow as they were written."""
_GENERAL = {"D34": frozenset(("D13", "D14")), "D24": frozenset(GRAVE) - {"D24"}}
"""Beside one of these, the general name says nothing more: 感染性腹泻（诺如病毒）."""
_PATHOGENS = re.compile(r"腺病毒|合胞|呼合|rsv|偏肺|副流感|鼻病毒|博卡|eb病毒|传单|单核|轮状|札如|沙门")
"""Names of the same code that say more than it: 支原体合并腺病毒 are two."""
_RANK = {code: place for place, code in enumerate(GRAVE)}


@dataclass(frozen=True, slots=True)
class Named:
    """A disease the text says its pupil has. `degree`: suspected, clinical, confirmed; "" if it says nothing."""

    code: str
    degree: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What one text says. The last three are words of the text that ask for an answer."""

    symptoms: tuple[str, ...] = ()
    diseases: tuple[Named, ...] = ()  # gravest first
    injured: bool = False
    ill: bool = False  # only that
    other: bool = False  # a reason that is no illness
    leave: bool = False  # 请假, 去上海: a reason if there is no other
    family: bool = False  # somebody else is ill
    unknown: bool = False
    denied: bool = False
    unread: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()  # a disease, but perhaps not the pupil's, or not any more
    which: tuple[str, ...] = ()  # a disease, but perhaps another

    @property
    def spreading(self) -> tuple[Named, ...]:
        return tuple(one for one in self.diseases if one.code in _RANK)


_ABBREVIATION = 4  # letters, at most


def rank(code: str) -> int:
    """The place of a disease among those that spread; of all others, a greater number."""
    return _RANK.get(code, len(_RANK))


_CLAUSES = re.compile(r"[,;。.!|\n]+")
_PIECES = re.compile(r"([、/\\+&\s()\[\]【】<>《》{}\"'“”‘’:_~…=—–-]+)")
_ALONE = {"热": FEVER}
"""A word that says something only where it stands alone: 热、咳, but 天热."""
_LOOSE, _DIARRHOEA = "拉", "拉肚子"
_HOW_LOOSE = "得个不到好几多" + NUMBER  # begins what tells how often, or how badly
_UNWRITTEN = dict.fromkeys(map(ord, (FEVER, NORMAL, NUMBER)))


@dataclass(slots=True)
class _Finding:
    """Something the text says of its pupil, so far."""

    word: str
    codes: tuple[str, ...]
    degree: str = ""
    vague: bool = False

    @property
    def disease(self) -> bool:
        return any(code[0] == "D" for code in self.codes)


@dataclass(slots=True)
class _Hearing:
    """What was heard so far of one text."""

    items: list[_Finding] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    kinds: set[Kind] = field(default_factory=set)
    denied: bool = False
    family: bool = False
    degree: str = ""  # for the next disease


@lru_cache(maxsize=4096)
def said(text: str) -> Said:
    """Return what a text says; of the same text always the same."""
    whole = "".join(text.split())
    known = lexicon().words
    plain = plain_words.plain(whole if whole.casefold() in known else text)
    heard = _Hearing()
    for clause in _CLAUSES.split(plain):
        if clause:
            _hear(clause, heard)
    return _understood(heard, plain)


def _hear(clause: str, heard: _Hearing) -> None:
    """One clause: a denial, a person, a vaccine counts to its end."""
    first, parts = len(heard.items), _PIECES.split(clause)
    state = _Clause(heard)
    for at in range(0, len(parts), 2):
        if parts[at]:
            state.piece(_loose(tuple(_words(_ALONE.get(parts[at], parts[at])))))
    mine = heard.items[first:]
    if state.kinds & {Kind.PEOPLE, Kind.CONTACT}:
        heard.family = True
        mine_ill = Kind.ILL in state.kinds
        heard.unsure += [one.word for one in mine if one.disease]
        heard.unsure += [word for word in state.nameless if not mine_ill]
        if Kind.CONTACT in state.kinds and not mine:
            heard.unsure += [state.contact]
        heard.items[first:] = []
        state.kinds.discard(Kind.ILL)
    elif Kind.VACCINE in state.kinds:
        heard.items[first:] = [one for one in mine if not one.disease]
    elif Kind.RECOVERED in state.kinds:
        heard.unsure += [one.word for one in mine if one.disease]
        heard.items[first:] = [one for one in mine if not one.disease]
    else:
        heard.nameless += state.nameless
    heard.kinds |= state.kinds


_SAYING = frozenset((Kind.MEANS, Kind.VAGUE, Kind.NAMELESS, Kind.INJURED))
_DENIABLE = _SAYING | {Kind.UNKNOWN, Kind.OTHER, Kind.ILL}


@dataclass(frozen=True, slots=True)
class _Since:
    """Where a piece began. `alone`: it says nothing but 阴性; `behind`: the denial ends a piece that says something."""

    items: int
    nameless: int
    alone: bool
    behind: bool


class _Clause:
    """The state of one clause while its pieces are heard."""

    def __init__(self, heard: _Hearing) -> None:
        self.heard = heard
        self.first = len(heard.items)
        self.denying: Kind | None = None
        self.suspected = False
        self.kinds: set[Kind] = set()
        self.nameless: list[str] = []
        self.contact = ""

    def piece(self, words: tuple[tuple[str, Word | None], ...]) -> None:
        first, nameless = len(self.heard.items), len(self.nameless)
        alone = not any(known and known.kind in _SAYING for _, known in words)
        parts, part = lexicon().parts, ""
        for at, (word, listed) in enumerate(words):
            known = parts.get(part, {}).get(word, listed)  # 头 … 痛, with nothing that means something between
            part = word if word in parts else part if known and known.kind in {Kind.AROUND, Kind.SOME} else ""
            if known is None:
                if self.denying in {None, Kind.FEARED}:
                    self.heard.unread.append(word)
                continue
            self.kinds.add(known.kind)
            if word == "病" and at and words[at - 1][1] is None and self.heard.unread:
                self.heard.unread[-1] += word  # 怪病 is one word
            more = any(map(_names, words[at + 1 :]))
            if known.kind in _DENIABLE:
                self._found(word, known)
            elif known.kind is Kind.SUSPECTED:
                self._suspect(first, more=more, mark=word == "?")
            elif known.kind in {Kind.CONFIRMED, Kind.CLINICAL}:
                self._degree(known.kind.value, word, first, more=more)
            else:
                behind = at == len(words) - 1 and len(self.heard.items) > first
                self._deny(word, known.kind, _Since(first, nameless, alone=alone, behind=behind))

    def _deny(self, word: str, kind: Kind, since: _Since) -> None:
        if kind is Kind.NOT_LAST or (kind is Kind.NOT_ALL and since.behind):
            self._take_back(since)
        elif kind in {Kind.NOT_ALL, Kind.NOT_NEXT, Kind.FEARED}:
            self.denying, self.heard.denied = kind, True
        elif kind is Kind.SOME:
            self.denying = None
        elif kind is Kind.DENIED:
            self.heard.denied = True
        elif kind is Kind.CONTACT:
            self.contact = word

    def _found(self, word: str, known: Word) -> None:
        if self.denying is Kind.FEARED:
            self.denying = Kind.NOT_NEXT if _may_be_feared(known) else None
        if self.denying is not None:
            self.kinds.discard(known.kind)
            if self.denying is Kind.NOT_NEXT:
                self.denying = None
        elif known.kind is Kind.NAMELESS:
            self.nameless.append(word)
        elif known.kind in {Kind.MEANS, Kind.VAGUE}:
            degree = _SUSPECTED if self.suspected else self.heard.degree
            item = _Finding(word, known.codes, degree, vague=known.kind is Kind.VAGUE)
            self.heard.degree = "" if item.disease else self.heard.degree
            self.heard.items.append(item)

    def _suspect(self, first: int, *, more: bool, mark: bool) -> None:
        """疑似 goes before or behind; ？ behind, unless there is nothing."""
        before = [one for one in self.heard.items[first:] if one.disease]
        if before and (mark or not more):
            for one in before:
                one.degree = _SUSPECTED
        elif not before and not more and (last := self._last_disease()):
            last.degree = _SUSPECTED
        else:
            self.suspected = True

    def _degree(self, degree: str, word: str, first: int, *, more: bool) -> None:
        before = [one for one in self.heard.items[first:] if one.disease]
        last = self._last_disease()
        if before and not more:
            for one in before:
                one.degree = one.degree or degree
        elif more or last is None or (degree == _CONFIRMED and rank(last.codes[-1]) == len(GRAVE)):
            self.heard.degree = degree
            if not more and degree == _CONFIRMED:
                self.nameless.append(word)
        else:
            last.degree = last.degree or degree

    def _take_back(self, since: _Since) -> None:
        self.heard.denied = True
        if self.heard.items[since.items :]:
            self._doubt(since.items, self.heard.items.pop())
        elif since.alone and (last := self._last_disease()):
            self.heard.items.remove(last)
        del self.nameless[since.nameless :]

    def _doubt(self, first: int, last: _Finding) -> None:
        """甲流、乙流阴性 denies both; of 水痘、甲流阴性 only its writer knows."""
        if not last.disease:
            return
        for one in self.heard.items[self.first : first]:
            if one.disease and rank(one.codes[-1]) < len(GRAVE):
                self.heard.items.remove(one)
                if one.codes != last.codes:
                    self.heard.unsure.append(one.word)

    def _last_disease(self) -> _Finding | None:
        return next((one for one in reversed(self.heard.items) if one.disease), None)


def _names(word: tuple[str, Word | None]) -> bool:
    return word[1] is not None and any(code[0] == "D" for code in word[1].codes)


def _words(piece: str) -> Iterator[tuple[str, Word | None]]:
    """Cover a piece by known words: the fewest signs left over, then the fewest words."""
    lexis = lexicon()
    size, words, longest = len(piece), lexis.words, lexis.longest
    cost = [0] * (size + 1)
    step = [1] * (size + 1)
    for at in range(size - 1, -1, -1):
        cost[at], step[at] = cost[at + 1] + 100, 1
        for length in range(1, min(longest, size - at) + 1):
            end = at + length
            if piece[at:end] in words and cost[end] + 1 < cost[at] and not _inside_another(piece, at, end):
                cost[at], step[at] = cost[at + length] + 1, length
    at, left = 0, ""
    while at < size:
        word = piece[at : at + step[at]]
        known = words.get(word)
        if known is None:
            left += word
        else:
            if left:
                yield left, None
                left = ""
            yield word, known
        at += step[at]
    if left:
        yield left, None


def _may_be_feared(known: Word) -> bool:
    """Whether it is an illness, not how a pupil feels: 怕水痘, but 怕风头痛."""
    return known.kind in {Kind.NAMELESS, Kind.ILL} or any(code[0] == "D" for code in known.codes)


def _loose(words: tuple[tuple[str, Word | None], ...]) -> tuple[tuple[str, Word | None], ...]:
    """Take 拉 as diarrhoea at the end of a piece, or before how often or how badly, if all of the piece is understood:
    发烧拉, 拉得厉害; not 拉琴, 拉胳膊脱臼.
    """
    if any(known is None for _, known in words):
        return words
    after = [*(word[0] for word, _ in words[1:]), ""]  # "" is in every text
    return tuple(
        (_DIARRHOEA, lexicon().words[_DIARRHOEA]) if word == _LOOSE and sign in _HOW_LOOSE else (word, known)
        for (word, known), sign in zip(words, after, strict=False)
    )


def _inside_another(piece: str, at: int, end: int) -> bool:
    """Whether an abbreviation (mp) is only letters of a longer word (example): of an address, say."""
    if end - at > _ABBREVIATION or not (piece[at:end].isascii() and piece[at:end].isalpha()):
        return False
    beside = piece[max(0, at - 1) : at] + piece[end : end + 1]
    return any(char.isascii() and char.isalpha() for char in beside)


def _understood(heard: _Hearing, plain: str) -> Said:
    symptoms: dict[str, None] = {}
    diseases: dict[str, str] = {}
    for item in heard.items:
        for code in item.codes:
            if code[0] == "S":
                symptoms[code] = None
            else:
                diseases[code] = diseases.get(code) or item.degree
    for general, special in _GENERAL.items():
        words = [item.word for item in heard.items if general in item.codes]
        if any(code in special for code in diseases) and not any(map(_PATHOGENS.search, words)):
            diseases.pop(general, None)
    found = tuple(Named(code, degree) for code, degree in sorted(diseases.items(), key=lambda pair: rank(pair[0])))
    spreads = any(one.code in _RANK for one in found if not _only_vague(one.code, heard))
    which = [] if spreads else [item.word for item in heard.items if item.vague]
    if not spreads:
        which += [word for word in heard.nameless if word]
    return Said(
        tuple(symptoms),
        found,
        injured=Kind.INJURED in heard.kinds,
        ill=Kind.ILL in heard.kinds,
        other=bool(heard.kinds & {Kind.OTHER, Kind.VACCINE}),
        leave=Kind.LEAVE in heard.kinds,
        family=heard.family,
        unknown=Kind.UNKNOWN in heard.kinds,
        denied=heard.denied or Kind.VACCINE in heard.kinds,
        unread=_together(heard.unread, plain),
        unsure=_together(heard.unsure, plain),
        which=_together(which, plain),
    )


def _together(words: list[str], plain: str) -> tuple[str, ...]:
    """Words that are beside each other, or have but one sign between them, as they stand in the text."""
    found: list[str] = []
    for word in dict.fromkeys(words):
        beside = found and re.search(f"{re.escape(found[-1])}.?{re.escape(word)}", plain)
        if beside:
            found[-1] = beside[0]
        else:
            found.append(word)
    return tuple(word.translate(_UNWRITTEN) for word in found)


def _only_vague(code: str, heard: _Hearing) -> bool:
    return all(item.vague for item in heard.items if code in item.codes)
