"""What a checked submission, or a decision, changes in the records; a module for each form.

The county's desk is not among them: `run` sends it to `county`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.accounts import filing
from pipeline.forms.filing import FILING
from pipeline.settling import absence, calendar, card, closure, roster
from pipeline.settling.settler import Settler
from pipeline.turns.transaction import undecided

SETTLERS: Mapping[str, Settler] = {
    one.form.name: one
    for one in (
        absence.SETTLER,
        closure.SETTLER,
        card.SETTLER,
        roster.SETTLER,
        calendar.SETTLER,
        Settler(FILING, undecided, filing.settle),
    )
}
"""By form, in the order in which they settle."""
