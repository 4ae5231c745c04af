"""Symptoms, diagnoses and reasons as people write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeGuard

from pipeline.forms.base import Bad, Fixed, Frame, Mixed
from pipeline.forms.cells import choice, pieces, spellings
from pipeline.forms.text_normalise import DITTO, blank, fold, mask, sweep
from pipeline.forms.words import DISEASE, REASON, SYMPTOM
from pipeline.model import Reason

_ILL, _INJURED = Reason.ILL.value, Reason.INJURED.value  # a vocabulary's codes, which are plain texts

_SYMPTOM_EXACT = {label: code for code, label in SYMPTOM.labels.items()}
_SYMPTOM = spellings(SYMPTOM)
_LONGEST_WORD = max(map(len, _SYMPTOM))
_FEVER = re.compile(r"(发热|发烧|高热|高烧|低热|低烧)[约到至]?[0-9]{2}(\.[0-9]{1,2})?(℃|°c|度)?")


def symptoms(cell: object, _: Frame) -> object:
    """One or several symptoms → codes separated by blanks. Text without a match is S99 and is spilled."""
    if type(cell) is str:
        hit = _SYMPTOM_EXACT.get(cell)
        if hit is not None:
            return hit
    if blank(cell):
        return None
    return _symptoms(sweep(cell)) if _worded(cell) else Bad("symptom-unreadable")


@lru_cache(maxsize=4096)
def _symptoms(words: str) -> object:
    hit = _SYMPTOM.get(fold(words))
    if hit is not None:
        return Fixed(hit)
    codes: list[str] = []
    left: list[str] = []
    for piece in pieces(words):
        found = _tile(fold(piece))
        codes += found or (("S01",) if _FEVER.fullmatch(fold(piece)) else ("S99",))
        if not found:
            left.append(piece)
    unique = " ".join(dict.fromkeys(codes))
    if left:
        rest = mask(words)[:200]
        unknown = "S99" in codes
        return Fixed(Mixed(unique or "S99", rest), "symptom-in-own-words" if unknown else "")
    return Fixed(unique) if unique else None


@lru_cache(maxsize=4096)
def _tile(word: str) -> tuple[str, ...]:
    """Symptoms written without a separator (发热咳嗽), only if known words cover all of it."""
    if len(word) > 30:
        return ()
    for length in range(min(len(word), _LONGEST_WORD), 0, -1):
        code = _SYMPTOM.get(word[:length])
        if code is None:
            continue
        if length == len(word):
            return (code,)
        if after := _tile(word[length:]):
            return (code, *after)
    return ()


_DISEASE_EXACT = {label: code for code, label in DISEASE.labels.items()}
_DISEASE = spellings(DISEASE)
_UNSURE = re.compile(r"^(疑似|考虑|可能是?|可疑|怀疑|确诊为?|诊断为?|临床诊断)|(待查|\?|可能|待排)$")


def diagnosis(cell: object, _: Frame) -> object:
    """A disease → its code. 疑似… keeps its words in the note; text without a match is D99 and is spilled."""
    if type(cell) is str:
        hit = _DISEASE_EXACT.get(cell)
        if hit is not None:
            return hit
    if blank(cell):
        return None
    return _diagnosis(sweep(cell)) if _worded(cell) else Bad("diagnosis-unreadable")


def _worded(cell: object) -> TypeGuard[str]:
    """Whether a cell holds words: a temperature, a date or 同上 in this column does not."""
    return isinstance(cell, str) and any(char.isalpha() for char in cell) and cell.strip() not in DITTO


@lru_cache(maxsize=4096)
def _diagnosis(words: str) -> object:
    hit = _DISEASE.get(fold(words))
    if hit is not None:
        return Fixed(hit)
    plain = _UNSURE.sub("", _UNSURE.sub("", fold(words)))
    rest = mask(words)[:200]
    if plain in _DISEASE:
        return Fixed(Mixed(_DISEASE[plain], rest))
    codes = [_DISEASE[fold(piece)] for piece in pieces(words) if fold(piece) in _DISEASE]
    if codes:
        return Fixed(Mixed(codes[0], rest), "diagnosis-several")
    return Fixed(Mixed("D99", rest), "diagnosis-in-own-words")


_reason = choice(REASON, "reason-unknown")


def reason(cell: object, frame: Frame) -> object:
    """因病, 因伤, 其他. A symptom or a disease written here means 因病; its words are spilled."""
    got = _reason(cell, frame)
    if not isinstance(got, Bad):
        return got
    if not _worded(cell):
        return got
    words = sweep(cell)
    found = _symptoms(words)
    value = found.value if isinstance(found, Fixed) else None
    if isinstance(value, str):
        return Fixed(_INJURED if value == "S15" else Mixed(_ILL, value), "reason-from-symptom")
    if fold(words) in _DISEASE:
        return Fixed(_ILL, "reason-from-symptom")
    return got
