"""备案表: its unit, the channel, one level, counts that agree, different names, valid passwords.

Whether a name is taken already is decided in settling; no message here reveals what another unit has.
"""

from __future__ import annotations

from pipeline import units
from pipeline.filed import Secret
from pipeline.forms.filing import COUNT_FIELDS, FILING, LEVEL
from pipeline.forms.text_normalise import DITTO, fold
from pipeline.model import Context, Issue, Level
from pipeline.validate import tokens
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.channel import chain, look_over
from pipeline.validate.judge import Judge, Judgement, Lines
from pipeline.validate.proof import Proof
from pipeline.validate.tokens import Token

SHORTEST, LONGEST = 8, 20  # characters of a password (notice, three)
_CDC = "疾控中心"
_ASKED = tuple(field for field in FILING.fields if field.name in ("department", "phone", "email"))


# --------------------------------------------------------------------------- whose, and by which door


def settle_unit(case: SubmissionCase, context: Context, key: bytes) -> None:
    """Find the unit. It may report through its own folder, its opener's, or none; and always with the token it was
    given.
    """
    look_over(case)
    bound = case.arrival.bound
    code = case.claims.unit or (bound if units.is_school(bound) else "")
    if not code:
        case.reject(Issue("filing-token-missing"))
        return
    unit = _unit(code, context)
    if unit is None:
        if bound:
            case.turn_away(Issue("unit-not-yours"))
        else:
            case.reject(Issue("unit-unknown", value=code))
        return
    if bound and not _may_bring(bound, unit):
        _turn_from_door(case, unit, context)
        return
    token = tokens.judge(case, context, key, code)
    if token is Token.WRONG:
        case.turn_away(Issue("token-wrong"))
        return
    if token is not Token.GOOD:
        case.issues += [tokens.ended(case, token, context)] if token in tokens.ENDED else []
        case.reject(Issue("filing-token-missing"))
    case.unit, case.school, case.proof = code, context.schools.get(code), Proof.TOKEN


class _Unit:
    """A school or an organ, as far as a filing needs it."""

    def __init__(self, code: str, name: str, home: str, level: Level, parent: str) -> None:
        self.code, self.name, self.home, self.level = code, name, home, level
        self.opener = units.opener(level, home, parent)


def _unit(code: str, context: Context) -> _Unit | None:
    school, organ = context.schools.get(code), context.organs.get(code)
    if school is not None:
        return _Unit(code, school.name, school.county, Level.SCHOOL, "")
    if organ is not None:
        parent = context.parents.get(organ.division, "")
        return _Unit(code, organ.name, organ.division, Level(organ.level), parent)
    return None


def _may_bring(bound: str, unit: _Unit) -> bool:
    return bound in (unit.code, unit.opener) or (unit.level is not Level.SCHOOL and bound == unit.home)


def _turn_from_door(case: SubmissionCase, unit: _Unit, context: Context) -> None:
    """From above but not from the opener: explained. From anywhere else: nothing is revealed."""
    if case.arrival.bound not in chain(unit.home, context):
        case.turn_away(Issue("unit-not-yours"))
        return
    words = (("level", LEVEL.labels[unit.level.value]), ("opener", opener_name(unit.opener, context)))
    case.reject(Issue("filing-wrong-door", details=words))


def opener_name(division: str, context: Context) -> str:
    """The name of the CDC that opens accounts, in a message."""
    return context.divisions.get(division, "上级") + _CDC


# --------------------------------------------------------------------------- its content


def _judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    asked = [line for line in lines["accounts"] if _asks_for_account(line)]
    unit = _unit(case.unit, by.context)
    if unit is None:
        raise ValueError("a filing is judged when its unit is known")
    if not asked and not case.claims.returned:
        case.reject(Issue("rows-none"))
        return
    if not case.claims.returned:
        _judge_header(case, unit, len(asked))
    if not case.open:
        return
    seen: dict[str, int] = {}
    for line in asked:
        _judge_line(line, unit, seen, by.context)
        case.issues.extend(line.new_issues)


