"""缺课日报: what a row says in one column that another does not know of. Asked, never decided for its school."""

from __future__ import annotations

from pipeline.forms import clinical
from pipeline.forms.absence import ROWS
from pipeline.forms.words import DISEASE, SYMPTOM
from pipeline.model import Reason
from pipeline.validate.case import RowCase

_ILL, _INJURED = Reason.ILL.value, Reason.INJURED.value
_NOTE = ROWS.columns[ROWS.index("note")]
_SHOWN = ("symptom1", "symptom2", "symptom3")
_UNTOLD = frozenset(("S99", "S00"))  # codes that name no symptom
_HURT = frozenset(("S15", *_UNTOLD))
_UNNAMED = frozenset(("D33", "D99"))
_NO_ILLNESS = frozenset(("D32", *_UNNAMED))
_NONE: frozenset[str] = frozenset()


def ask(line: RowCase) -> None:
    """Add the questions about one row."""
    reason = line.values["reason"]
    if reason is not None and reason != _ILL:
        _ask_reason(line)
    if line.values["note"] is not None:
        _ask_note(line)


def _ask_reason(line: RowCase) -> None:
    """事假 beside 发热; a wound beside a disease that spreads."""
    code = str(line.values["diagnosis"] or "")
    hurt = line.values["reason"] == _INJURED
    illness = [] if hurt else sorted(_symptoms(line) - _HURT)
    named = [f"“{SYMPTOM.labels[one]}”" for one in illness]
    if clinical.spreads(code) if hurt else code and code not in _NO_ILLNESS:
        named.append(f"诊断“{DISEASE.labels[code]}”")
    if named:
        line.add_issue("reason-not-illness", "reason", illness="、".join(named))


def _ask_note(line: RowCase) -> None:
    """A disease in a remark that is not the diagnosis; symptoms in a remark where the row has none."""
    typed = line.text(_NOTE)
    heard = clinical.named_in_note(typed) if typed else None
    if heard is None:
        return
    code = str(line.values["diagnosis"] or "")
    words = [DISEASE.labels[one.code] for one in heard.diseases if _news(one.code, code)]
    words += [word for word in (*heard.unsure, *heard.which) if not words and (not code or code in _UNNAMED)]
    if words:
        stands = f"选的是“{DISEASE.labels[code]}”" if code else "是空的"
        line.add_issue("note-names-disease", "note", words="、".join(dict.fromkeys(words)), diagnosis=stands)
        return
    shown = sorted(set(heard.symptoms) - _HURT)
    if shown and line.values["reason"] == _ILL and not code and not _symptoms(line) - _UNTOLD:
        line.add_issue("note-names-symptom", "note", words="、".join(SYMPTOM.labels[one] for one in shown))


def _news(named: str, diagnosis: str) -> bool:
    """Whether a disease in a remark says what the diagnosis does not."""
    if named == diagnosis or named in _NO_ILLNESS:
        return False
    return clinical.spreads(named) or not diagnosis


def _symptoms(line: RowCase) -> frozenset[str]:
    found = [str(value).split() for name in _SHOWN if (value := line.values[name])]
    return frozenset(code for codes in found for code in codes) if found else _NONE
