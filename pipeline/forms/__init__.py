"""The list of forms. A new form is a module beside this one and its name here."""

from __future__ import annotations

from pipeline.forms.absence import ABSENCE
from pipeline.forms.base import Form
from pipeline.forms.calendar import CALENDAR
from pipeline.forms.card import CARD
from pipeline.forms.closure import CLOSURE
from pipeline.forms.desk import DESK
from pipeline.forms.filing import FILING
from pipeline.forms.roster import ROSTER

FORMS: tuple[Form, ...] = (ABSENCE, CLOSURE, CARD, ROSTER, CALENDAR, FILING, DESK)

BY_NAME = {form.name: form for form in FORMS}


def form(name: str) -> Form:
    """The form of that name; KeyError if it is not in `FORMS`."""
    return BY_NAME[name]
