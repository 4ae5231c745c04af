"""Builders of checked rosters of a county."""

from pipeline.model import Record
from tests.submissions import bad, checked

OTHER = "2132000002"


def listed(code: str = OTHER, **values: object) -> Record:
    whole = {"code": code, "name": "示例第二小学", "division": "320106", "campus": None, "stages": "小学"}
    whole |= {"boarding": None, "reporter": "李老师", "reporter_phone": "100-0000-0001", "leader": None}
    return Record("schools", code, whole | values, 5)


def classed(key: str, *, code: str = OTHER, **values: object) -> Record:
    whole = {"code": code, "campus": None, "class_key": key, "class_name": key, "stage": "小学", "roll": 40}
    return Record("classes", f"{code}|本部|{key}", whole | values, 5)


def roster(seq: int, *rows: Record, content: str = "", refused: int = 0):
    back = [bad(number) for number in range(20, 20 + refused)]
    return checked(seq, rows, form="roster", school="320106", content=content, refused=back)
