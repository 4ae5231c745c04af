"""The system's programs that tools, benchmarks and tests run: where one is, or one sentence with the line to type."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

_POSTGRES = Path("/usr/lib/postgresql")
_OFFICE_PYTHON = Path("/usr/bin/python3")
_UNO = Path("/usr/lib/python3/dist-packages/uno.py")
_PACKAGES = {
    "dovecot": "dovecot-imapd",
    "git": "git",
    "initdb": "postgresql",
    "node": "nodejs",
    "pdftoppm": "poppler-utils",
    "pg_ctl": "postgresql",
    "runuser": "util-linux",
    "soffice": "libreoffice-calc",
    "ssconvert": "gnumeric",
    "uno": "python3-uno",
}


def program(name: str) -> str:
    """Return where a program is. Ends the run where it is not installed."""
    # Debian keeps PostgreSQL's own programs out of PATH, a folder for each version
    kept = max(_POSTGRES.glob(f"*/bin/{name}"), default=None)
    found = str(kept) if kept else shutil.which(name)
    if found is None:
        raise _missing(name)
    return found


def convert(files: Iterable[Path], kind: str, folder: Path) -> None:
    """Have LibreOffice save files as another kind, into a folder, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        command = [program("soffice"), f"-env:UserInstallation={Path(profile).as_uri()}", "--headless"]
        command += ["--convert-to", kind, "--outdir", str(folder), *map(str, files)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)


def office_python() -> str:
    """Return the Python that has LibreOffice's `uno`. Ends the run where either is not installed."""
    program("soffice")
    if not _UNO.exists():
        raise _missing("uno")
    return str(_OFFICE_PYTHON)


def _missing(name: str) -> SystemExit:
    line = f"sudo apt-get install --no-install-recommends {_PACKAGES[name]}"
    return SystemExit(f"{name} is not installed; run `tools/setup.sh test`, or `{line}`")
