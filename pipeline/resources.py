"""Where the files the code carries with it lie, in a checkout and in an installed wheel.

A checkout keeps `templates/` beside the package, where people look for it; the wheel
carries the same folder inside, as `pipeline/_carried/templates/`; what belongs to a room
(`rules/rules.toml`) lies in the package itself in both.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (
    _PACKAGE / "_carried" / "templates",
    _PACKAGE.parent / "templates",
    _PACKAGE,
)


def path(name: str) -> Path:
    """Return the carried file or folder `name`, such as "reports/digest.html".

    Raises FileNotFoundError if nothing of that name is carried: the installation is broken.
    """
    for root in _ROOTS:
        found = root / name
        if found.exists():
            return found
    raise FileNotFoundError(f"not carried by this installation: {name}")
