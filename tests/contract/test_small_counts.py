"""No count of one or two pupils can be computed above county, from all papers and exports of a day together."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from pipeline.database.models import Absence, AbsencePast, Campus, Closure, Counter, Report, SchoolClass, Unit
from pipeline.facts import editions, exports
from pipeline.model import Site
from pipeline.registry import lookup
from pipeline.reports import letters, pages
from pipeline.reports.render import Renderer
from pipeline.schooldays import ZONE
from pipeline.units import scope
from tests.attacker import Attacker, PublicSchool, read

DAY = date(2026, 11, 20)
FIRST, SECOND = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE), datetime(2026, 11, 20, 17, 30, tzinfo=ZONE)
PLACES = {
    "320000": ("江苏省", ("320102", "320104", "320106", "320205", "320206")),
    "320100": ("南京市", ("320102", "320104", "320106")),
    "320200": ("无锡市", ("320205", "320206")),
    "320102": ("玄武区", ("320102",)),
    "320104": ("秦淮区", ("320104",)),
    "320106": ("鼓楼区", ("320106",)),
    "320205": ("锡山区", ("320205",)),
    "320206": ("惠山区", ("320206",)),
}
ABOVE = ("320000", "320100", "320200")
STAGES = ("幼儿园", "小学", "初中")
ROLL = 40


def each_on_one(*seeds: int) -> pytest.MarkDecorator:
    """Each seed on one of the two stores, in turn: the arithmetic of an attack takes seconds, and is the same."""
    turns = zip(itertools.cycle(("sqlite", "postgres")), seeds, strict=False)
    return pytest.mark.parametrize(("site", "seed"), list(turns), indirect=["site"])


class RandomDay:
    """A few schools, and how many are ill in each: few, so that most counts are small."""

    def __init__(self, seed: int, *, corrected: Sequence[int] = (), often: float = 0.15, most: int = 13) -> None:
        """`corrected`: before which editions each school that came by then may correct itself, and how `often`."""
        self._rng = rng = random.Random(seed)
        self.schools = []
        self.world: dict[str, int] = {}
        for n in range(rng.randrange(5, most + 1)):
            closed = rng.random() < 0.15
            one = PublicSchool(
                f"21320{n:05d}",
                rng.choice(PLACES["320000"][1]),
                rng.choice(STAGES),
                ROLL if closed else 2 * ROLL,
                closed,
                late := rng.random() < 0.25,
                tuple(n for n in corrected if n > 1 + late and rng.random() < often),
            )
            self.schools.append(one)
            for edition in (1, *one.corrected):
                self.world[one.version(edition)] = rng.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 7))
            if closed:
                self.world[f"closed {one.code}"] = rng.randrange(1, 6)

    def register(self) -> None:
        for one in self.schools:
            Unit.objects.create(
                code=one.code, kind="school", division_id=one.county, name=f"示例学校{one.code[-2:]}", stages=one.stage
            )
            Campus.objects.create(school_id=one.code, name="本部")
            for key in ("三3", "三4"):
                SchoolClass.objects.create(
                    school_id=one.code, school_year=2026, key=key, name=f"三({key[1]})班", stage=one.stage, roll=ROLL
                )
            if one.closed:
                self._close(one)

    def _close(self, one: PublicSchool) -> None:
        at = datetime(2026, 11, 19, 1, tzinfo=UTC)
        Closure.objects.create(
            school_id=one.code, campus="本部", division=one.county, scope="三4", start=at, kind="first", reason="D10",
            ill=self.world[f"closed {one.code}"], pupils=ROLL, resume_planned=DAY + timedelta(days=4), approved_at=at,
            approved_how="phone", approved_by="示例", from_settled=1, origin="2:8",
        )  # fmt: skip

    def report(self, edition: int) -> None:
        """What comes before an edition: first reports, those that are late, corrections."""
        settled = edition
        for one in (one for one in self.schools if edition in {1 + one.late, *one.corrected}):
            Report.objects.filter(school=one.code).delete()
            past = Absence.objects.filter(school=one.code)
            AbsencePast.objects.bulk_create(
                AbsencePast(**was, to_settled=settled, closed_by="2", why="changed")
                for was in past.values(*(field.name for field in Absence._meta.concrete_fields if field.name != "id"))
            )
            past.delete()
            pupils = [("三3", "ill")] * self.world[one.version(edition)]
            pupils += [("三4", "ill")] * self.world.get(f"closed {one.code}", 0)
            pupils += [("三3", "injured")] * self._rng.choice((0, 0, 0, 1))
            Report.objects.create(
                day=DAY, school=one.code, campus="本部", division=one.county, current_seq=settled, zero=not pupils,
                rows=len(pupils),
                first_seen=datetime(2026, 11, 20, 8 if one.late else 6, tzinfo=UTC),
                on_time=not one.late, covered=2, from_settled=settled,
            )  # fmt: skip
            Absence.objects.bulk_create(
                Absence(
                    day=DAY, school=one.code, campus="本部", division=one.county, pupil=f"{key}-{i:04d}",
                    class_key=key, sex="1", reason=reason, row_state="new", start=DAY, began=DAY,
                    part=self._rng.choice(("", "", "", "am")),
                    symptoms=self._rng.choice(("S01 S02", "S01", "S06", "S02")),
                    from_settled=settled, origin="1:8",
                )
                for i, (key, reason) in enumerate(pupils)
            )  # fmt: skip
        Counter.objects.update_or_create(name="settled", defaults={"value": settled})


def exported(kind: str, reader: str, column: str) -> dict[str, str]:
    """School → one column of an export, as its file would say it."""
    table = exports.export(kind, scope(reader, lookup.tree()), exports.DayRange(DAY, DAY))
    school, wanted = table.header.index("school"), table.header.index(column)
    return {str(row[school]): str(row[wanted]) for row in table.rows}


def printed(values: object, renderer: Renderer | None) -> str:
    """What a paper says: drawn, or as its page."""
    if renderer is None:
        return read(pages.page(letters.checked(values)))
    pdf = letters.compose("digest", values, renderer)[0].content
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages)


def attacked(
    site: Site, day: RandomDay, renderer: Renderer | None = None, clocks: Sequence[datetime] = (FIRST, SECOND)
) -> Attacker:
    """Let a day pass, with its editions, and read all there is above county after each."""
    found = Attacker(day.schools, PLACES)
    day.register()
    for edition, now in enumerate(clocks, 1):
        day.report(edition)
        for issued in editions.cut(site, editions.Order(DAY, now, final=edition > 1)):
            if issued.kind == "digest" and issued.place in ABOVE:
                found.digest(issued.place, edition, printed(issued.values, renderer))
        whole = exported("absence", "320000", "ill")
        found.export(whole, exported("reports", "320000", "rows"), edition)
        for reader in ABOVE[1:]:
            mine, ill = PLACES[reader][1], exported("absence", reader, "ill")
            assert ill == {code: n for code, n in whole.items() if found.schools[code].county in mine}
    return found


@each_on_one(3, 4, 5, 6, 7)
def test_nothing_that_is_left_out_can_be_computed(site: Site, seed: int) -> None:
    day = RandomDay(seed)
    found = attacked(site, day)
    assert not found.known.wrong(day.world), "the attacker reads what is true"
    assert found.hidden or all(n not in {1, 2} for n in day.world.values())
    assert found.solved() == {}


@each_on_one(8, 12, 14, 17)
def test_nor_few_where_schools_correct_themselves_between_editions(site: Site, seed: int) -> None:
    """What an edition left out stays out, also where it is needed no more: a larger count may be computed then."""
    day = RandomDay(seed, corrected=(2,))
    found = attacked(site, day)
    assert any(one.corrected for one in day.schools)
    assert not found.known.wrong(day.world), "the attacker reads what is true"
    assert not {name: n for name, n in found.solved().items() if n in {1, 2}}


@each_on_one(5, 9, 22)
def test_nor_few_from_many_editions_with_corrections_between_them(site: Site, seed: int) -> None:
    """The two of the day, and two more of the days after, each after corrections; exports after each."""
    day = RandomDay(seed, corrected=(2, 3, 4), often=0.3, most=7)
    after = [SECOND + timedelta(days=n) for n in (1, 4)]
    found = attacked(site, day, clocks=(FIRST, SECOND, *after))
    assert sum(len(one.corrected) for one in day.schools) > 1
    assert not found.known.wrong(day.world), "the attacker reads what is true"
    assert not {name: n for name, n in found.solved().items() if n in {1, 2}}


def test_days_together_say_no_more_than_each_alone(site: Site) -> None:
    """An export over days gives each school's day the words of that day's own, whatever the other day says of it."""
    day, monday = RandomDay(4), DAY + timedelta(days=3)
    attacked(site, day)
    for table in (Report, Absence):
        rows = list(table.objects.filter(day=DAY))
        for row in rows:
            row.pk, row.day = None, monday
        table.objects.bulk_create(rows)
    Absence.objects.filter(day=monday, school__endswith="1").delete()
    list(editions.cut(site, editions.Order(monday, SECOND + timedelta(days=3), final=True)))
    for reader in ABOVE:
        of = scope(reader, lookup.tree())
        alone = [
            row for when in (DAY, monday) for row in exports.export("absence", of, exports.DayRange(when, when)).rows
        ]
        assert sorted(exports.export("absence", of, exports.DayRange(DAY, monday)).rows) == sorted(alone)
        assert not {"1", "2", 1, 2} & {cell for row in alone for cell in row[3:]}


def test_nor_from_the_papers_as_they_are_drawn(site: Site) -> None:
    day = RandomDay(3)
    with Renderer(workers=0) as renderer:
        found = attacked(site, day, renderer)
    assert not found.known.wrong(day.world)
    read_there = {name.partition(" ")[0] for name in found.hidden}
    assert {"school", "total", "stage"} <= read_there, "what is drawn can be read"
    assert found.solved() == {}
