"""A file that keeps its reader busy settles after newer ones of its report: the store is as if it had not."""

from pathlib import Path

import pytest

from pipeline import database
from tests.sites import Desk, lay_out, pupil
from tests.system.slow import final, settle

SCHOOL = "2132010001"


def corrected(desk: Desk) -> list[bytes]:
    return [
        desk.absence(SCHOOL, [pupil(0), pupil(1), pupil(2, class_name=None)]),
        desk.absence(SCHOOL, [pupil(0, symptom1="发热"), pupil(2), pupil(3)], mode="整份更正"),
        desk.absence(SCHOOL, [pupil(4)], mode="补充"),
    ]


def withdrawing(desk: Desk) -> list[bytes]:
    return [desk.absence(SCHOOL, [pupil(0), pupil(1), pupil(2)]), desk.absence(SCHOOL, [pupil(0)])]


def repeated(desk: Desk) -> list[bytes]:
    return [
        desk.absence(SCHOOL, [pupil(0), pupil(1)]),
        desk.absence(SCHOOL, [pupil(0), pupil(2)], mode="整份更正"),
        desk.absence(SCHOOL, [pupil(0), pupil(1)], reporter="示例乙"),
    ]


def copied(desk: Desk) -> list[bytes]:
    first = desk.absence(SCHOOL, [pupil(0), pupil(1)])
    return [first, first, desk.absence(SCHOOL, [pupil(0), pupil(2)], mode="整份更正")]


@pytest.mark.parametrize("versions_of", [corrected, withdrawing, repeated, copied])
def test_the_store_depends_on_the_order_of_arrival_not_of_settling(
    tmp_path: Path, prepared_db: Path, desk: Desk, versions_of
) -> None:
    versions = versions_of(desk)
    found = []
    for slow in ([], [one for one in versions if one == versions[0]], versions[:-1]):
        site = lay_out(tmp_path, prepared_db)
        database.open(site)
        order = settle(site, versions, slow)
        newest = range(len(slow) + 1, len(versions) + 1)
        assert order == [*newest, *range(1, len(slow) + 1)], "the slow ones settle last"
        found.append(final())
        database.close()
    assert found[1] == found[0]
    assert found[2] == found[0]
