"""Symptoms, diagnoses and reasons as people write them: each column takes its own of what a cell says, the rest goes to
the columns it belongs to. A word that is not understood is asked about, never guessed and never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from pipeline.forms import lexicon as lexicon_words
from pipeline.forms.base import Bad, Fixed, Frame, Mixed
from pipeline.forms.cells import choice, spellings
from pipeline.forms.cells import text as plain_text
from pipeline.forms.meanings import meanings
from pipeline.forms.plain_words import heat
from pipeline.forms.pupil_names import simplified
from pipeline.forms.said import GRAVE, Said, rank, said
from pipeline.forms.text_normalise import DITTO, blank, fold, mask, sweep
from pipeline.forms.words import CLOSURE_REASON, DISEASE, REASON, SYMPTOM
from pipeline.model import Reason

_ILL, _INJURED, _OTHER = (one.value for one in (Reason.ILL, Reason.INJURED, Reason.OTHER))  # as plain texts
_KEPT = 200  # characters of a cell's own words
_QUOTED = 30
BETWEEN = "、"
"""Between the words that a question is about."""

SEVERAL = "diagnosis-several"
_UNNAMED = frozenset(("D33", "D99"))  # a diagnosis that names no disease
# what is not understood in a place for free text is asked about if it looks like a disease
_DISEASED = re.compile(r"[病炎毒菌疫染症痘疹热疟瘟痨癣疮瘤阳麻肿烧]|[a-z]{2,}")


class CellQuestion(NamedTuple):
    """What is asked about a cell, or said of it: a code of `issues.CATALOGUE`."""

    issue: str = ""
    details: tuple[tuple[str, str], ...] = ()


_NOTHING = CellQuestion()


def _worded(cell: object) -> TypeGuard[str]:
    """Whether a cell holds words: a temperature, a date or 同上 in this column does not."""
    return isinstance(cell, str) and any(char.isalpha() for char in cell) and cell.strip() not in DITTO


def learn(words: Mapping[str, str]) -> None:
    """Read cells with a site's own words from now on (`lexicon.learn`)."""
    if words == lexicon_words.learned():
        return
    lexicon_words.learn(words)
    for remembered in (said, _symptoms, _diagnosis, _reason_said, _own_words, meanings):
        remembered.cache_clear()


# --------------------------------------------------------------------------- symptoms

_SYMPTOM_EXACT = {label: code for code, label in SYMPTOM.labels.items()}
_SYMPTOM = spellings(SYMPTOM)


def symptoms(cell: object, _: Frame) -> object:
    """One or several symptoms → codes separated by blanks. A disease goes to 诊断; what is none of ours is S99, and its
    words are spilled.
    """
    if type(cell) is str:
        hit = _SYMPTOM_EXACT.get(cell)
        if hit is not None:
            return hit
    if blank(cell):
        return None
    if isinstance(cell, str) and _heated(cell):
        return Fixed(Mixed("S01", "", _heat_of(said(cell), cell)))
    return _symptoms(sweep(cell)) if _worded(cell) else Bad("symptom-unreadable")


def _heated(cell: str) -> bool:
    """Whether a cell is a temperature of fever with its unit: 39.5℃ says 发热, 39.5 is in the wrong column."""
    return "℃" in cell and said(cell).symptoms == ("S01",)


@lru_cache(maxsize=4096)
def _symptoms(words: str) -> object:
    hit = _SYMPTOM.get(fold(words))
    if hit is not None:
        return Fixed(hit)
    heard = said(words)
    codes = [*heard.symptoms, *(["S15"] if heard.injured else [])]
    named = bool(codes or heard.diseases)
    strange = heard.unread or heard.unsure or (heard.which and not heard.diseases)
    elsewhere = not named and (heard.other or heard.ill or heard.leave or heard.denied or heard.family)
    if (strange or elsewhere) and "S99" not in codes:
        codes.append("S99")
    if not codes and not heard.diseases:
        codes = ["S00" if heard.unknown else "S99"]
    own = "S99" in codes or heard.denied
    misplaced = (words,) if elsewhere and not heard.denied and not heard.unread else ()  # 回老家 is no symptom
    asked = _asked(heard, unread=heard.unread or misplaced)
    if asked == _NOTHING and "S99" in codes:
        asked = CellQuestion("symptom-in-own-words")
    rest = mask(words)[:_KEPT] if own else ""
    return Fixed(Mixed(" ".join(codes) or None, rest, (*_disease_of(heard, words), *_heat_of(heard, words))), *asked)


