"""A program that is not installed is one sentence with the line to type."""

import sys
from pathlib import Path

import pytest

from benchmarks import bench, workbooks
from tools import guards, guides, programs


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the programs that we run."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_POSTGRES", tmp_path)
    monkeypatch.setattr(programs, "_UNO", tmp_path / "uno.py")
    return tmp_path


@pytest.mark.parametrize("name", ["git", "initdb", "node", "pdftoppm", "pg_ctl", "runuser", "soffice", "ssconvert"])
def test_a_missing_program_is_a_sentence_with_the_line_to_type(bare: Path, name: str) -> None:
    with pytest.raises(SystemExit, match=f"^{name} is not installed; run `tools/setup.sh test`, or `sudo apt-get"):
        programs.program(name)


def test_a_program_is_found_where_it_is(bare: Path) -> None:
    own = bare / "16" / "bin" / "initdb"
    own.parent.mkdir(parents=True)
    own.touch()
    (bare / "soffice").touch(mode=0o755)
    assert programs.program("initdb") == str(own)
    assert programs.program("soffice") == str(bare / "soffice")
    with pytest.raises(SystemExit, match=r"uno is not installed.*python3-uno"):
        programs.office_python()


def test_nothing_that_runs_a_program_ends_in_a_trace(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="soffice is not installed"):
        workbooks.by_libreoffice([bare / "in.xlsx"], bare)
    with pytest.raises(SystemExit, match="git is not installed"):
        guards.main([str(bare)])
    with pytest.raises(SystemExit, match="soffice is not installed"):
        guides._picture(Path(__file__), bare, bare / "x.png")
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--files", "2", "--folder", str(bare)])
    with pytest.raises(SystemExit, match="soffice is not installed"):
        bench.main()
    assert capsys.readouterr().out == ""
