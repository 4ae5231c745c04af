"""Groups of symptoms, and the names of all groups of illnesses that are no disease."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYNDROMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "FEV": ("S01",),
        "RES": ("S02", "S03", "S04"),
        "GI": ("S06", "S07", "S08"),
        "RASH": ("S09",),
        "EYE": ("S10",),
        "PAR": ("S11",),
        "JAU": ("S12",),
        "NEU": ("S05",),
        "INJ": ("S15",),
        "SEV": ("S16",),
        "OTH": ("S13", "S14", "S99"),
    }
)
"""Syndrome group → its symptoms. ILI is not here: it also asks for a temperature (≥ 38 ℃ and S02 or S03)."""

SYNDROME_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "FEV": "发热",
        "ILI": "流感样病例",
        "RES": "呼吸道症状",
        "GI": "呕吐腹泻等胃肠道症状",
        "RASH": "皮疹",
        "EYE": "红眼",
        "PAR": "腮腺肿大",
        "JAU": "黄疸",
        "NEU": "头痛",
        "INJ": "受伤",
        "SEV": "呼吸急促或困难",
        "OTH": "其他症状",
        "MEAL": "共同用餐饮水史",
        "CRI": "危重或不明原因症状",
        "ALL": "因病缺课（不分症状）",
        "FOOD": "食物中毒",
        "UNX": "群体性不明原因疾病",
        "EMG": "其他突发公共卫生事件",
    }
)
