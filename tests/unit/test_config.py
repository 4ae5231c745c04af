"""The settings of a site: one file, one value, every problem at once."""

from __future__ import annotations

import dataclasses
import itertools
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import ConfigError
from pipeline.model import Policy


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QUEKE_SITE", "QUEKE_NOW", "QUEKE_DATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    config.write(tmp_path)
    return tmp_path


def problems(root: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.load(root)
    return caught.value.problems


def rewrite(root: Path, old: str, new: str) -> None:
    path = root / config.FILE
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_new_site_loads_with_the_defaults_of_the_core(site: Path) -> None:
    loaded = config.load(site)
    assert loaded.policy == Policy()
    assert loaded.root == site.resolve()
    assert len(loaded.key) == config.KEY_BYTES


def test_every_value_of_the_policy_can_be_set_in_the_file(site: Path) -> None:
    text = (site / config.FILE).read_text("utf-8")
    for field in dataclasses.fields(Policy):
        assert f"\n{field.name} = " in text


def test_every_key_is_written_below_a_comment_in_both_languages() -> None:
    lines = config.text().splitlines()
    for above, line in itertools.pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert above.startswith("# ")
            assert " · " in above


def test_the_secret_is_readable_by_its_owner_only_and_never_written_over(site: Path) -> None:
    before = (site / "queke.key").read_bytes()
    assert stat.S_IMODE((site / "queke.key").stat().st_mode) == 0o600
    assert config.write(site) == []
    assert (site / "queke.key").read_bytes() == before


def test_a_folder_without_a_file_says_how_to_make_a_site(tmp_path: Path) -> None:
    assert "queke init" in problems(tmp_path)[0]


def test_all_problems_are_reported_together(site: Path) -> None:
    rewrite(site, 'deadline = "15:00"', 'deadline = "3 pm"\nlunch = "12:00"')
    rewrite(site, "batch = 500", "batch = 0")
    rewrite(site, 'database = "sqlite', 'databse = "x"\ndatabase = "mysql')
    (site / "queke.key").unlink()
    said = "\n".join(problems(site))
    for part in ("times.deadline", "times.lunch: unknown key", "intake.batch", "databse", "sqlite:///", "queke.key"):
        assert part in said


def test_a_file_that_is_no_toml_is_named(site: Path) -> None:
    (site / config.FILE).write_text("deadline = = 3", "utf-8")
    assert problems(site)[0].startswith("queke.toml: cannot be read")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://host/queke", "begin it with"),
        ("postgresql://host:99999/queke", "Port out of range"),
        ("postgresql://host", "name the database too"),
    ],
)
def test_an_address_that_is_none_is_told_before_anything_is_made(tmp_path: Path, address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.write(tmp_path / "new", address)
    assert not (tmp_path / "new").exists()
    config.write(tmp_path)
    rewrite(tmp_path, "sqlite:///queke.sqlite3", address)
    assert [said in problem for problem in problems(tmp_path)] == [True]


def test_a_site_that_stands_does_not_change_its_store_unasked(site: Path) -> None:
    config.write(site, "sqlite:///queke.sqlite3")
    with pytest.raises(ConfigError, match="names another"):
        config.write(site, "postgresql://host/queke")


def test_times_out_of_order_are_refused(site: Path) -> None:
    rewrite(site, 'first_edition = "15:10"', 'first_edition = "14:00"')
    assert "order" in problems(site)[0]


def test_a_variable_overrides_the_file(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEKE_TIMES__DEADLINE", "14:00")
    monkeypatch.setenv("QUEKE_DATABASE", "postgresql://queke@localhost/queke")
    loaded = config.load(site)
    assert loaded.policy.deadline == "14:00"
    assert loaded.policy.first_edition == "15:10"
    assert loaded.database.startswith("postgresql://")


def test_the_variables_of_the_documented_unit_are_known(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit whose program refuses its environment is started for ever and takes nothing in."""
    for unit in (Path(__file__).parents[2] / "docs" / "systemd").glob("*.service"):
        for line in (line for line in unit.read_text("utf-8").splitlines() if line.startswith("Environment=")):
            for name, _, value in (one.partition("=") for one in line.removeprefix("Environment=").split()):
                monkeypatch.setenv(name, value)
    assert config.load(site).root == site.resolve()


def test_a_misspelt_variable_is_refused(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEKE_DATABSE", "sqlite:///x")
    assert "QUEKE_DATABSE: unknown variable" in problems(site)[0]


def test_a_secret_that_others_may_read_is_refused(site: Path) -> None:
    (site / "queke.key").chmod(0o644)
    assert "chmod 600" in problems(site)[0]


def test_a_secret_cut_short_is_refused(site: Path) -> None:
    (site / "queke.key").write_text("abc\n", "ascii")
    assert "64 hexadecimal digits" in problems(site)[0]


def test_the_clock_of_a_demo_begins_when_it_is_told() -> None:
    now = config.clock({"QUEKE_NOW": "2026-11-20T14:30"})()
    assert now.isoformat().startswith("2026-11-20T14:30:0")
    assert now.utcoffset() == timedelta(hours=8)


def test_a_clock_told_nonsense_says_so() -> None:
    with pytest.raises(ConfigError, match="QUEKE_NOW"):
        config.clock({"QUEKE_NOW": "tea time"})


def test_a_sites_own_words_are_part_of_it(site: Path) -> None:
    assert config.load(site).words == {}
    (site / config.WORDS).write_text('[words]\n"疰夏热" = "S01"\n"闹别扭" = ""\n', "utf-8")
    assert config.load(site).words == {"疰夏热": "S01", "闹别扭": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[words]\n"流感" = "S01"\n"打摆" = "S98"\n[more]\n', ["more", "流感", "打摆"]),
        ("[words\n", ["Expected"]),
        ("words = 3\n", ["words"]),
    ],
)
def test_every_problem_of_a_sites_words_is_reported(site: Path, text: str, said: list[str]) -> None:
    (site / config.WORDS).write_text(text, "utf-8")
    found = problems(site)
    assert len(found) == len(said)
    assert all(f"{config.WORDS}: {word}" in problem for word, problem in zip(said, found, strict=True))
