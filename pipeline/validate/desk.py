"""县级处理单: whose it is, which lines are filled in, and whether they are allowed. Whether a matter has changed since
is checked against the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pipeline import units
from pipeline.forms import desk_words
from pipeline.forms.desk import DESK, WAITING, answered, matter, matter_of
from pipeline.forms.desk_words import OPINIONS
from pipeline.model import Context, DeskSheet, Issue, Opinion, Reach, Record, Refused
from pipeline.schooldays import today
from pipeline.validate import channel, tokens
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.judge import Judge, Judgement, Lines
from pipeline.validate.proof import EFFECTS, Effect, Proof

_REACHES = desk_words.REACH_TICKET.labels
_GIVEN = ("opinion", "why", "stamped_on")
_RAISED_NEEDS = ("at_school", "rule", "ill", "why")  # what a warning that is raised must say
_ENDED = frozenset(f"token-{one}" for one in tokens.ENDED)
_MUST_SAY_WHY = frozenset({Opinion.RETURN, Opinion.MEND, Opinion.WAIVE})


def whose(case: SubmissionCase, context: Context, key: bytes) -> None:
    """The county's own folder, or the token of a 处理单 made for it: no office above or below decides in its place."""
    channel.settle_unit(case, context, key)
    if case.arrival.bound not in {"", case.unit}:
        case.proof = Proof.NONE  # an office above speaks for its counties, but does not decide for them
    if case.open and EFFECTS[DESK.name][case.proof] is Effect.REFUSED:
        ended = next((one for one in case.issues if one.code in _ENDED), None)
        case.unit = case.unit if ended else ""  # its answer goes to the county it was made for, or to the sender
        case.turn_away(ended or Issue("desk-not-yours"))


def judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    """Accept or refuse every line that is filled in; a line left blank stays as it is."""
    for table in WAITING:
        _spread(lines[table.name])
    raised = [line for line in lines[DeskSheet.RAISED] if _is_filled(line)]
    filled = [line for table in WAITING for line in lines[table.name] if _is_filled(line)]
    if not (filled or raised) and not case.claims.returned:
        case.issues.append(Issue("desk-nothing"))
    deeds: dict[tuple[str, str], list[tuple[RowCase, str, str]]] = {}
    for line in filled:
        written_key = str(line.values["key"] or "")
        board, target, column = matter_of(written_key)
        stamped = units.unsealed(by.key, case.unit, written_key, str(line.values["seal"] or ""))
        if not stamped or not board:
            line.add_issue("desk-key-wrong" if written_key else "desk-key-missing", "key")
            _refuse(case, line, line.table.name, "")
        else:
            deeds.setdefault((board, target), []).append((line, column, stamped))
    for (board, target), found in deeds.items():
        _judge_deed(case, board, target, found)
    for line in raised:
        _judge_raised(case, line)
    case.issues.extend(issue for line in [*filled, *raised] for issue in line.new_issues)


def _is_filled(line: RowCase) -> bool:
    return "opinion" in line.row.raw or any(line.values.get(name) is not None for name in answered(line.table))


def _spread(rows: Sequence[RowCase]) -> None:
    """Give a line's opinion to the lines of its sheet that it is for, by its 范围: those of which nothing is filled in.

    An opinion that cannot stand is for its own line only, and goes back with it.
    """
    filled = [line for line in rows if _is_filled(line)]
    own = {_matter_of(line) for line in filled}
    free = [line for line in rows if _matter_of(line) not in own]
    for reach in Reach:
        given: dict[int, RowCase] = {}
        for source in filled:
            if source.values.get("range") == reach and _can_spread(source):
                mine = [line for line in free if _reaches(reach, source, line)]
                _give(source, reach, mine, given)
        free = [line for line in free if id(line) not in given]


def _give(source: RowCase, reach: Reach, mine: Sequence[RowCase], given: dict[int, RowCase]) -> None:
    """Give an opinion to these lines, unless another one was given to one of them."""
    others = [given[id(line)] for line in mine if id(line) in given]
    if other := next((one for one in others if any(one.values[name] != source.values[name] for name in _GIVEN)), None):
        source.add_issue("range-twice", "range", first=str(other.row.number))
        return
    fresh = [line for line in mine if id(line) not in given]
    for line in fresh:
        line.values |= {name: source.values[name] for name in _GIVEN if name in source.values}
        given[id(line)] = source
    source.add_issue("range-given", "range", range=_REACHES[reach], count=str(len(fresh)))


def _can_spread(source: RowCase) -> bool:
    opinion = source.values.get("opinion")
    if opinion == Opinion.MEND or source.values.get("now"):
        source.add_issue("range-mend", "range")
        return False
    legal = next(column.vocabulary for column in source.table.columns if column.name == "opinion")
    if legal is None or opinion not in legal.labels:
        return False
    return opinion not in _MUST_SAY_WHY or bool(source.values.get("why"))


