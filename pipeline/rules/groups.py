"""The groups that one row belongs to: syndromes, ILI, diseases, and those that other columns make."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from pipeline.forms.syndromes import SYNDROMES

FEVER = 38.0  # ℃, from which a case with cough or sore throat is influenza-like
HIGH_FEVER = 39.1  # ℃, from which it is 高热
INFLUENZA = "D02"  # 流行性感冒
UNEXPLAINED = "D33"  # 原因不明
_COUGH_OR_SORE_THROAT = frozenset({"S02", "S03"})
_DYSPNOEA = "S16"
_NO_CAUSE = frozenset({"", UNEXPLAINED})

_COUNTS_AS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        INFLUENZA: ("ILI",),  # diagnosed influenza is influenza-like, whatever the temperature
        "D12": ("EYE",),
        "D13": ("D34",),  # by law norovirus is one of 其他感染性腹泻病
    }
)
"""Disease → the further groups its cases belong to."""


@lru_cache(maxsize=8192)
def groups_of(
    symptoms: str, temperature: float | None, diagnosis: str, severe: bool = False, meal: bool = False
) -> frozenset[str]:
    """Return the groups one row belongs to: syndromes, ILI, and the diagnosis itself."""
    shown = frozenset(symptoms.split())
    found = {group for group, members in SYNDROMES.items() if not shown.isdisjoint(members)} | {"ALL"}
    if temperature is not None and temperature >= FEVER and not shown.isdisjoint(_COUGH_OR_SORE_THROAT):
        found.add("ILI")
    unexplained = diagnosis in _NO_CAUSE
    high = diagnosis == UNEXPLAINED and temperature is not None and temperature >= HIGH_FEVER
    if severe or high or (unexplained and _DYSPNOEA in shown):
        found.add("CRI")
    if meal:
        found.add("MEAL")
    found.update(_COUNTS_AS.get(diagnosis, ()))
    return frozenset(found | {diagnosis} if diagnosis else found)
