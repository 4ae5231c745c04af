"""What a 缺课日报 covers: its campus, the classes on its 班级 sheet, those of its rows; and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import units
from pipeline.merge.standing import MORE, ClassCount, ReportState
from pipeline.model import TAKEN, Checked, FileRows, Issue, Policy, Record, State, identity_of
from pipeline.schooldays import on_time, today

_NUMBER = (int, float)
_NAMED = 20  # so many of the withdrawn rows are named


def rows_of(checked: Checked) -> list[Record]:
    return [record for record in checked.records if record.table == "rows"]


def keys_of(record: Record) -> tuple[str, ...]:
    """Keys of an absent pupil's row: the pupil; name and start, if the class was not known before."""
    if record.table != "rows":
        return (record.identity,)
    return (record.identity, identity_of(None, record.values.get("name"), record.values.get("start")))


def covered(checked: Checked) -> set[str]:
    """The classes a file names, on its 班级 sheet or in its rows."""
    return {_class_of(record) for record in checked.records}


def covers_all(standing: ReportState, checked: Checked) -> bool:
    """Does the file cover all classes that were covered before? One that has no class lines covers all."""
    return silent_on_classes(checked) or standing.lines.keys() <= covered(checked)


def silent_on_classes(checked: Checked) -> bool:
    """No class line at all, good or bad: the 班级 sheet was left out, and the file is about the whole campus."""
    tables = [record.table for record in checked.records] + [refused.table for refused in checked.refused]
    return "classes" not in tables


def only_new_classes(standing: ReportState, checked: Checked) -> bool:
    """Whether a file names its classes, and all it says is of classes that nothing has covered yet. A line of another
    class that repeats what is current says nothing.
    """
    said = {
        _class_of(record)
        for record in checked.records
        if record.table != "classes" or standing.lines.get(record.identity) != line_of(record)
    }
    return bool(said) and not silent_on_classes(checked) and said.isdisjoint(standing.lines)


def late_classes(standing: ReportState, checked: Checked, policy: Policy) -> dict[str, str]:
    """Return by key the names of the registry's classes in a file that its report left out until after the deadline.

    By the first arrival of a file that was not accepted; a line that was returned before had come with that file.
    """
    if standing.head is None:
        return {}
    taken = {one.seq for one in standing.earlier if one.state in TAKEN}
    back = {State.REJECTED, State.HELD}
    before = [one.first_seen for one in standing.earlier if one.state in back and one.proved and one.seq not in taken]
    arrived = checked.arrival.first_seen
    if on_time(min([arrived, *before]), standing.day, policy.deadline) and today(arrived) <= standing.day:
        return {}
    returned = {ticket.key for ticket in standing.tickets.values() if ticket.table == "classes"}
    named = {_class_of(record): str(record.values.get("class_name") or record.identity) for record in checked.records}
    new = standing.classes.keys() - standing.lines.keys() - returned
    return {key: name for key, name in named.items() if key in new}


def leaving(standing: ReportState, checked: Checked) -> frozenset[str]:
    """Return the rows a whole file would withdraw: of classes it covers, and neither in the file nor returned."""
    if not standing.rows:
        return frozenset()
    written = {record.identity for record in rows_of(checked)} | set(kept_behind(standing, checked).values())
    whole = covers_all(standing, checked)
    classes = covered(checked)
    return frozenset(
        identity
        for identity, row in standing.rows.items()
        if identity not in written and (whole or row.values.get("class_key") in classes)
    )


def kept_behind(standing: ReportState, checked: Checked) -> dict[int, str]:
    """Return Excel row → identity of the old record that stays because the row's new version was returned.

    If the row does not show which pupil it is, the record that came from the same Excel row is kept: better one child
    too many until it is corrected than one lost.
    """
    if not standing.rows:
        return {}
    taken = {record.identity for record in rows_of(checked)}
    by_row = {row.origin.row: identity for identity, row in standing.rows.items()}
    back = [refused for refused in checked.refused if refused.table == "rows"]
    kept: dict[int, str] = {}
    for refused in sorted(back, key=lambda one: not one.identity):  # rows with a known pupil choose first
        identity = refused.identity or by_row.get(refused.row, "")
        if identity in standing.rows and identity not in taken:
            kept[refused.row] = identity
            taken.add(identity)
    return kept


def lines_of(standing: ReportState, checked: Checked, *, alone: bool = False) -> dict[str, ClassCount]:
    """Return the classes a file covers: its class lines and its rows' classes; without lines, all.

    `alone`: only what is in the file itself (a return workbook does not cover the classes it leaves out).
    """
    lines = {r.identity: line_of(r) for r in checked.records if r.table == "classes"}
    if not alone and silent_on_classes(checked):
        lines = {key: ClassCount() for key in standing.classes}
    for record in rows_of(checked):
        key = str(record.values["class_key"])
        if key not in lines and not (alone and key in standing.lines):
            lines[key] = ClassCount()
    return lines


def line_of(record: Record) -> ClassCount:
    """The counts of a class line."""
    more = tuple(record.values.get(name, column.blank) for name, column in MORE.items())
    return ClassCount(_count(record, "roll"), _count(record, "present"), _count(record, "other_absent") or 0, more)


def withdrawn(standing: ReportState, identities: Sequence[str]) -> tuple[Issue, ...]:
    """The issue about rows a file took away: class, code and the row they came from;
    a
    school's own paper prints both.
    """
    gone = [identity for identity in identities if identity in standing.rows]
    if not gone:
        return ()
    return (Issue("rows-withdrawn", details=(("rows", str(len(gone))),), rows_of=by_file(standing, gone)),)


def by_file(standing: ReportState, identities: Sequence[str]) -> tuple[FileRows, ...]:
    """The first of these rows, by the file they came in: class and code, Excel row."""
    files: dict[int, list[tuple[str, int]]] = {}
    for identity in sorted(identities)[:_NAMED]:
        origin = standing.rows[identity].origin
        files.setdefault(origin.seq, []).append((units.short_code(identity), origin.row))
    return tuple(FileRows(seq, tuple(rows)) for seq, rows in files.items())


def _class_of(record: Record) -> str:
    return str(record.identity if record.table == "classes" else record.values.get("class_key", ""))


def _count(record: Record, name: str) -> int | None:
    value = record.values.get(name)
    return int(value) if isinstance(value, _NUMBER) else None