# --------------------------------------------------------------------------- diagnosis

_DISEASE_EXACT = {label: code for code, label in DISEASE.labels.items()}
_DISEASE = spellings(DISEASE)


def diagnosis(cell: object, _: Frame) -> object:
    """A disease → its code, its degree → 病例分类; symptoms go to theirs. Text without a match is D99 and spilled."""
    if type(cell) is str:
        hit = _DISEASE_EXACT.get(cell)
        if hit is not None:
            return hit
    if blank(cell):
        return None
    return _diagnosis(sweep(cell)) if _worded(cell) else Bad("diagnosis-unreadable")


@lru_cache(maxsize=4096)
def _diagnosis(words: str) -> object:
    heard = said(words)
    hit = _DISEASE.get(fold(words))
    if hit is not None and not heard.symptoms:
        return Fixed(hit)
    code = hit or _gravest(heard)
    if code is None and (heard.unread or (heard.which and not heard.symptoms) or "S99" in heard.symptoms):
        code = "D99"
    if code is None and heard.unknown:
        code = "D33"
    own = code in {None, "D99"} or _more(heard, words)
    asked = _asked(heard, unread=heard.unread)
    if asked == _NOTHING and code == "D99":
        asked = CellQuestion("diagnosis-in-own-words")
    also = _degree_of(heard)
    if shown := [one for one in heard.symptoms if one != "S99"]:
        also = (("symptom1", " ".join(shown)), *also, *_heat_of(heard, words))
        own = own and code is not None
    return Fixed(Mixed(code, mask(words)[:_KEPT] if own else "", also), *asked)


def _more(heard: Said, words: str) -> bool:
    """Whether a cell says more than its one code and degree can hold."""
    return bool(heard.unread or heard.unsure or heard.which or heard.denied or len(heard.diseases) > 1 or "@" in words)


def _gravest(heard: Said) -> str | None:
    if heard.diseases:
        return heard.diseases[0].code
    return "D32" if heard.injured else None


def _degree_of(heard: Said) -> tuple[tuple[str, str], ...]:
    degree = heard.diseases[0].degree if heard.diseases else ""
    return (("degree", degree),) if degree else ()


def _disease_of(heard: Said, words: str) -> tuple[tuple[str, str], ...]:
    """A disease named in another column than its own."""
    if not heard.diseases:
        return ()
    found = heard.diseases[0]
    note = (("note", mask(words)[:_KEPT]),) if found.code in _UNNAMED or len(heard.diseases) > 1 else ()
    return (("diagnosis", found.code), *_degree_of(heard), *note)


def _heat_of(heard: Said, words: str) -> tuple[tuple[str, str], ...]:
    """The temperature of a pupil's fever, told with the symptom: it fills in 体温 where that is blank."""
    told = heat(words) if "S01" in heard.symptoms else None
    return () if told is None else (("temperature", str(told)),)


def joined(kept: str, found: str) -> tuple[str, str]:
    """Of the diagnosis a cell has and one that another cell names: the one that spreads, the graver one; asked if both
    name a disease.
    """
    if kept == found or rank(found) == len(GRAVE):
        return kept, ""
    if kept in _UNNAMED:
        return found, ""
    return min(kept, found, key=rank), SEVERAL


def first(kept: str, _: str) -> tuple[str, str]:
    """What its own cell says goes before what another says."""
    return kept, ""


# --------------------------------------------------------------------------- reason

_reason = choice(REASON, "reason-unknown")


def reason(cell: object, frame: Frame) -> object:
    """因病, 因伤, 其他. A symptom or a disease written here means 因病, and goes to its own column."""
    got = _reason(cell, frame)
    if not isinstance(got, Bad) or not _worded(cell):
        return got
    return _reason_said(sweep(cell)) or got


@lru_cache(maxsize=4096)
def _reason_said(words: str) -> Fixed | None:
    heard = said(words)
    shown = tuple(code for code in heard.symptoms if code != "S99")
    sick = bool(heard.symptoms or heard.diseases or heard.which or heard.ill)
    away = heard.other or heard.family or heard.leave or bool(heard.unsure)
    if heard.injured and not heard.diseases:
        value = _INJURED
    elif sick:
        value = _ILL
    elif away or heard.denied:
        value = _OTHER
    else:
        return None
    unread = heard.unread if value != _OTHER else tuple(filter(_DISEASED.search, heard.unread))
    asked = _asked(heard, unread=unread)
    named = bool(shown or heard.diseases or heard.which)
    if asked == _NOTHING and (named or value == _INJURED):
        asked = CellQuestion("reason-from-symptom")
    also = (*_disease_of(heard, words), *_heat_of(heard, words))
    if shown:
        also = (("symptom1", " ".join(shown)), *also)
    if asked.issue not in {"", "reason-from-symptom"} or "S99" in heard.symptoms:
        also = (*(pair for pair in also if pair[0] != "note"), ("note", mask(words)[:_KEPT]))
    return Fixed(Mixed(value, "", also) if also else value, *asked)


