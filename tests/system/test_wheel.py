"""The wheel, in an empty environment outside the repo, serves a site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installed(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the built wheel and what run.txt pins, nothing of the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place], cwd=repo)
    (wheel,) = place.glob("*.whl")
    uv, environment = repo / "tools" / "uv.sh", place / "environment"
    run([uv, "venv", "--quiet", "--python", sys.executable, environment], cwd=place)
    into = ["--quiet", "--python", environment]
    run([uv, "pip", "sync", *into, "--require-hashes", repo / "requirements" / "run.txt"], cwd=place)
    run([uv, "pip", "install", *into, "--no-deps", "--offline", wheel], cwd=place)
    run([uv, "pip", "check", "--quiet", "--python", environment], cwd=place)
    return environment / "bin"


def run(command: list[str | Path], *, cwd: Path) -> str:
    """Run to success outside the checkout's environment; its standard output."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "QUEKE"))
    }
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_carries_its_pages_and_fonts(installed: Path, tmp_path: Path) -> None:
    code = "from pipeline import resources; print(resources.path('reports/fonts/NotoSansSC-Regular.ttf'))"
    found = run([installed / "python", "-c", code], cwd=tmp_path)
    assert "_carried" in found
    assert str(installed.parent) in found
