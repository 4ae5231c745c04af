"""预警信息报告卡: which alert it answers, and whether the answer has everything its verdict needs (notice, two).

Whether the alert has changed meanwhile (closed, confirmed, raised) is checked by merge: it depends on the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from pipeline.alert_state import AlertFacts, CardReason, CardVerdict, CaseFacts
from pipeline.forms.card import ANSWER, CARD, CASES, DAYS
from pipeline.model import Context, Issue, identity_of
from pipeline.schooldays import ZONE, today
from pipeline.units import is_division, short_code
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.checks import RowCheck
from pipeline.validate.judge import Extras, Judge, Judgement, Lines

RULES = (
    RowCheck("checked-ahead", "checked_at", lambda pl: pl.col("checked_at") <= pl.col("_now")),
    RowCheck("handled-ahead", "handled_on", lambda pl: pl.col("handled_on") <= pl.col("_day")),
    RowCheck("reported-ahead", "reported_at", lambda pl: pl.col("reported_at") <= pl.col("_now")),
    RowCheck("asked-ahead", "asked_at", lambda pl: pl.col("asked_at") <= pl.col("_now")),
)
DAY_RULES = (RowCheck("present-below-fresh", "present", lambda pl: pl.col("present") >= pl.col("fresh")),)

_PREFILLED = frozenset({"reporter", "reviewer"})  # fields a card may have before it is answered
_STANDS = {"measures": "measures-missing", "report_way": "report-way-missing",
           "reported_at": "reported-at-missing", "reported_to": "reported-to-missing"}  # fmt: skip
_EXCLUDED = ("reason", "other_alert", "agency", "handled_on")
_FILLED = ("filled_by", "asked_whom", "asked_at")
_WRITTEN = frozenset(
    column.name
    for table in (ANSWER, DAYS, CASES)
    for column in table.columns
    if column.kept and column.dtype == "text" and not column.plain
)


def judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    """Accept or refuse the answer, the days that are followed, and the cases marked as wrong."""
    alert = _alert(case, by.context)
    if alert is None:
        return
    case.campus = alert.campus
    answers = [line for line in lines["answer"] if _is_filled(line, _PREFILLED)]
    days = [line for line in lines["days"] if _is_filled(line, {"day"})]
    marked = [line for line in lines["cases"] if _marked(line)]
    if not (answers or days or marked):
        if not case.claims.returned:
            case.reject(Issue("rows-none"))
        return
    card = _Card(case, alert, by)
    for line in answers:
        # only days that follow an earlier answer may come without a verdict
        if line.values["verdict"] is None and not line.bad and days and not _is_filled(line, _PREFILLED | _CHECKED):
            continue
        card.answer(line, marked, listed=bool(lines["cases"]))
    card.days(days)
    card.cases(marked, answers)


_CHECKED = frozenset({"checked_by", "checked_at", "checked_how", "checked_cases"})


def _alert(case: SubmissionCase, context: Context) -> AlertFacts | None:
    """The alert it is about. The same words whether the number is unknown or another school's."""
    number = str(case.reading.header.get("alert") or "")
    if not number:
        case.reject(Issue("card-number-missing"))
        return None
    alert = context.alerts.get(number)
    if alert is None or alert.school != case.unit:
        case.reject(Issue("card-unknown", value=number))
        return None
    return alert


def _marked(line: RowCase) -> bool:
    """Marked as wrong, or marked in a way we did not understand."""
    wrong = line.values["wrong"]
    return bool(wrong or (wrong is None and "wrong" in line.row.raw) or (line.bad and line.row.ticket))


def _is_filled(line: RowCase, but: frozenset[str] | set[str]) -> bool:
    return line.bad or any(value is not None for name, value in line.values.items() if name not in but)