# --------------------------------------------------------------------------- words of one's own

_own = plain_text(_KEPT)


def other_symptom(cell: object, frame: Frame) -> object:
    """A clerk's own words, kept as they are; symptoms and diseases they name count like those of the list."""
    got = _own(cell, frame)
    words = got.value if isinstance(got, Fixed) else got
    if not isinstance(words, str):
        return got
    also, asked = _own_words(words)
    if isinstance(got, Fixed):
        return Fixed(Mixed(words, "", also), *(asked if asked.issue else CellQuestion(got.issue)))
    return Fixed(Mixed(words, "", also), *asked) if also or asked.issue else got


@lru_cache(maxsize=4096)
def _own_words(words: str) -> tuple[tuple[tuple[str, str], ...], CellQuestion]:
    heard = said(words)
    shown = [code for code in heard.symptoms if code != "S99"]
    also = (("symptom1", " ".join(shown)),) if shown else ()
    asked = _asked(heard, unread=tuple(filter(_DISEASED.search, heard.unread)))
    return (*also, *_disease_of(heard, words), *_heat_of(heard, words)), asked


def spreads(code: str) -> bool:
    """Whether a diagnosis is a disease that spreads."""
    return rank(code) < len(GRAVE)


def all_read(words: str) -> bool:
    """Whether a text names symptoms of the list and nothing else."""
    heard = said(words)
    return bool(heard.symptoms) and "S99" not in heard.symptoms and not (heard.unread or heard.unsure or heard.which)


def named_in_note(words: str) -> Said | None:
    """What a remark says; None, at once, for nearly all remarks: those without a word of a disease or symptom."""
    flat = simplified(words.casefold())
    return None if lexicon_words.lexicon().pairs.isdisjoint(map(str.__add__, flat, flat[1:])) else said(words[:_KEPT])


# --------------------------------------------------------------------------- what is asked


def _asked(heard: Said, *, unread: tuple[str, ...]) -> CellQuestion:
    """The question about a cell, the gravest one, with the words it is about."""
    if len(heard.spreading) > 1:
        return CellQuestion(SEVERAL)
    if heard.unsure:
        return CellQuestion("disease-whose", (("words", _quoted(heard.unsure)),))
    if heard.which:
        return CellQuestion("disease-which", (("words", _quoted(heard.which)),))
    if unread:
        return CellQuestion("words-unread", (("words", _quoted(unread)),))
    return _NOTHING


def _quoted(words: tuple[str, ...]) -> str:
    return mask(BETWEEN.join(words))[:_QUOTED]


# --------------------------------------------------------------------------- why a class is closed

_closure_reason = choice(CLOSURE_REASON, "closure-reason-unknown")
_OUTBREAK = re.compile(r"(?:聚集性?|暴发|爆发|流行|多发|疫情|病例|感染者|患病)+$")
_SYNDROMES = ((frozenset(("S06", "S07", "S08")), "GI"), (frozenset(("S01", "S02", "S03", "S04")), "FEV"))


def closure_reason(cell: object, frame: Frame) -> object:
    """Why a class is closed, in the words of the list or in those that people have for a pupil's illness."""
    got = _closure_reason(cell, frame)
    if not isinstance(got, Bad) or not _worded(cell):
        return got
    code = _closing(_OUTBREAK.sub("", sweep(cell)))
    return Fixed(code) if code else got


def _closing(words: str) -> str:
    """The code of the one illness that is named, or of the signs if it is none; "" if it is two, or not understood."""
    heard = said(words)
    if heard.denied or heard.unread or heard.unsure or heard.which or len(heard.diseases) > 1:
        return ""
    named = heard.diseases[0].code if heard.diseases else "D33"
    if named != "D33" or not heard.symptoms:
        return named if heard.diseases and named in CLOSURE_REASON.labels else ""
    shown = set(heard.symptoms)
    if shown == {"S09"}:
        return "RASH"
    main = {"GI": {"S06", "S07"}, "FEV": {"S01"}}
    return next((code for signs, code in _SYNDROMES if shown <= signs and shown & main[code]), "")
