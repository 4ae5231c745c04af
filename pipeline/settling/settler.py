"""What each form's module of this room offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.forms.base import Form
from pipeline.model import Settled, Site
from pipeline.turns.transaction import Outcome, Turn, Writes


@dataclass(frozen=True, slots=True)
class Settler:
    """How the submissions of one form settle."""

    form: Form
    takes: Callable[[Turn], bool]
    """Which turns change something; the others are only noted."""
    settle: Callable[[Sequence[Turn], Site, Writes], list[tuple[Turn, Outcome]]]
    folded_by: tuple[str, ...] = ()
    """Columns of a submission that name what it is folded with, turn by turn; () if each is independent."""
    leave: Callable[[Sequence[tuple[Any, ...]], Settled, Writes], None] | None = None
    """Let what all submissions have left, named by `folded_by`, stand no more."""
    apply_again: Callable[[Turn, Writes], None] | None = None
    """Apply a settled submission to registry or calendar once more, because an earlier one came."""