class _Card:
    """Checks one card against its alert."""

    def __init__(self, case: SubmissionCase, alert: AlertFacts, by: Judgement) -> None:
        self.case, self.alert, self.context = case, alert, by.context
        self.classes = by.classes(case)
        self.revision = case.reading.header.get("revision")
        bound = case.arrival.bound
        self.county = bound if is_division(bound) else ""  # the channel shows who fills it in
        self.replaced = False

    # ------------------------------------------------------------------ the answer

    def answer(self, line: RowCase, marked: Sequence[RowCase], *, listed: bool) -> None:
        """`listed`: the workbook has the cases, of which some may be marked."""
        verdict = line.values["verdict"]
        if verdict is None and "verdict" not in line.row.raw:
            line.add_issue("verdict-missing", "verdict")
        elif verdict == CardVerdict.EXCLUDED:
            self._excluded(line, marked, listed=listed)
        elif verdict == CardVerdict.STANDS:
            self._stands(line)
        self._signed(line)
        values = {name: self._plain(name, value) for name, value in line.values.items()}
        if not self.county:
            values.update(dict.fromkeys(_FILLED))
        values |= {"revision": self.revision, "by": self.county}
        self._done(line, self.alert.id, values)

    def _excluded(self, line: RowCase, marked: Sequence[RowCase], *, listed: bool) -> None:
        got = line.values
        for name in _STANDS:
            if got[name] is not None:
                line.add_issue("verdict-both", name, label=self._label(line, name))
        reason = got["reason"]
        if reason is None and "reason" not in line.row.raw:
            line.add_issue("exclusion-missing", "reason")
        elif reason == CardReason.WRONG and not marked and (listed or not self.case.claims.returned):
            line.add_issue("exclusion-row-missing", "reason")
        elif reason == CardReason.HANDLED:
            self._asked(line, {"agency": "agency-missing", "handled_on": "handled-missing"})
        elif reason == CardReason.TWICE:
            self._twice(line)
        elif reason == CardReason.OTHER:
            self._asked(line, {"why": "exclusion-why-missing"})

    def _twice(self, line: RowCase) -> None:
        """The other alert must be one of this school's, of the same kind of illness."""
        number = line.values["other_alert"]
        other = self.context.alerts.get(str(number))
        if number is None:
            self._asked(line, {"other_alert": "other-alert-missing"})
        elif number == self.alert.id:
            line.add_issue("other-alert-itself", "other_alert")
        elif other is None or other.school != self.alert.school:
            line.add_issue("other-alert-unknown", "other_alert")
        elif not (other.groups & self.alert.kin) or other.campus != self.alert.campus:
            line.add_issue("other-alert-apart", "other_alert")

    def _stands(self, line: RowCase) -> None:
        got = line.values
        for name in _EXCLUDED:
            if got[name] is not None:
                line.add_issue("verdict-both", name, label=self._label(line, name))
        self._asked(line, _STANDS)
        proved = got["document_number"] or got["document_sha"]
        if got["document"] and not proved:
            line.add_issue("document-unproved", "document_number")
        elif "停课" in str(got["measures"] or "") and not (got["document"] or proved):
            line.add_issue("document-wanted", "document")

    def _signed(self, line: RowCase) -> None:
        got = line.values
        if self.county:
            for name in _FILLED:
                if got[name] is None and name not in line.row.raw:
                    line.add_issue("filled-by-missing", name, label=self._label(line, name))
        elif got["reporter"] is None:
            line.add_issue("reporter-missing", "reporter")
        if not self.county and any(got[name] is not None for name in _FILLED):
            line.add_issue("filled-by-school", "filled_by")

    def _asked(self, line: RowCase, wanted: Mapping[str, str]) -> None:
        """Report blank cells. Cells that were not understood have their issue already."""
        for name, code in wanted.items():
            if line.values[name] is None and name not in line.row.raw:
                line.add_issue(code, name)

    def _label(self, line: RowCase, name: str) -> str:
        return line.table.columns[line.table.index(name)].header

    # ------------------------------------------------------------------ the days that followed

    def days(self, lines: Sequence[RowCase]) -> None:
        seen: dict[date, int] = {}
        for line in lines:
            day = line.values["day"]
            if isinstance(day, date):
                if day < self.alert.opened_on:
                    line.add_issue("follow-day-early", "day")
                elif day > today(self.case.arrival.received_at):
                    line.add_issue("follow-day-ahead", "day")
                if day in seen:
                    line.add_issue("follow-day-twice", "day", first=str(seen[day]))
                seen.setdefault(day, line.row.number)
            values = {name: self._plain(name, line.values[name]) for name in DAYS.keeps}
            identity = identity_of(self.alert.id, day) if day else ""  # a day that was not understood is no other's
            self._done(line, identity, values | {"alert": self.alert.id})

    # ------------------------------------------------------------------ cases that are wrong

    def cases(self, lines: Sequence[RowCase], answers: Sequence[RowCase]) -> None:
        reasons = {line.values["reason"] for line in answers}
        for line in lines:
            if answers and CardReason.WRONG not in reasons:
                line.add_issue("wrong-unasked", "wrong")
                self.case.issues.extend(line.new_issues)
                continue
            found = self._pupil(line)
            day = line.values["day"]
            if found is None:
                if not line.bad:
                    line.add_issue("wrong-row-unknown", "code" if line.values["code"] else "name")
            elif day not in found.days:
                line.add_issue("wrong-day-none", "day")
            values: dict[str, object] = {
                "alert": self.alert.id,
                "day": self._plain("day", day),
                "pupil": found.pupil if found else "",
                "truth": self._plain("truth", line.values["truth"]),
            }
            identity = identity_of(self.alert.id, day, values["pupil"]) if day and found else ""
            self._done(line, identity, values)

    def _pupil(self, line: RowCase) -> CaseFacts | None:
        """The one case that the row names: by its code, else by class and name."""
        code, name, room = (line.values[column] for column in ("code", "name", "class_name"))
        if code:
            found = [case for case in self.alert.cases if code in (case.pupil.upper(), short_code(case.pupil).upper())]
        else:
            key = self.classes.key(room)
            found = [c for c in self.alert.cases if name and c.name == name and key in ("", c.class_key)]
        return found[0] if len(found) == 1 else None

    # ------------------------------------------------------------------ done

    def _done(self, line: RowCase, identity: str, values: Mapping[str, object]) -> None:
        case = self.case
        if line.bad:
            line.refuse(identity)
            # the return workbook must say which alert it is about
            raw = {**case.refused[-1].raw, "alert": self.alert.id, "revision": str(self.revision or "")}
            case.refused[-1] = replace(case.refused[-1], raw=raw)
        else:
            line.accept(identity, values)
        if self.replaced:
            line.add_issue("card-name-replaced")
            self.replaced = False
        case.issues.extend(line.new_issues)

    def _plain(self, name: str, value: object) -> object:
        """A value as JSON, moments in Shanghai time; no pupil's name in text for the county."""
        if isinstance(value, datetime):
            return value.replace(tzinfo=ZONE).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if name in _WRITTEN and isinstance(value, str):
            return self._without_names(value)
        return value

    def _without_names(self, text: str) -> str:
        for one in sorted(self.alert.cases, key=lambda c: -len(c.name)):
            if len(one.name) > 1 and one.name in text:
                text = text.replace(one.name, short_code(one.pupil))
                self.replaced = True
        return text


def _extras(table: str, lines: Sequence[RowCase], by: Judgement) -> Extras:
    del by
    if table != "answer":
        return {}
    times = [line.case.arrival.received_at.astimezone(ZONE) for line in lines]
    return {
        "_day": [today(moment) for moment in times],
        "_now": [moment.replace(tzinfo=None) for moment in times],
    }


JUDGE = Judge(CARD, {"answer": RULES, "days": DAY_RULES}, judge, extras=_extras)
