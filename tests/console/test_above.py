"""City and province: what lies below them by its tile, who reports in time; nothing of one school's pupils."""

from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests.console_site import ConsoleSite
from tests.sites import pupil

SCHOOL, COUNTY, CITY = "2132010001", "320106", "320100"


def put_in(served: ConsoleSite, who: str, ill: int) -> None:
    clerk = served.client(who)
    blank = Template(clerk.get("/school/template/absence").body)
    book = fill(blank, form("absence"), {"reporter": "示例甲"}, {"rows": [pupil(n) for n in range(ill)]})
    page = clerk.outcome(clerk.upload("/school/upload", {"日报.xlsx": book}, on="/school"))
    assert f"收下 {ill} 行" in page.text


def test_above_county_a_tile_leads_down_and_no_page_tells_of_one_school(served: ConsoleSite) -> None:
    city, province = served.verified("shi"), served.verified("sheng")
    before = city.get("/office").text
    put_in(served, "xuexiao", 2)
    after = city.get("/office").text
    assert f'href="/office/places/{COUNTY}"' in after
    assert f'href="/office/places/{CITY}"' in province.get("/office").text
    for page in (after, city.get(f"/office/places/{COUNTY}").text, province.get(f"/office/places/{COUNTY}").text):
        assert "三(3)班" not in page
        assert "人数" in page
    numbers = [page.partition("因病缺课率")[2].partition("在办预警")[0] for page in (before, after)]
    assert numbers[0] == numbers[1], "who looks again and subtracts finds nobody"
    assert "示例第二小学" in city.get(f"/office/places/{COUNTY}").text, "which is silent"
    part = city.get(f"/office/places/{COUNTY}", **{"X-Part": "1"}).text
    assert part.lstrip().startswith("<h1>")
    for place in ("320200", "320205", CITY, "", "x"):
        assert city.get(f"/office/places/{place}").status == 404, place
    assert served.client("xian").get(f"/office/places/{COUNTY}").status == 404


def test_who_reports_in_time_comes_first(served: ConsoleSite) -> None:
    city = served.verified("shi")
    served.client("xian").get("/office")
    page = city.get("/office/ranking?from=2026-11-16&to=2026-11-20").text
    assert "鼓楼区" in page
    assert city.get("/office/ranking?from=x&to=y").status == 200
    assert served.client("xian").get("/office/ranking").status == 404
    assert city.get("/office/closed").status == 200
