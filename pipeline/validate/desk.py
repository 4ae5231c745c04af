"""县级处理单: whose it is, which lines say something, and whether they may say it. What has moved on since is
the store's to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pipeline import units
from pipeline.forms.desk import DESK, answered, matter, matter_of
from pipeline.forms.words import OPINIONS
from pipeline.model import Context, DeskSheet, Issue, Opinion, Record, Refused
from pipeline.schooldays import today
from pipeline.validate import channel
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.judge import Judge, Judgement, Lines

_SERIAL = 1  # a division's token has no serial of its own
_MUST_SAY_WHY = frozenset({Opinion.RETURN, Opinion.MEND, Opinion.WAIVE})


def whose(case: SubmissionCase, context: Context, key: bytes) -> None:
    """The county's own folder, or the token of a 处理单 made for it: nobody above or below decides in its place."""
    channel.settle_unit(case, context, key)
    bound, unit = case.arrival.bound, case.claims.unit or case.arrival.bound
    own = bound == unit if bound else units.token_ok(key, case.claims.token, unit, DESK.name, _SERIAL)
    if case.open and not own:
        case.unit = ""  # its answer goes to whoever sent it
        case.turn_away(Issue("desk-not-yours"))


def judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    """Accept or refuse every line that says something; a line left blank stays as it is."""
    said = [line for table in DESK.tables for line in lines[table.name] if _says_something(line)]
    if not said and not case.claims.returned:
        case.issues.append(Issue("desk-nothing"))
    deeds: dict[tuple[str, str], list[tuple[RowCase, str, str]]] = {}
    for line in said:
        told = str(line.values["key"] or "")
        board, target, column = matter_of(told)
        stamped = units.unsealed(by.key, case.unit, told, str(line.values["seal"] or ""))
        if not stamped or not board:
            line.say("desk-key-wrong" if told else "desk-key-missing", "key")
            _refuse(case, line, line.table.name, "")
        else:
            deeds.setdefault((board, target), []).append((line, column, stamped))
    for (board, target), found in deeds.items():
        _judge_deed(case, board, target, found)
    case.issues.extend(issue for line in said for issue in line.said)


def _says_something(line: RowCase) -> bool:
    return "opinion" in line.row.raw or any(line.values.get(name) is not None for name in answered(line.table))


def _judge_deed(case: SubmissionCase, board: str, target: str, found: Sequence[tuple[RowCase, str, str]]) -> None:
    """Judge the lines of one matter together: it is done as a whole, or not at all."""
    opinions: dict[str, int] = {}
    for line, column, _ in found:
        opinion = _opinion(line, board)
        if opinion:
            first = next(iter(opinions.values()), 0)
            opinions.setdefault(opinion, line.row.number)
            if len(opinions) > 1:
                line.say("opinion-twice", "opinion", first=str(first))
        _judge_line(line, board, opinion, column, case)
    lines = [line for line, _, _ in found]
    opinion = next(iter(opinions), "")
    if opinion in _MUST_SAY_WHY and not any(line.values.get("why") for line in lines):
        lines[0].say("why-missing", "why", opinion=OPINIONS.labels[opinion])
    if opinion == Opinion.MEND and not any(line.values.get("now") for line in lines):
        lines[0].say("mend-nothing", "now")
    bad = [line.row.number for line in lines if line.bad]
    whole = not bad
    for line, column, stamped in found:
        if bad and not line.bad:
            line.say("desk-with-another", first=str(bad[0]))
        if whole:
            values = _values(line, target, column, stamped, opinion)
            case.records.append(Record(board, str(line.values["key"]), values, line.row.number))
        else:
            _refuse(case, line, board, target)


def _opinion(line: RowCase, board: str) -> str:
    """The line's opinion, if it may have it; a cell to put in says 代改 by itself."""
    said = line.values.get("opinion")
    if said is None and line.values.get("now") and "opinion" not in line.row.raw:
        said = Opinion.MEND.value
    column = next(column for column in DESK.table(board).columns if column.name == "opinion")
    legal = column.vocabulary.labels if column.vocabulary else {}
    if said is None:
        if "opinion" not in line.row.raw:
            line.say("opinion-missing", "opinion")
        return ""
    if said not in legal:
        told = OPINIONS.labels[str(said)]
        line.say("opinion-unfit", "opinion", opinion=told, choices="、".join(legal.values()))
        return ""
    return str(said)


def _judge_line(line: RowCase, board: str, opinion: str, column: str, case: SubmissionCase) -> None:
    if opinion == Opinion.MEND and not column and board == DeskSheet.TICKETS:
        line.say("mend-whole", "opinion")
    stamped_on = line.values.get("stamped_on")
    if isinstance(stamped_on, date) and stamped_on > today(case.arrival.received_at):
        line.say("stamp-ahead", "stamped_on")


def _values(line: RowCase, target: str, column: str, stamped: str, opinion: str) -> Mapping[str, object]:
    said = {name: line.values.get(name) for name in ("why", "now", "stamped_on")}
    return {"id": target, "table": line.table.name, "column": column, "stamp": stamped, "opinion": opinion, **said}


def _refuse(case: SubmissionCase, line: RowCase, board: str, target: str) -> None:
    known = matter(board, target) if target else ""
    case.refused.append(Refused(board, line.row.number, line.raw(), tuple(line.issues), key=known))


JUDGE = Judge(DESK, {}, judge, whose=whose, slips=False)