def _reaches(reach: Reach, source: RowCase, line: RowCase) -> bool:
    name = {Reach.SCHOOL: "school", Reach.COLUMN: "column"}.get(reach)
    return name is None or source.values.get(name) == line.values.get(name)


def _matter_of(line: RowCase) -> tuple[str, str]:
    return matter_of(str(line.values["key"] or ""))[:2]


def _judge_raised(case: SubmissionCase, line: RowCase) -> None:
    """Check a warning that the county raises. Of which school it is, and whether it holds, the store says."""
    values, today_ = line.values, today(case.arrival.received_at)
    missing = [name for name in _RAISED_NEEDS if values.get(name) is None and name not in line.row.raw]
    if missing:
        titles = (column.header for column in line.table.columns if column.name in missing)
        line.add_issue("raise-incomplete", missing[0], which="、".join(titles))
    since = values.get("from_day")
    if isinstance(since, date) and since > today_:
        line.add_issue("raise-ahead", "from_day")
    typed = (values.get(name) for name in ("at_school", "at_campus", "room", "rule"))
    target = "/".join([*(str(one or "") for one in typed), str(since or today_)])
    if line.bad:
        _refuse(case, line, DeskSheet.RAISED, target)
        return
    said = {name: values.get(name) for name in (*_RAISED_NEEDS, "at_campus", "room", "deaths")}
    said |= {"id": target, "table": line.table.name, "column": "", "stamp": "", "now": None, "stamped_on": None}
    said |= {"opinion": Opinion.CONFIRM.value, "from_day": since or today_}
    case.records.append(Record(DeskSheet.RAISED, matter(DeskSheet.RAISED, target), said, line.row.number))


def _judge_deed(case: SubmissionCase, board: str, target: str, found: Sequence[tuple[RowCase, str, str]]) -> None:
    """Check the lines of one matter together: it is carried out as a whole, or not at all."""
    opinions: dict[str, int] = {}
    for line, column, _ in found:
        opinion = _opinion(line, board)
        if opinion:
            first = next(iter(opinions.values()), 0)
            opinions.setdefault(opinion, line.row.number)
            if len(opinions) > 1:
                line.add_issue("opinion-twice", "opinion", first=str(first))
        _judge_line(line, board, opinion, column, case)
    lines = [line for line, _, _ in found]
    opinion = next(iter(opinions), "")
    if opinion in _MUST_SAY_WHY and not any(line.values.get("why") for line in lines):
        lines[0].add_issue("why-missing", "why", opinion=OPINIONS.labels[opinion])
    if opinion == Opinion.MEND and not any(line.values.get("now") for line in lines):
        lines[0].add_issue("mend-nothing", "now")
    bad = [line.row.number for line in lines if line.bad]
    whole = not bad
    for line, column, stamped in found:
        if bad and not line.bad:
            line.add_issue("desk-with-another", first=str(bad[0]))
        if whole:
            values = _values(line, target, column, stamped, opinion)
            case.records.append(Record(board, str(line.values["key"]), values, line.row.number))
        else:
            _refuse(case, line, board, target)


def _opinion(line: RowCase, board: str) -> str:
    """The line's opinion, if the board allows it; a cell to replace implies 代改."""
    chosen = line.values.get("opinion")
    if chosen is None and line.values.get("now") and "opinion" not in line.row.raw:
        chosen = Opinion.MEND.value
    column = next(column for column in DESK.table(board).columns if column.name == "opinion")
    legal = column.vocabulary.labels if column.vocabulary else {}
    if chosen is None:
        if "opinion" not in line.row.raw:
            line.add_issue("opinion-missing", "opinion")
        return ""
    if chosen not in legal:
        label = OPINIONS.labels[str(chosen)]
        line.add_issue("opinion-unfit", "opinion", opinion=label, choices="、".join(legal.values()))
        return ""
    return str(chosen)


def _judge_line(line: RowCase, board: str, opinion: str, column: str, case: SubmissionCase) -> None:
    if opinion == Opinion.MEND and not column and board == DeskSheet.TICKETS:
        line.add_issue("mend-whole", "opinion")
    stamped_on = line.values.get("stamped_on")
    if isinstance(stamped_on, date) and stamped_on > today(case.arrival.received_at):
        line.add_issue("stamp-ahead", "stamped_on")


def _values(line: RowCase, target: str, column: str, stamped: str, opinion: str) -> Mapping[str, object]:
    found = {name: line.values.get(name) for name in ("why", "now", "stamped_on")}
    return {"id": target, "table": line.table.name, "column": column, "stamp": stamped, "opinion": opinion, **found}


def _refuse(case: SubmissionCase, line: RowCase, board: str, target: str) -> None:
    known = matter(board, target) if target else ""
    case.refused.append(Refused(board, line.row.number, line.raw(), tuple(line.issues), key=known))


JUDGE = Judge(DESK, {}, judge, whose=whose, slips=False)
