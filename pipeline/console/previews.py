"""What a workbook about roster or calendar would change, before it is sent: the path without its effects, as if it lay
in the folder of whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import run, scratch
from pipeline.console import open_site
from pipeline.console.access import Visitor
from pipeline.forms.roster import ROSTER
from pipeline.issues import message, remedy, severity
from pipeline.merge.registry_changes import in_lines
from pipeline.model import Severity, State
from pipeline.registry import prefill

_TAKEN = frozenset({State.ACCEPTED, State.DUPLICATE})
_GOES = _TAKEN | {State.PARTIAL, State.HELD}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a workbook would change, line by line, and what is wrong with it; `form`: "" if it is none of ours.

    `fine`: it would be taken; `goes`: some of it would be, or the county would be asked.
    """

    form: str
    changes: tuple[str, ...]
    wrong: tuple[str, ...]
    fine: bool
    goes: bool


def of(asking: Visitor, content: bytes, name: str = "preview.xlsx") -> Preview:
    """Return what would become of a workbook."""
    with scratch.folder("queke-preview-") as aside:
        path = aside / name
        path.write_bytes(content)
        changes, (_, settled) = run.rehearse_roster(open_site.site(), path, open_site.now(), asking.code)
    goes, advice = settled.state in _GOES, [one for one in settled.issues if severity(one) is Severity.ADVICE]
    lines: Sequence[str] = in_lines(changes) if settled.form == ROSTER.name else [message(one) for one in advice]
    wrong = [message(one) + remedy(one) for one in settled.issues if one not in advice]
    return Preview(
        settled.form,
        tuple(lines) if goes and _is_ours(asking, settled.unit) else (),  # of another's roster it says nothing
        tuple(dict.fromkeys(wrong)),
        settled.state in _TAKEN,
        goes,
    )


def _is_ours(asking: Visitor, unit: str) -> bool:
    return unit == asking.code or unit in {one.code for one in prefill.schools(asking.code, open_site.today())}