def _asks_for_account(line: RowCase) -> bool:
    """Whether a line asks for something: a prefilled 地区 alone does not."""
    others = (value for name, value in line.values.items() if name != "region")
    return bool(line.issues or line.row.ticket or line.row.raw) or any(value is not None for value in others)


def _judge_header(case: SubmissionCase, unit: _Unit, rows: int) -> None:
    header = case.reading.header
    level = header.get("level")
    if level is None:
        case.reject(Issue("level-missing"))
    elif level != unit.level.value:
        words = (("ticked", LEVEL.labels[str(level)]), ("registered", LEVEL.labels[unit.level.value]))
        case.reject(Issue("level-differs", details=words))
    _judge_counts(case, unit, rows)
    if not header.get("applicant"):
        case.reject(Issue("applicant-missing"))
    missing = "、".join(field.label for field in _ASKED if not header.get(field.name))
    if missing:
        case.issues.append(Issue("filing-blank-field", details=(("missing", missing),)))
    if not header.get("system"):
        case.issues.append(Issue("filing-system-unticked"))
    written, registered = fold(str(header.get("school") or "")), fold(unit.name)
    if written and written not in registered and registered not in written:
        case.issues.append(Issue("school-name-differs", value=str(header["school"])[:60]))


def _judge_counts(case: SubmissionCase, unit: _Unit, rows: int) -> None:
    counts = {level: case.reading.header.get(name) for level, name in COUNT_FIELDS.items()}
    own = LEVEL.labels[unit.level.value] + "账号"
    for level, count in counts.items():
        if count and level != unit.level.value:
            words = (("kind", LEVEL.labels[level] + "账号"), ("own", own))
            case.reject(Issue("filing-kind-differs", details=words))
    count = counts[unit.level.value]
    if count is None:
        case.issues.append(Issue("filing-count-computed", details=(("rows", str(rows)),)))
    elif count != rows:
        case.reject(Issue("filing-count-differs", details=(("count", str(count)), ("rows", str(rows)))))


def _judge_line(line: RowCase, unit: _Unit, seen: dict[str, int], context: Context) -> None:
    for name in ("username", "holder"):
        code = line.table.columns[line.table.index(name)].missing
        if line.values[name] is None and name not in line.row.raw:
            line.add_issue(code, name)
    username = str(line.values["username"] or "")
    identity = fold(username)
    if identity and identity in seen:
        line.add_issue("username-repeated", "username", first=str(seen[identity]))
    seen.setdefault(identity, line.row.number)
    secret = line.values["password"]
    if isinstance(secret, Secret) and secret and (code := password_fault(secret, identity)):
        line.add_issue(code, "password")
    region = line.values["region"]
    if region is not None and region not in DITTO and not _is_here(str(region), unit, context):
        line.add_issue("region-elsewhere", "region")
    if line.bad:
        line.refuse(identity)
    else:
        line.accept(identity, line.values)


def password_fault(secret: Secret, username: str = "") -> str:
    """The issue's code if a password breaks the rule (notice, three: 8 to 20 characters, digits, letters and others);
    "" if it does not. `username` folded. Checked on the raw text: ASCII 0x21 to 0x7E and nothing else.
    """
    text = secret.reveal()
    if not SHORTEST <= len(text) <= LONGEST:
        return "password-length"
    if not all("!" <= char <= "~" for char in text):
        return "password-signs"
    digit, letter = any(map(str.isdigit, text)), any(map(str.isalpha, text))
    if not (digit and letter) or text.isalnum():
        return "password-mix"
    return "password-name" if username and username in text.casefold() else ""


def _is_here(region: str, unit: _Unit, context: Context) -> bool:
    """Whether a 地区 is the unit's: its own name, its division's, or that with the divisions above it."""
    word = fold(region)
    names = [fold(context.divisions.get(code, "")) for code in chain(unit.home, context)]
    whole = "".join(reversed(names))
    return (
        word in whole or any(name and name in word for name in (names[0], fold(unit.name))) or word in fold(unit.name)
    )


JUDGE = Judge(FILING, {}, _judge, whose=settle_unit)
