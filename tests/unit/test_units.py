"""Claims about codes, tokens and who may see what."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import units
from pipeline.model import Level
from pipeline.short_ids import ALPHABET
from pipeline.units import DivisionNode, Scope, Tree

KEY = b"a key for tests, thirty-two long"
OTHER_KEY = b"another key, as long as the first"
SCHOOL = "2132000001"

TREE = Tree(
    {
        "320000": DivisionNode("320000", "province"),
        "320100": DivisionNode("320100", "city", "320000"),
        "320300": DivisionNode("320300", "city", "320000"),
        "320106": DivisionNode("320106", "county", "320100"),
        "320302": DivisionNode("320302", "county", "320300"),
        "320371": DivisionNode("320371", "function_zone", "320300"),
    },
    {SCHOOL: "320106", "2132000002": "320302", "2132000003": "320371", "320106CDC": "320106"},
    frozenset({"320106CDC"}),
)


def code(**changed: str) -> str:
    asked = {"school": SCHOOL, "class_key": "三2", "name": "张小三", "number": ""} | changed
    return units.pupil_code(KEY, **asked)


@given(st.binary(max_size=100), st.text(max_size=80))
def test_codes_are_keyed_by_hmac(key: bytes, text: str) -> None:
    message = f"{len(text)}:{text}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(key, message, "sha256"), "big")
    signs = ""
    for _ in range(10):
        number, index = divmod(number, len(ALPHABET))
        signs += ALPHABET[index]
    assert units.keyed_code(key, [text], 10) == signs


def test_a_pupil_code_names_the_class_and_nothing_of_the_pupil() -> None:
    class_key, _, signs = code().partition("-")
    assert class_key == "三2"
    assert len(signs) == 10
    assert not set(signs) & set("01OIL")


def test_a_short_code_keeps_class_and_four_signs() -> None:
    assert units.short_code("三2-A7K3QX9M2T") == "三2-A7K3"


def test_the_same_pupil_has_the_same_code_however_the_name_is_spaced() -> None:
    assert code(name="张 小三") == code(name="张小三") == code(name="张小三\u3000")


@pytest.mark.parametrize(
    "changed",
    [{"school": "2132000002"}, {"class_key": "三3"}, {"name": "张小四"}, {"number": "7"}, {"campus": "东校区"}],
)
def test_another_pupil_has_another_code(changed: dict[str, str]) -> None:
    assert code(**changed)[-10:] != code()[-10:]


def test_a_code_cannot_be_made_without_the_key() -> None:
    assert units.pupil_code(OTHER_KEY, SCHOOL, "三2", "张小三") != code()


def test_no_two_lists_of_parts_are_the_same_message() -> None:
    assert code(name="张小三1", number="") != code(name="张小三", number="1")


def test_a_token_holds_for_its_school_form_and_serial_only() -> None:
    token = units.token(KEY, SCHOOL, "absence", "2026-1", 1)
    assert units.token_ok(KEY, token, SCHOOL, "absence", 1)
    assert not units.token_ok(KEY, token, "2132000002", "absence", 1)
    assert not units.token_ok(KEY, token, SCHOOL, "closure", 1)
    assert not units.token_ok(KEY, token, SCHOOL, "absence", 2)
    assert not units.token_ok(OTHER_KEY, token, SCHOOL, "absence", 1)


def test_a_token_tells_its_term_and_cannot_be_moved_to_another() -> None:
    token = units.token(KEY, SCHOOL, "absence", "2026-1", 1)
    assert units.token_term(token) == "2026-1"
    assert not units.token_ok(KEY, token.replace("2026-1", "2026-2"), SCHOOL, "absence", 1)


@given(st.text(max_size=40))
def test_whatever_is_typed_as_token_is_refused_quietly(text: str) -> None:
    assert not units.token_ok(KEY, text, SCHOOL, "absence", 1)


@pytest.mark.parametrize(
    ("reader", "level"),
    [
        ("320000", Level.PROVINCE),
        ("320300", Level.CITY),
        ("320302", Level.COUNTY),
        ("320371", Level.COUNTY),
        ("320106CDC", Level.COUNTY),
        (SCHOOL, Level.SCHOOL),
    ],
)
def test_a_reader_reads_at_the_level_of_its_code(reader: str, level: Level) -> None:
    assert units.level(reader, TREE) is level


def test_nobody_unknown_has_a_scope() -> None:
    with pytest.raises(KeyError):
        units.scope("999999", TREE)


def test_names_stand_only_in_a_schools_own_papers() -> None:
    sees = {reader: units.scope(reader, TREE).names for reader in ("320000", "320100", "320106", SCHOOL)}
    assert sees == {"320000": False, "320100": False, "320106": False, SCHOOL: True}


def test_classes_and_codes_stand_for_county_and_school_only() -> None:
    for reader, may in {"320000": False, "320100": False, "320106": True, SCHOOL: True}.items():
        scope = units.scope(reader, TREE)
        assert (scope.classes, scope.codes, scope.class_name("三(2)班") != "") == (may, may, may)


def test_a_pupil_is_called_by_name_by_code_or_not_at_all() -> None:
    called = [units.scope(reader, TREE).pupil("三2-A7K3QX9M2T", "张小三") for reader in (SCHOOL, "320106", "320100")]
    assert called == ["张小三（三2-A7K3）", "三2-A7K3", ""]


@pytest.mark.parametrize(("pupils", "shown"), [(0, "0"), (1, "<3"), (2, "<3"), (3, "3"), (12, "12")])
def test_above_the_county_small_counts_of_a_school_are_masked(pupils: int, shown: str) -> None:
    assert units.scope("320100", TREE).count(pupils) == shown
    assert units.scope("320000", TREE).count(pupils) == shown
    assert units.scope("320106", TREE).count(pupils) == str(pupils)


def test_the_office_sets_what_is_small() -> None:
    assert units.scope("320100", TREE, small=5).count(4) == "<5"


def test_a_rate_does_not_give_a_masked_count_away() -> None:
    city, county = units.scope("320100", TREE), units.scope("320106", TREE)
    assert (city.rate(2, 50), county.rate(2, 50), city.rate(5, 50)) == ("—", "4.00%", "10.00%")
    assert county.rate(0, 0) == county.rate(0, None) == "—"


def test_a_scope_covers_its_own_tree_and_nothing_beside_it() -> None:
    city = units.scope("320300", TREE)
    assert city.covers("2132000002", "320302")
    assert city.covers("2132000003", "320371")
    assert not city.covers(SCHOOL, "320106")


def test_a_school_covers_itself_alone() -> None:
    school = units.scope(SCHOOL, TREE)
    assert school.covers(SCHOOL, "320106")
    assert not school.covers("2132000009", "320106")


def test_an_empty_scope_covers_nothing() -> None:
    assert not Scope(Level.COUNTY, "320106").covers(SCHOOL, "320106")


def test_a_chain_goes_up_narrowest_first() -> None:
    assert TREE.chain(SCHOOL) == (SCHOOL, "320106", "320100", "320000")
