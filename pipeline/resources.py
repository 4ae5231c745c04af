"""Where the files that belong to the code are, in a checkout and in an installed wheel.

A checkout keeps `templates/` beside the package, where people look for it; the wheel has the same folder inside, as
`pipeline/_carried/templates/`. Files of one room (`rules/rules.toml`) are in the package itself in both.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (
    _PACKAGE / "_carried" / "templates",
    _PACKAGE.parent / "templates",
    _PACKAGE,
)


def path(name: str) -> Path:
    """Return the path of the packaged file or folder `name`, such as "reports/digest.html".

    Raises FileNotFoundError if there is none: the installation is broken.
    """
    for root in _ROOTS:
        found = root / name
        if found.exists():
            return found
    raise FileNotFoundError(f"not carried by this installation: {name}")
