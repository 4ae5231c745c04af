"""Schools put into the database as a roster leaves them."""

from collections.abc import Sequence

from pipeline.database.models import (
    Campus,
    SchoolClass,
    Unit,
)

GULOU, XUANWU = "320106", "320102"


def school(code: str, county: str, rooms: Sequence[str] = ("三3", "三4")) -> None:
    Unit.objects.create(
        code=code,
        kind="school",
        division_id=county,
        name=f"示例学校{code[-1]}",
        stages="小学",
        reporter="示例员甲",
        reporter_phone="100-0000-0001",
    )
    Campus.objects.create(school_id=code, name="本部")
    for key in rooms:
        SchoolClass.objects.create(
            school_id=code, school_year=2026, key=key, name=f"{key[0]}({key[1:]})班", stage="小学", roll=40
        )
