"""Claims about who has reported, and the identities of the figures."""

import pytest
from hypothesis import strategies as st

from pipeline.duty import Duty, ReceivedReports, ReportStatus, Silence, classify
from pipeline.schooldays import DUE, Off, ReportDue

OFF = ReportDue(yes=False, reason=Off.WEEKEND)
received = st.builds(
    ReceivedReports,
    heads=st.lists(st.booleans(), max_size=3).map(tuple),
    missing=st.integers(0, 2),
    silent=st.integers(0, 2),
    held=st.booleans(),
    returned=st.booleans(),
    excused=st.sampled_from(["", "断网，县局核准"]),
)


@pytest.mark.parametrize(
    ("heard", "standing", "silence"),
    [
        (ReceivedReports(heads=(True,)), ReportStatus.ON_TIME, None),
        (ReceivedReports(heads=(True, False)), ReportStatus.LATE, None),
        (ReceivedReports(missing=1), ReportStatus.SILENT, Silence.NOTHING),
        (ReceivedReports(missing=1, returned=True), ReportStatus.SILENT, Silence.RETURNED),
        (ReceivedReports(missing=1, held=True), ReportStatus.SILENT, Silence.HELD),
        (ReceivedReports(heads=(True,), silent=1), ReportStatus.SILENT, Silence.PART),
        (ReceivedReports(heads=(True,), missing=1), ReportStatus.SILENT, Silence.PART),
        (ReceivedReports(missing=1, excused="断网"), ReportStatus.EXCUSED, None),
        (ReceivedReports(heads=(True,), excused="断网"), ReportStatus.ON_TIME, None),
    ],
)
def test_a_school_that_owes_a_report_is_in_one_place(
    heard: ReceivedReports, standing: ReportStatus, silence: Silence | None
) -> None:
    told = classify(DUE, heard)
    assert (told.standing, told.silence) == (standing, silence)


def test_a_school_that_owes_nothing_is_asked_nothing_though_it_reported() -> None:
    assert classify(OFF, ReceivedReports(heads=(True,))) == Duty(ReportStatus.NOT_DUE, reason=Off.WEEKEND)
