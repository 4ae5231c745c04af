"""Builders of checked 预警信息报告卡, as validation passes them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.alert_state import CardReason, CardVerdict
from pipeline.merge.standing import Event
from pipeline.model import Checked, Record
from tests.submissions import checked

ONE, OTHER = "2026-0001", "2026-0002"


STANDS: Mapping[str, object] = {
    "verdict": CardVerdict.STANDS,
    "measures": "通知家长",
    "report_way": "phone",
    "reported_at": "2026-11-23T11:00:00+08:00",
    "reported_to": "示例区教育局",
}


HANDLED: Mapping[str, object] = {
    "verdict": CardVerdict.EXCLUDED, "reason": CardReason.HANDLED, "agency": "示例区疾控中心",
    "handled_on": "2026-11-22",
}  # fmt: skip


WRONG: Mapping[str, object] = {"verdict": CardVerdict.EXCLUDED, "reason": CardReason.WRONG}


TWICE: Mapping[str, object] = {"verdict": CardVerdict.EXCLUDED, "reason": CardReason.TWICE, "other_alert": OTHER}


def card(
    seq: int,
    answer: Mapping[str, object] | None = None,
    *,
    days: Sequence[tuple[int, int | None, int | None, str]] = (),
    wrong: Sequence[str] = (),
    revision: int | None = 1,
    number: str = ONE,
    **more: object,
) -> Event:
    """A card as validation passes it on. `days`: (day of November, fresh, present, progress)."""
    rows = [Record("answer", number, {**answer, "revision": revision, "by": ""}, 20)] if answer else []
    rows += [
        Record(
            "days", f"{number}|2026-11-{d}",
            {"alert": number, "day": f"2026-11-{d}", "fresh": f, "present": p, "progress": text or None}, 5 + n,
        )
        for n, (d, f, p, text) in enumerate(days)
    ]  # fmt: skip
    rows += [
        Record("cases", f"{number}|{pupil}", {"alert": number, "day": "2026-11-20", "pupil": pupil}, 5 + n)
        for n, pupil in enumerate(wrong)
    ]
    made = checked(seq, rows, form="card", **more)  # type: ignore[arg-type]  # a builder
    return Event(seq, _headed(made, number))


def _headed(made: Checked, number: str) -> Checked:
    return replace(made, reading=replace(made.reading, header={"alert": number}))
