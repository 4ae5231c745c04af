"""The values that travel along the path: an arrival, the reading of it, the result of its validation.

Plain frozen values, cheap to import and to send between processes, without any I/O. Other rooms import them from here;
the modules below group them by theme.
"""

from pipeline.model.arrivals import Arrival
from pipeline.model.known import ClassFacts, ClosureFacts, Context, SchoolFacts
from pipeline.model.reading import Claims, Reading, Row, Sheet, TablePlace, Workbook
from pipeline.model.site import Policy, Site
from pipeline.model.states import (
    EDITIONS,
    ApprovedHow,
    ClosureKind,
    ClosureState,
    DecisionKind,
    DeskSheet,
    LetterKind,
    LetterState,
    Opinion,
    TicketState,
    TodoKind,
)
from pipeline.model.terms import (
    HOME_CAMPUS,
    KINDERGARTEN,
    WHOLE_SCHOOL,
    FileRows,
    Issue,
    Level,
    Mode,
    Origin,
    Repair,
    Severity,
    State,
)
from pipeline.model.verdicts import Checked, Record, Refused, Settled

__all__ = [
    "EDITIONS",
    "HOME_CAMPUS",
    "KINDERGARTEN",
    "WHOLE_SCHOOL",
    "ApprovedHow",
    "Arrival",
    "Checked",
    "Claims",
    "ClassFacts",
    "ClosureFacts",
    "ClosureKind",
    "ClosureState",
    "Context",
    "DecisionKind",
    "DeskSheet",
    "FileRows",
    "Issue",
    "LetterKind",
    "LetterState",
    "Level",
    "Mode",
    "Opinion",
    "Origin",
    "Policy",
    "Reading",
    "Record",
    "Refused",
    "Repair",
    "Row",
    "SchoolFacts",
    "Settled",
    "Severity",
    "Sheet",
    "Site",
    "State",
    "TablePlace",
    "TicketState",
    "TodoKind",
    "Workbook",
]
